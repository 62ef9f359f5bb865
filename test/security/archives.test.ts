/** 26: nothing here unpacks what a stranger has packed, and what is packed here can be unpacked anywhere. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS, testHost } from '../runner/fixtures/hosts.ts';
import { multipart } from '../server/fixtures/server.ts';
import { type KeyedServer, startKeyed } from './fixtures/keyed.ts';

let server: KeyedServer;
beforeAll(async () => {
  server = await startKeyed();
});
afterAll(() => server.close());

describe('26 gzip bombs', () => {
  test('a packed body is refused, not unpacked', async () => {
    const bomb = gzipSync(JSON.stringify({ task: 'x', params: { a: 'a'.repeat(50_000_000) } }));
    expect(bomb.length).toBeLessThan(100_000);
    const answer = await server.ask('POST', '/api/enqueue', bomb, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    });
    expect([400, 415]).toContain(answer.statusCode);
  });

  test('a packed upload stays packed', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const { payload, headers } = multipart([{ name: 'file', file: 'a.gz', content: bomb }]);
    const upload = (await server.ask('POST', '/api/upload', payload, headers)).json();
    expect(upload.size_bytes).toBe(bomb.length);
    expect(await readFile(join(server.root, 'input', upload.filename))).toEqual(bomb);
  });
});

test('26 an archive made here has no path out of the folder it is unpacked in', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mill-slip-'));
  const input = join(root, 'folder');
  const work = join(root, 'work');
  await mkdir(join(input, '...'), { recursive: true });
  await mkdir(work);
  await writeFile(join(input, '-rf'), 'a');
  await writeFile(join(input, '...', 'a\\..\\b'), 'b');
  await symlink('/etc/passwd', join(input, 'link'));
  const host = testHost({ registryModule: undefined });
  const order = {
    id: 'slip',
    task: 'compress_archive',
    params: {},
    input,
    target: 'a.tar.gz',
    work,
    threads: 1,
  };
  const run = host.run({ ...order, network: { allow: [] } }, LIMITS);
  const ended = await run.then(
    () => 'finished',
    (error: { code: string }) => error.code,
  );
  if (ended === 'finished') {
    const names = execFileSync('tar', ['-tzf', join(work, 'a.tar.gz')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      expect([name, name.startsWith('/') || name.split('/').includes('..')]).toEqual([name, false]);
    }
    const content = execFileSync('tar', ['-xzOf', join(work, 'a.tar.gz')], { encoding: 'utf8' });
    expect(content).not.toContain('root:');
  }
  expect(ended).toBe('finished');
  await rm(root, { recursive: true });
});
