/** What every storage driver must do; called by each driver's own test. Uses the port only. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Storage } from '../../src/storage/port.ts';

export interface StorageUnderTest {
  storage: Storage;
  close(): Promise<void>;
}

/** Expects the failure of that code, and that nothing of the host shows in it. */
export async function refused(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error = await promise.then(
    (value) => expect.unreachable(`resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'MillError', code });
}

/** References that no driver may accept, for reading or writing: security.md case 21. */
export const TRAVERSALS: readonly string[] = [
  '',
  '/',
  '.',
  '..',
  'a.mp4',
  '/etc/passwd',
  '/data',
  '/data/input',
  '/data/input/',
  '/data/output',
  '/data/../etc/passwd',
  '/data/input/../../etc/passwd',
  '/data/input/../output/a.mp4',
  '/data/inputs/a.mp4',
  '/data/input/./../../etc/passwd',
  '/data/input//..//..//etc/passwd',
  '/data/input/%2e%2e/%2e%2e/etc/passwd',
  '/data/input/%2E%2E%2F%2E%2E%2Fetc%2Fpasswd',
  '/data/input/%252e%252e/etc/passwd',
  '/data/input/..%2f..%2fetc/passwd',
  '/data/input/..%5c..%5cetc',
  '/data/input/..\\..\\etc\\passwd',
  '\\data\\input\\a.mp4',
  '/data/input/a\0.mp4',
  '/data/input/a%00.mp4',
  '/data/input/a\n.mp4',
  '/data/input/\ud800.mp4',
  'input',
  'input/../output/a.mp4',
  'input/../../a.mp4',
  '../input/a.mp4',
  './../input/a.mp4',
  'data/input/a.mp4',
  '/data/output/.work/a/b.mp4',
  '/data/input/.incoming/a',
  '/data/output/a/.hidden/b.mp4',
  'output/.work',
  'file:///etc/passwd',
  'http://localhost/a.mp4',
  's3://other/a.mp4',
  '/proc/self/environ',
  '/dev/zero',
  '~/a.mp4',
];

export function storageContract(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`storage contract: ${name}`, () => {
    let storage: Storage;
    let close: () => Promise<void>;
    let attempts = 0;

    beforeAll(async () => {
      ({ storage, close } = await make());
    });
    afterAll(() => close());

    const upload = (content: string | Buffer, maxBytes = 1e9) =>
      storage.upload(Readable.from([Buffer.from(content)]), { maxBytes });

    /** Publishes a file, or a folder of files, by way of a work folder. */
    async function publish(path: string, content: string | Record<string, string>): Promise<void> {
      const work = await storage.createWork(`contract-${++attempts}`);
      const local = join(work, 'result');
      if (typeof content === 'string') await writeFile(local, content);
      else {
        for (const [file, body] of Object.entries(content)) {
          await mkdir(join(local, file, '..'), { recursive: true });
          await writeFile(join(local, file), body);
        }
      }
      try {
        await storage.publish(local, path);
      } finally {
        await storage.removeWork(work);
      }
    }

    const contentOf = async (path: string) => text(await storage.read(path));

    describe('references', () => {
      test.each(TRAVERSALS)('%j is refused for reading and writing', async (reference) => {
        await refused(storage.resolve(reference, 'read'), 'path_outside_storage');
        await refused(storage.resolve(reference, 'write'), 'path_outside_storage');
      });

      test.each(['/data/output/a.txt', 'output/a.txt', '/data//output/./a.txt', './output/a.txt'])(
        '%j names the output area',
        async (reference) => {
          expect(await storage.resolve(reference, 'write')).toBe('/data/output/a.txt');
        },
      );

      test.each(['/data/output/100%.mp4', '/data/output/Ólafur – ندوة 💥.mp4', '/data/output/a..b/c...mp4'])(
        '%j is a fine name',
        async (reference) => {
          expect(await storage.resolve(reference, 'write')).toBe(reference);
        },
      );

      test('a file_id, its path and its relative path are the same file', async () => {
        const { file_id, path, filename } = await upload('hello');
        expect(await storage.resolve(file_id, 'read')).toBe(path);
        expect(await storage.resolve(file_id.toUpperCase(), 'read')).toBe(path);
        expect(await storage.resolve(`input/${filename}`, 'read')).toBe(path);
        expect(path).toBe(`/data/input/${filename}`);
      });

      test('what is not there cannot be read, but written', async () => {
        await refused(storage.resolve('/data/input/none.mp4', 'read'), 'input_not_found');
        await refused(storage.resolve('00000000-0000-4000-8000-000000000000', 'read'), 'input_not_found');
        await refused(
          storage.resolve('00000000-0000-4000-8000-000000000000', 'write'),
          'path_outside_storage',
        );
        expect(await storage.resolve('/data/input/none.mp4', 'write')).toBe('/data/input/none.mp4');
      });

      test('over-long names are refused in words', async () => {
        await refused(storage.resolve(`/data/output/${'a'.repeat(256)}.mp4`, 'write'), 'invalid_request');
        await refused(storage.resolve(`/data/output/${'ö'.repeat(128)}`, 'read'), 'invalid_request');
        await refused(storage.resolve(`/data/output/${'a/'.repeat(3000)}b`, 'write'), 'invalid_request');
        expect(await storage.resolve(`/data/output/${'a'.repeat(255)}`, 'write')).toHaveLength(268);
      });
    });

    describe('upload', () => {
      test('is stored under a generated name, with its size and hash', async () => {
        const content = 'some text, nothing more\n';
        const stored = await upload(content);
        expect(stored.filename).toBe(`${stored.file_id}.txt`);
        expect(stored.size_bytes).toBe(content.length);
        expect(stored.sha256).toBe(createHash('sha256').update(content).digest('hex'));
        expect(await contentOf(stored.path)).toBe(content);
        expect(await storage.stat(stored.path)).toMatchObject({ kind: 'file', size_bytes: content.length });
      });

      test('may be empty', async () => {
        const stored = await storage.upload(Readable.from([]), { maxBytes: 10 });
        expect(stored).toMatchObject({ size_bytes: 0, filename: expect.stringMatching(/\.bin$/) });
        expect(await contentOf(stored.path)).toBe('');
      });

      test('stops at the limit', async () => {
        expect((await upload('12345', 5)).size_bytes).toBe(5);
        await refused(upload('123456', 5), 'payload_too_large');
      });

      test('stops when the sender fails or the signal aborts', async () => {
        const broken = Readable.from(
          (async function* () {
            yield Buffer.from('first');
            throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
          })(),
        );
        await refused(storage.upload(broken, { maxBytes: 1e6 }), 'invalid_request');
        await refused(storage.upload(broken, { maxBytes: 1e6 }), 'invalid_request');
        const closed = new Readable({ read() {} });
        setTimeout(() => closed.destroy(), 20);
        await refused(storage.upload(closed, { maxBytes: 1e6 }), 'invalid_request');

        const abort = new AbortController();
        const endless = new Readable({ read() {} });
        endless.push('first');
        const running = storage.upload(endless, { maxBytes: 1e6, signal: abort.signal });
        setTimeout(() => abort.abort(), 20);
        await refused(running, 'canceled');
      });
    });

    describe('publish', () => {
      test('makes a file visible, in folders that did not exist', async () => {
        await publish('/data/output/deep/er/a.txt', 'one');
        expect(await contentOf('/data/output/deep/er/a.txt')).toBe('one');
      });

      test('replaces a file by a file, and a folder by a folder, whole', async () => {
        await publish('/data/output/again.txt', 'old, and longer');
        await publish('/data/output/again.txt', 'new');
        expect(await contentOf('/data/output/again.txt')).toBe('new');

        await publish('/data/output/frames', { '1.jpg': 'a', '2.jpg': 'bb', 'sub/3.jpg': 'ccc' });
        expect(await storage.list('/data/output/frames')).toEqual([
          { name: '1.jpg', size_bytes: 1 },
          { name: '2.jpg', size_bytes: 2 },
          { name: 'sub/3.jpg', size_bytes: 3 },
        ]);
        expect(await storage.stat('/data/output/frames')).toMatchObject({ kind: 'directory', size_bytes: 6 });
        await publish('/data/output/frames', { '9.jpg': 'd' });
        expect(await storage.list('/data/output/frames')).toEqual([{ name: '9.jpg', size_bytes: 1 }]);
      });

      test('does not swap a file and a folder', async () => {
        await publish('/data/output/kind-file', 'a file');
        await publish('/data/output/kind-folder', { 'a.txt': 'a' });
        await refused(publish('/data/output/kind-file', { 'a.txt': 'a' }), 'output_exists');
        await refused(publish('/data/output/kind-folder', 'a file'), 'output_exists');
        await refused(publish('/data/output/kind-file/below.txt', 'a'), 'output_exists');
        expect(await contentOf('/data/output/kind-file')).toBe('a file');
        expect(await contentOf('/data/output/kind-folder/a.txt')).toBe('a');
      });

      test.each(['/data/output/.work/a', '/data/output/../a', '/etc/mill-test', '/data/output'])(
        'refuses %j',
        async (path) => {
          await refused(publish(path, 'x'), 'path_outside_storage');
        },
      );

      test('leaves the old or the new, never a mixture, to readers at the same time', async () => {
        const bodies = ['a'.repeat(100_000), 'b'.repeat(200_000)];
        await publish('/data/output/raced.txt', bodies[0] ?? '');
        let done = false;
        const reader = (async () => {
          while (!done) expect(bodies).toContain(await contentOf('/data/output/raced.txt'));
        })();
        for (let i = 0; i < 12; i++) await publish('/data/output/raced.txt', bodies[i % 2] ?? '');
        done = true;
        await reader;
      });
    });

    describe('read', () => {
      test('gives ranges, both ends included', async () => {
        await publish('/data/output/range.txt', '0123456789');
        const range = async (start: number, end: number) =>
          text(await storage.read('/data/output/range.txt', { start, end }));
        expect(await range(0, 0)).toBe('0');
        expect(await range(3, 5)).toBe('345');
        expect(await range(9, 9)).toBe('9');
        expect(await range(5, 100)).toBe('56789');
      });

      test('says what is missing', async () => {
        await refused(storage.read('/data/output/nothing.txt'), 'output_not_found');
        await refused(storage.read('/data/input/nothing.txt'), 'input_not_found');
        await refused(storage.list('/data/output/nothing'), 'output_not_found');
        expect(await storage.stat('/data/output/nothing.txt')).toBeNull();
        await publish('/data/output/a-folder', { a: '1' });
        await refused(storage.read('/data/output/a-folder'), 'output_not_found');
      });

      test('fetch gives a local file or folder', async () => {
        await publish('/data/output/fetched.txt', 'content');
        await publish('/data/output/fetched', { 'a.txt': 'in folder' });
        const work = await storage.createWork('fetching');
        expect(await readFile(await storage.fetch('/data/output/fetched.txt', work), 'utf8')).toBe('content');
        const folder = await storage.fetch('/data/output/fetched', work);
        expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('in folder');
        await refused(storage.fetch('/data/input/none.mp4', work), 'input_not_found');
        await storage.removeWork(work);
      });
    });

    describe('remove', () => {
      test('takes files and folders, and says whether something was there', async () => {
        await publish('/data/output/gone.txt', 'x');
        await publish('/data/output/gone', { 'a/b.txt': 'x' });
        expect(await storage.remove('/data/output/gone.txt')).toBe(true);
        expect(await storage.remove('/data/output/gone')).toBe(true);
        expect(await storage.remove('/data/output/gone')).toBe(false);
        expect(await storage.stat('/data/output/gone.txt')).toBeNull();
        expect(await storage.stat('/data/output/gone')).toBeNull();
      });

      test.each(['/data/output', '/data/input/', '/etc/passwd', '/data/output/.work', '/data/output/../x'])(
        'refuses %j',
        async (path) => {
          await refused(storage.remove(path), 'path_outside_storage');
        },
      );
    });

    describe('work folders', () => {
      test('are empty at first and gone at last', async () => {
        const work = await storage.createWork('job-1');
        await writeFile(join(work, 'half.mp4'), 'x');
        expect(await storage.createWork('job-1')).toBe(work);
        expect(await readdir(work)).toEqual([]);
        await storage.removeWork(work);
        await expect(stat(work)).rejects.toMatchObject({ code: 'ENOENT' });
        await storage.removeWork(work);
      });

      test('are swept when their attempt is dead', async () => {
        const dead = await storage.createWork('dead-1');
        const alive = await storage.createWork('alive-1');
        await writeFile(join(dead, 'half.mp4'), 'x');
        expect(await storage.sweep(async (attempt) => attempt === 'alive-1')).toBe(1);
        await expect(stat(dead)).rejects.toMatchObject({ code: 'ENOENT' });
        expect((await stat(alive)).isDirectory()).toBe(true);
        await storage.removeWork(alive);
        expect(await storage.sweep(async () => false)).toBe(0);
      });

      test.each(['..', '../x', 'a/b', '', '.hidden', 'a\0b'])('%j cannot name one', async (attempt) => {
        await refused(storage.createWork(attempt), 'internal');
      });

      test('nothing but a work folder is removed as one', async () => {
        await refused(storage.removeWork('/tmp'), 'internal');
      });
    });

    test('says how it is', async () => {
      await storage.check();
      const free = await storage.freeBytes();
      expect(free === null || free > 0).toBe(true);
    });
  });
}
