import { symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;
const CONTENT = '0123456789'.repeat(10);

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const get = (url: string, headers = {}, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url, headers });

async function output(
  path: string,
  content: Parameters<TestServer['finished']>[1] = CONTENT,
): Promise<string> {
  return `/api/jobs/${(await server.finished(path, content)).id}/output`;
}

describe('one file', () => {
  let url: string;
  let etag: string;
  beforeAll(async () => {
    url = await output('/data/output/clip.mp4');
    etag = String((await get(url)).headers.etag);
  });

  test('comes whole, with what a player needs', async () => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe(CONTENT);
    expect(answer.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '100',
      'accept-ranges': 'bytes',
      'content-disposition': 'inline; filename="clip.mp4"',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[0-9a-f]+-[0-9a-f]+"$/),
      'last-modified': expect.stringMatching(/GMT$/),
      'content-security-policy': expect.stringContaining('sandbox'),
    });
    expect((await get(`${url}/clip.mp4`)).body).toBe(CONTENT);
    expect((await get(`${url}/other.mp4`)).json()).toMatchObject({ status: 404, code: 'output_not_found' });
  });

  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/100'],
    ['bytes=0-9', '0123456789', 'bytes 0-9/100'],
    ['bytes=45-54', '5678901234', 'bytes 45-54/100'],
    ['bytes=95-', '56789', 'bytes 95-99/100'],
    ['bytes=-3', '789', 'bytes 97-99/100'],
    ['bytes=-1000', CONTENT, 'bytes 0-99/100'],
    ['bytes=90-1000', CONTENT.slice(90), 'bytes 90-99/100'],
    ['Bytes = 0-1'.replace(' = ', '='), '01', 'bytes 0-1/100'],
  ])('%s is a part', async (range, body, contentRange) => {
    const answer = await get(url, { range });
    expect(answer.statusCode).toBe(206);
    expect(answer.body).toBe(body);
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(body.length),
    });
  });

  test.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('%s lies outside', async (range) => {
    const answer = await get(url, { range });
    expect(answer.json()).toMatchObject({ status: 416, code: 'range_not_satisfiable', size_bytes: 100 });
    expect(answer.headers['content-range']).toBe('bytes */100');
    expect(answer.headers['content-type']).toMatch(/problem\+json/);
  });

  test.each(['bytes=9-5', 'bytes=a-b', 'bytes=-', 'items=0-1', 'bytes=0-1,5-6', 'bytes=1e1-'])(
    '%s is ignored',
    async (range) => {
      const answer = await get(url, { range });
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toBe(CONTENT);
    },
  );

  test('HEAD has the headers and no body', async () => {
    const whole = await get(url, {}, 'HEAD');
    expect(whole.statusCode).toBe(200);
    expect(whole.headers).toMatchObject({ 'content-length': '100', 'content-type': 'video/mp4', etag });
    expect(whole.body).toBe('');
    const part = await get(url, { range: 'bytes=5-9' }, 'HEAD');
    expect(part.statusCode).toBe(206);
    expect(part.headers['content-length']).toBe('5');
  });

  test('If-Range: a part only of the same file', async () => {
    const range = 'bytes=1-2';
    const modified = String((await get(url)).headers['last-modified']);
    const statusOf = async (condition: string) =>
      (await get(url, { range, 'if-range': condition })).statusCode;
    expect(await statusOf(etag)).toBe(206);
    expect(await statusOf(modified)).toBe(206);
    expect(await statusOf('"other"')).toBe(200);
    expect(await statusOf(`W/${etag}`)).toBe(200);
    expect(await statusOf('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200);
  });

  test('an unchanged file is not sent again', async () => {
    const modified = String((await get(url)).headers['last-modified']);
    const statusOf = async (headers: object) => (await get(url, headers)).statusCode;
    expect(await statusOf({ 'if-none-match': etag })).toBe(304);
    expect(await statusOf({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await statusOf({ 'if-none-match': '*' })).toBe(304);
    expect(await statusOf({ 'if-none-match': '"x"' })).toBe(200);
    expect(await statusOf({ 'if-modified-since': modified })).toBe(304);
    expect(await statusOf({ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).toBe(200);
    expect((await get(url, { 'if-none-match': etag })).body).toBe('');
  });

  test('an empty file has no ranges', async () => {
    const empty = await output('/data/output/empty.mp4', '');
    expect((await get(empty)).headers['content-length']).toBe('0');
    expect((await get(empty, { range: 'bytes=0-' })).statusCode).toBe(416);
    expect((await get(empty, { range: 'bytes=-5' })).statusCode).toBe(416);
  });
});

describe('38 what a browser may show in place', () => {
  test.each([
    ['a.mp4', 'video/mp4', true],
    ['a.webm', 'video/webm', true],
    ['a.mkv', 'video/matroska', true],
    ['a.mp3', 'audio/mpeg', true],
    ['a.flac', 'audio/flac', true],
    ['a.jpg', 'image/jpeg', true],
    ['a.webp', 'image/webp', true],
    ['a.gif', 'image/gif', true],
    ['a.svg', 'image/svg+xml', false],
    ['a.html', 'text/html', false],
    ['a.xhtml', 'application/xhtml+xml', false],
    ['a.xml', 'application/xml', false],
    ['a.pdf', 'application/pdf', false],
    ['a.js', 'text/javascript', false],
    ['a.json', 'application/json; charset=utf-8', false],
    ['a.vtt', 'text/vtt; charset=utf-8', false],
    ['a.txt', 'text/plain; charset=utf-8', false],
    ['a.unknown-thing', 'application/octet-stream', false],
    ['no-extension', 'application/octet-stream', false],
  ])('%s', async (name, type, inline) => {
    const { headers } = await get(await output(`/data/output/${name}`));
    expect(headers['content-type']).toBe(type);
    expect(headers['content-disposition']).toBe(`${inline ? 'inline' : 'attachment'}; filename="${name}"`);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('a download is a download', async () => {
    const url = await output('/data/output/b.mp4');
    expect((await get(`${url}?download=1`)).headers['content-disposition']).toBe(
      'attachment; filename="b.mp4"',
    );
    expect((await get(`${url}?download=0`)).headers['content-disposition']).toBe('inline; filename="b.mp4"');
    expect((await get(`${url}?downlaod=1`)).json()).toMatchObject({ code: 'invalid_request' });
  });

  test.each([
    [
      'Ólafur – ندوة.mp4',
      '_lafur _ ____.mp4',
      "UTF-8''%C3%93lafur%20%E2%80%93%20%D9%86%D8%AF%D9%88%D8%A9.mp4",
    ],
    ['a"b;c.mp4', 'a_b;c.mp4', "UTF-8''a%22b%3Bc.mp4"],
    ["it's (1)*.mp4", "it's (1)*.mp4", null],
    ['100%.mp4', '100_.mp4', "UTF-8''100%25.mp4"],
    ['<img src=x onerror=alert(1)>.mp4', '<img src=x onerror=alert(1)>.mp4', null],
    ['💥.mp4', '__.mp4', "UTF-8''%F0%9F%92%A5.mp4"],
  ])('the name %j is written so that no header breaks', async (name, plain, encoded) => {
    const { headers, statusCode } = await get(await output(`/data/output/${name}`));
    expect(statusCode).toBe(200);
    expect(headers['content-disposition']).toBe(
      `inline; filename="${plain}"${encoded === null ? '' : `; filename*=${encoded}`}`,
    );
  });
});

describe('a folder', () => {
  let url: string;
  beforeAll(async () => {
    url = await output('/data/output/frames', {
      '0001.jpg': 'one',
      'index.json': '{}',
      'sub/ö #?.txt': 'deep',
    });
  });

  test('lists its files, each with its address', async () => {
    const { outputs, output_path } = (await get(url)).json();
    expect(output_path).toBe('/data/output/frames');
    expect(outputs).toEqual([
      { name: '0001.jpg', size_bytes: 3, media_type: 'image/jpeg', url: `${url}/0001.jpg` },
      {
        name: 'index.json',
        size_bytes: 2,
        media_type: 'application/json; charset=utf-8',
        url: `${url}/index.json`,
      },
      {
        name: 'sub/ö #?.txt',
        size_bytes: 4,
        media_type: 'text/plain; charset=utf-8',
        url: `${url}/sub/%C3%B6%20%23%3F.txt`,
      },
    ]);
    for (const file of outputs) expect((await get(file.url)).statusCode).toBe(200);
    expect((await get(`${url}/sub/%C3%B6%20%23%3F.txt`)).body).toBe('deep');
    expect((await get(`${url}/0001.jpg`, { range: 'bytes=1-1' })).body).toBe('n');
  });

  test.each([
    'none.jpg',
    'sub',
    '..%2fclip.mp4',
    '%2e%2e/clip.mp4',
    '..%5cclip.mp4',
    '%252e%252e/clip.mp4',
    '....//clip.mp4',
    '%00',
    'a%00.jpg',
    '.hidden',
    'link.jpg',
    'out.jpg',
    '%2fetc%2fpasswd',
    'a'.repeat(300),
    '',
  ])('21 %j gives nothing', async (name) => {
    await writeFile(join(server.root, 'output/frames/.hidden'), 'x').catch(() => {});
    await symlink('/etc/passwd', join(server.root, 'output/frames/link.jpg')).catch(() => {});
    await symlink('../clip.mp4', join(server.root, 'output/frames/out.jpg')).catch(() => {});
    const answer = await get(`${url}/${name}`);
    expect([400, 404]).toContain(answer.statusCode);
    expect(['output_not_found', 'path_outside_storage', 'invalid_request', 'not_found']).toContain(
      answer.json().code,
    );
    expect(answer.body).not.toContain('root:');
    expect(answer.body).not.toContain(server.root);
  });
});

describe('no output', () => {
  test('yet, or at all, or any more', async () => {
    const [waiting] = await server.queue.enqueue([
      { task: 'make_noise', input_path: null, output_path: '/data/output/later.bin', params: { size: 1 } },
    ]);
    const detailOf = async (id = '') => (await get(`/api/jobs/${id}/output`)).json();
    expect(await detailOf(waiting?.id)).toMatchObject({
      status: 404,
      code: 'output_not_found',
      detail: expect.stringMatching(/is queued/),
    });
    const claimed = await server.queue.claim('w', 60_000);
    if (claimed) await server.queue.fail(claimed, new MillError('corrupt_media').toFailure());
    expect(await detailOf(waiting?.id)).toMatchObject({ detail: expect.stringMatching(/ended failed/) });

    const url = await output('/data/output/moved.txt');
    await server.storage.remove('/data/output/moved.txt');
    expect((await get(url)).json()).toMatchObject({ status: 404, code: 'output_not_found' });
  });
});

test('a reader that leaves in the middle closes the file', async () => {
  const { readdir } = await import('node:fs/promises');
  const url = await output('/data/output/large.bin', Buffer.alloc(16 << 20));
  const origin = await server.listen();
  const handles = async () => (await readdir('/proc/self/fd')).length;
  const before = await handles();
  for (let i = 0; i < 20; i++) {
    await new Promise<void>((resolve) => {
      const reading = httpRequest(origin + url, (answer) => {
        answer.once('data', () => reading.destroy());
        answer.once('close', resolve);
        answer.on('error', () => {});
      }).end();
      reading.on('error', () => {});
    });
  }
  await expect.poll(handles, { timeout: 5000 }).toBeLessThanOrEqual(before + 3);
  const whole = await fetch(origin + url);
  expect((await whole.arrayBuffer()).byteLength).toBe(16 << 20);
});
