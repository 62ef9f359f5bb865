/** tus 1.0, spoken byte by byte: https://tus.io/protocols/resumable-upload */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, statfs, utimes } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer, type TestServerOptions } from './fixtures/server.ts';

let server: TestServer;
let origin: string;

async function start(options: TestServerOptions = {}): Promise<void> {
  server = await startServer(options);
  origin = await server.listen();
}
afterEach(() => server.close());

const TUS = { 'tus-resumable': '1.0.0' };
const MiB = 1024 * 1024;
const base64 = (text: string) => Buffer.from(text).toString('base64');

const call = (method: string, url: string, headers: Record<string, string> = {}, body?: Buffer) =>
  fetch(new URL(url, origin), {
    method,
    headers: { ...TUS, ...headers },
    ...(body && { body: new Uint8Array(body) }),
  });

async function create(size: number, name = 'film.bin', more: Record<string, string> = {}): Promise<string> {
  const answer = await call('POST', '/api/uploads', {
    'upload-length': String(size),
    'upload-metadata': `filename ${base64(name)}`,
    ...more,
  });
  expect(answer.status).toBe(201);
  return answer.headers.get('location') ?? '';
}

const patch = (url: string, offset: number, body: Buffer, more: Record<string, string> = {}) =>
  call(
    'PATCH',
    url,
    { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...more },
    body,
  );

const head = async (url: string) => {
  const answer = await call('HEAD', url);
  return {
    status: answer.status,
    offset: Number(answer.headers.get('upload-offset')),
    headers: answer.headers,
  };
};

/** Sends only the first bytes of what it announces, and then hangs up. */
async function cutOff(url: string, offset: number, content: Buffer, sent: number): Promise<void> {
  const request = httpRequest(new URL(url, origin), {
    method: 'PATCH',
    headers: {
      ...TUS,
      'upload-offset': String(offset),
      'content-type': 'application/offset+octet-stream',
      'content-length': String(content.length),
    },
  });
  request.on('error', () => {});
  await new Promise<void>((resolve) => request.write(content.subarray(0, sent), () => resolve()));
  await expect.poll(async () => (await stored(url)).length, { timeout: 10_000 }).toBe(offset + sent);
  request.destroy();
}

const stored = (url: string) =>
  readFile(join(server.root, 'input', '.uploads', url.split('/').at(-1) ?? '')).catch(() => Buffer.alloc(0));

describe('25 an upload cut at half', () => {
  test('goes on at the right offset, and becomes the same file', async () => {
    await start();
    const content = randomBytes(3 * MiB);
    const url = await create(content.length, 'Größe 日本.bin');
    await cutOff(url, 0, content, 1.5 * MiB);
    const { offset } = await head(url);
    expect(offset).toBe(1.5 * MiB);

    const rest = await patch(url, offset, content.subarray(offset));
    expect(rest.status).toBe(204);
    expect(rest.headers.get('upload-offset')).toBe(String(content.length));
    const fileId = rest.headers.get('upload-file-id') ?? '';
    const file = await (await fetch(new URL(`${url}/file`, origin))).json();
    expect(file).toMatchObject({
      file_id: fileId,
      path: `/data/input/${fileId}.bin`,
      size_bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      original_name: 'Größe 日本.bin',
    });
    expect(content.equals(await readFile(join(server.root, 'input', `${fileId}.bin`)))).toBe(true);
    // Only what it became is remembered.
    const left = (await server.files('input')).filter((name) => name.startsWith('.uploads/'));
    expect(left).toEqual([expect.stringMatching(/\.done$/)]);
    expect((await head(url)).headers.get('upload-file-id')).toBe(fileId);
  });

  test('goes on in another process', async () => {
    await start();
    const content = randomBytes(MiB);
    const url = await create(content.length);
    await patch(url, 0, content.subarray(0, 400_000));
    await server.app.close();
    const again = await startServer({ root: server.root });
    const first = server;
    server = again;
    origin = await again.listen();
    expect((await head(url)).offset).toBe(400_000);
    const rest = await patch(url, 400_000, content.subarray(400_000));
    expect(rest.headers.get('upload-file-id')).toMatch(/^[0-9a-f-]{36}$/);
    await first.close();
  });

  test('is refused at a wrong offset', async () => {
    await start();
    const url = await create(100);
    await patch(url, 0, randomBytes(40));
    expect((await patch(url, 50, randomBytes(50))).status).toBe(409);
    expect((await head(url)).offset).toBe(40);
    const early = await fetch(new URL(`${url}/file`, origin));
    expect(early.status).toBe(409);
    expect(await early.json()).toMatchObject({ code: 'upload_incomplete', offset: 40, size_bytes: 100 });
  });
});

test('the first bytes may come with the creation, and an empty file needs no more', async () => {
  await start();
  const content = Buffer.from('hello');
  const answer = await call(
    'POST',
    '/api/uploads',
    { 'upload-length': '5', 'content-type': 'application/offset+octet-stream' },
    content,
  );
  expect(answer.status).toBe(201);
  expect(answer.headers.get('upload-offset')).toBe('5');
  const fileId = answer.headers.get('upload-file-id');
  expect(await readFile(join(server.root, 'input', `${fileId}.txt`), 'utf8')).toBe('hello');
  const empty = await create(0);
  expect(await (await fetch(new URL(`${empty}/file`, origin))).json()).toMatchObject({ size_bytes: 0 });
});

test('the length may be told later', async () => {
  await start();
  const answer = await call('POST', '/api/uploads', { 'upload-defer-length': '1' });
  const url = answer.headers.get('location') ?? '';
  await patch(url, 0, Buffer.from('ab'));
  const last = await patch(url, 2, Buffer.from('cd'), { 'upload-length': '4' });
  expect(last.headers.get('upload-file-id')).toBeTruthy();
});

test('what is ended is gone, and an unknown one was never there', async () => {
  await start();
  const url = await create(100);
  await patch(url, 0, randomBytes(10));
  expect((await call('DELETE', url)).status).toBe(204);
  expect((await head(url)).status).toBe(404);
  expect(await server.files('input')).toEqual([]);
  const strange = await fetch(new URL('/api/uploads/not-an-id', origin), { method: 'HEAD', headers: TUS });
  expect(strange.status).toBe(400);
});

describe('23 over the limit', () => {
  test('a larger file is refused when it is announced', async () => {
    await start({ server: { max_upload_bytes: 1000 } });
    const answer = await call('POST', '/api/uploads', { 'upload-length': '1001' });
    expect(answer.status).toBe(413);
    expect(await server.files('input')).toEqual([]);
  });

  test('and when it lies', async () => {
    await start({ server: { max_upload_bytes: MiB } });
    const url = await create(1000);
    const answer = await patch(url, 0, randomBytes(5000));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect((await stored(url)).length).toBeLessThanOrEqual(1000);
  });
});

test('a disk without room for it is said at once', async () => {
  const tebibyte = 2 ** 40;
  await start({ server: { max_upload_bytes: tebibyte } });
  const { bavail, bsize } = await statfs(server.root);
  const answer = await call('POST', '/api/uploads', { 'upload-length': String(tebibyte) });
  // There may be machines with such disks.
  expect(answer.status).toBe(bavail * bsize < tebibyte ? 507 : 201);
});

test('one that nobody went on with is forgotten', async () => {
  await start({ server: { upload_expiry_hours: 1 } });
  const url = await create(100);
  await patch(url, 0, randomBytes(10));
  const { headers } = await head(url);
  expect(Date.parse(headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now() + 55 * 60_000);
  const id = url.split('/').at(-1) ?? '';
  const longAgo = new Date(Date.now() - 2 * 3600_000);
  for (const name of [id, `${id}.json`])
    await utimes(join(server.root, 'input', '.uploads', name), longAgo, longAgo);
  expect((await head(url)).status).toBe(404);
  expect(await server.files('input')).toEqual([]);
});

test('39 pages of other sites get nowhere', async () => {
  await start();
  const foreign = await call('POST', '/api/uploads', {
    'upload-length': '10',
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
  });
  expect(foreign.status).toBe(403);
  const options = await call('OPTIONS', '/api/uploads');
  expect(options.status).toBeLessThan(300);
  expect(options.headers.get('tus-extension')).toContain('creation-with-upload');
  expect([...options.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('22 a hostile name is only a name', async () => {
  await start();
  const url = await create(4, '../../<img src=x onerror=alert(1)>\u202e\u0000.exe');
  const answer = await patch(url, 0, Buffer.from('text'));
  const fileId = answer.headers.get('upload-file-id');
  const file = await (await fetch(new URL(`${url}/file`, origin))).json();
  expect(file).toMatchObject({
    filename: `${fileId}.txt`,
    original_name: '<img src=x onerror=alert(1)>.exe',
  });
});
