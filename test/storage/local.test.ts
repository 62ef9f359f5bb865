import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import openLocalStorage from '../../src/storage/drivers/local.ts';
import type { Storage } from '../../src/storage/port.ts';
import { refused, storageContract } from '../contracts/storage.ts';

storageContract('local', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mill-storage-'));
  return {
    storage: await openLocalStorage({ inputRoot: join(root, 'input'), outputRoot: join(root, 'output') }),
    close: () => rm(root, { recursive: true }),
  };
});

let root: string;
let input: string;
let output: string;
let storage: Storage;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'mill-local-')));
  input = join(root, 'in put');
  output = join(root, 'out put');
  storage = await openLocalStorage({ inputRoot: input, outputRoot: output });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Every name below a folder, hidden ones too. */
const tree = (folder: string) => readdir(folder, { recursive: true });

const upload = (content: string | Buffer) =>
  storage.upload(Readable.from([Buffer.from(content)]), { maxBytes: 1e9 });

async function work(name: string, content: string): Promise<string> {
  const local = join(await storage.createWork(randomUUID()), name);
  await writeFile(local, content);
  return local;
}

describe('roots', () => {
  test('absolute host paths inside them are understood, beside them refused', async () => {
    await writeFile(join(input, 'a.mp4'), 'x');
    expect(await storage.resolve(join(input, 'a.mp4'), 'read')).toBe('/data/input/a.mp4');
    expect(await storage.resolve(join(output, 'x', 'b.mp4'), 'write')).toBe('/data/output/x/b.mp4');
    await refused(storage.resolve(`${input}2/a.mp4`, 'write'), 'path_outside_storage');
    await refused(storage.resolve(join(root, 'a.mp4'), 'write'), 'path_outside_storage');
    await refused(storage.resolve(input, 'read'), 'path_outside_storage');
    await refused(storage.resolve(join(input, '.incoming'), 'read'), 'path_outside_storage');
  });

  test('may themselves be reached through a link, by either name', async () => {
    await symlink(input, join(root, 'linked'));
    const linked = await openLocalStorage({ inputRoot: join(root, 'linked'), outputRoot: output });
    await writeFile(join(input, 'a.mp4'), 'x');
    expect(await linked.resolve(join(root, 'linked', 'a.mp4'), 'read')).toBe('/data/input/a.mp4');
    expect(await linked.resolve(join(input, 'a.mp4'), 'read')).toBe('/data/input/a.mp4');
    expect(await linked.resolve('/data/input/a.mp4', 'read')).toBe('/data/input/a.mp4');
  });

  test('one inside the other: a file has one canonical path', async () => {
    const nested = await openLocalStorage({ inputRoot: input, outputRoot: join(input, 'results') });
    expect(await nested.resolve('/data/input/results/a.mp4', 'write')).toBe('/data/output/a.mp4');
    await refused(nested.resolve('/data/input/results', 'read'), 'path_outside_storage');
    await refused(nested.resolve('/data/input/results/.work/a', 'read'), 'path_outside_storage');
  });

  test('the same folder twice, or one that cannot be made, is an error at the start', async () => {
    await refused(openLocalStorage({ inputRoot: input, outputRoot: input }), 'invalid_config');
    await writeFile(join(root, 'file'), '');
    await refused(
      openLocalStorage({ inputRoot: join(root, 'file', 'x'), outputRoot: output }),
      'storage_unavailable',
    );
  });
});

describe('21 symbolic links', () => {
  const secret = () => join(root, 'secret.txt');

  beforeEach(() => writeFile(secret(), 'secret'));

  test.each(['read', 'write'] as const)('out of the storage are refused (%s)', async (purpose) => {
    await symlink(secret(), join(input, 'file.mp4'));
    await symlink(root, join(input, 'folder'));
    await symlink('../..', join(input, 'up'));
    await symlink('/etc', join(output, 'etc'));
    for (const path of [
      'input/file.mp4',
      'input/folder/secret.txt',
      'input/up/etc/passwd',
      'output/etc/passwd',
    ]) {
      await refused(storage.resolve(path, purpose), 'path_outside_storage');
    }
    await refused(storage.resolve('output/etc/new.mp4', purpose), 'path_outside_storage');
  });

  test('in a circle or to nothing are refused', async () => {
    await symlink('b', join(input, 'a'));
    await symlink('a', join(input, 'b'));
    await symlink(join(root, 'not-there'), join(output, 'dangling.mp4'));
    await refused(storage.resolve('input/a', 'read'), 'path_outside_storage');
    await refused(storage.resolve('input/a/x.mp4', 'write'), 'path_outside_storage');
    await refused(storage.resolve('output/dangling.mp4', 'write'), 'path_outside_storage');
    await refused(storage.publish(await work('x', 'x'), '/data/output/dangling.mp4'), 'path_outside_storage');
    await expect(stat(join(root, 'not-there'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('to hidden names are refused', async () => {
    await symlink('.work', join(output, 'shown'));
    await refused(storage.resolve('output/shown/x', 'write'), 'path_outside_storage');
    await refused(storage.resolve('output/shown', 'read'), 'path_outside_storage');
  });

  test('inside the storage lead to the canonical path', async () => {
    await writeFile(join(input, 'real.mp4'), 'x');
    await symlink('real.mp4', join(input, 'alias.mp4'));
    await symlink(output, join(input, 'results'));
    expect(await storage.resolve('input/alias.mp4', 'read')).toBe('/data/input/real.mp4');
    expect(await storage.resolve('input/results/b.mp4', 'write')).toBe('/data/output/b.mp4');
  });

  test('are neither opened, listed nor removed, even when planted after resolving', async () => {
    await mkdir(join(output, 'set'));
    await writeFile(join(output, 'set', 'a.jpg'), 'a');
    await symlink(secret(), join(output, 'set', 'b.jpg'));
    await writeFile(join(output, 'set', '.hidden'), 'x');
    expect(await storage.list('/data/output/set')).toEqual([{ name: 'a.jpg', size_bytes: 1 }]);
    expect(await storage.stat('/data/output/set')).toMatchObject({ size_bytes: 1 });
    for (const refuse of [
      () => storage.read('/data/output/set/b.jpg'),
      () => storage.stat('/data/output/set/b.jpg'),
      () => storage.fetch('/data/output/set/b.jpg', ''),
      () => storage.remove('/data/output/set/b.jpg'),
      async () => storage.publish(await work('x', 'x'), '/data/output/set/b.jpg'),
    ]) {
      await refused(refuse(), 'path_outside_storage');
    }
    await symlink('a.jpg', join(output, 'set', 'c.jpg'));
    await refused(storage.remove('/data/output/set/c.jpg'), 'path_outside_storage');
    await storage.remove('/data/output/set');
    expect(await readFile(secret(), 'utf8')).toBe('secret');
  });

  test('devices and pipes are refused', async () => {
    execFileSync('mkfifo', [join(input, 'pipe.mp4')]);
    await refused(storage.resolve('input/pipe.mp4', 'read'), 'path_outside_storage');
    await refused(storage.read('/data/input/pipe.mp4'), 'path_outside_storage');
  });
});

describe('uploads', () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const wav = Buffer.concat([
    Buffer.from(
      'RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data\x08\0\0\0',
      'latin1',
    ),
    Buffer.alloc(8),
  ]);
  const mp4 = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isomiso2\0\0\0\x08free', 'latin1');
  const id3 = (body: Buffer) =>
    Buffer.concat([
      Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 1, 0x10, 0]),
      Buffer.alloc((1 << 14) | (0x10 << 7)),
      body,
    ]);
  const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413)]);

  test.each<[string, Buffer, string]>([
    ['PNG', png, '.png'],
    ['WAV', wav, '.wav'],
    ['MP4', mp4, '.mp4'],
    ['MP3 behind a large tag', id3(mp3Frame), '.mp3'],
    ['FLAC behind a large tag', id3(Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(60)])), '.flac'],
    ['a cut tag', Buffer.from('ID3\x04'), '.bin'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), '.gz'],
    ['an HLS playlist', Buffer.from('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n/etc/passwd\n'), '.txt'],
    ['an ffconcat script', Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n"), '.txt'],
    ['HTML', Buffer.from('<!doctype html><script>alert(1)</script>'), '.txt'],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'), '.txt'],
    ['JSON', Buffer.from('{"a": "ö"}'), '.txt'],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'), '.bin'],
    ['noise', Buffer.from([0xfe, 0xed, 0, 1, 2, 3]), '.bin'],
  ])('%s gets its extension from the content', async (_, content, extension) => {
    const stored = await upload(content);
    expect(stored.filename).toBe(stored.file_id + extension);
    expect(await readFile(join(input, stored.filename))).toEqual(content);
    expect(await storage.resolve(stored.file_id, 'read')).toBe(stored.path);
  });

  test('XML never gets a name of its own', async () => {
    const stored = await upload('<?xml version="1.0"?><MPD><BaseURL>/etc/passwd</BaseURL></MPD>');
    expect(stored.filename).toMatch(/\.(txt|bin)$/);
  });

  test('leave nothing behind when they fail, and are not seen before they are whole', async () => {
    const half = new Readable({ read() {} });
    half.push('half');
    const running = storage.upload(half, { maxBytes: 1e6 });
    await expect.poll(async () => (await readdir(join(input, '.incoming'))).length).toBe(1);
    expect((await readdir(input)).filter((name) => !name.startsWith('.'))).toEqual([]);
    half.destroy(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    await refused(running, 'invalid_request');
    await refused(storage.upload(Readable.from([Buffer.alloc(100)]), { maxBytes: 99 }), 'payload_too_large');
    expect(await tree(input)).toEqual(['.incoming']);
  });

  test('are swept when a dead process left them', async () => {
    const incoming = join(input, '.incoming');
    const half = new Readable({ read() {} });
    half.push('half');
    const running = storage.upload(half, { maxBytes: 1e6 });
    await expect.poll(async () => (await readdir(incoming).catch(() => [])).length).toBe(1);
    const [mine = ''] = await readdir(incoming);
    const [, machine = ''] = mine.split('.');
    const names = {
      mine,
      dead: `${randomUUID()}.${machine}.99999999`,
      living: `${randomUUID()}.${machine}.1`,
      earlier: `${randomUUID()}.${machine}.${process.pid}`,
      elsewhere: `${randomUUID()}.0123456789ab.1`,
      old: `${randomUUID()}.0123456789ab.2`,
    };
    for (const name of Object.values(names).slice(1)) await writeFile(join(incoming, name), '');
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3600_000);
    await utimes(join(incoming, names.old), hoursAgo(25), hoursAgo(25));
    await utimes(join(incoming, names.earlier), hoursAgo(12), hoursAgo(12));
    await storage.sweep(async () => true);
    expect((await readdir(incoming)).sort()).toEqual([names.mine, names.living, names.elsewhere].sort());
    half.push(null);
    await running;
  });
});

describe('publishing', () => {
  const shm = '/dev/shm';

  test('onto another file system copies, then renames', async (context) => {
    const here = (await stat(root)).dev;
    const there = await stat(shm).catch(() => null);
    if (!there || there.dev === here) return context.skip('/dev/shm is not another file system here');
    const outside = await mkdtemp(join(shm, 'mill-'));
    try {
      await writeFile(join(outside, 'a.txt'), 'one');
      await storage.publish(join(outside, 'a.txt'), '/data/output/x/a.txt');
      await mkdir(join(outside, 'set/sub'), { recursive: true });
      await writeFile(join(outside, 'set/sub/b.txt'), 'two');
      await storage.publish(join(outside, 'set'), '/data/output/set');
      await mkdir(join(outside, 'set'), { recursive: true });
      await writeFile(join(outside, 'set/c.txt'), 'three');
      await storage.publish(join(outside, 'set'), '/data/output/set');
      expect(await readdir(outside)).toEqual([]);
      expect((await tree(output)).sort()).toEqual(['set', 'set/c.txt', 'x', 'x/a.txt']);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  test('refuses folders with links in them, and leaves the target as it was', async () => {
    const folder = join(await storage.createWork('links'), 'set');
    await mkdir(folder);
    await symlink('/etc/passwd', join(folder, 'a.txt'));
    await refused(storage.publish(folder, '/data/output/set'), 'output_verification_failed');
    await refused(storage.publish(join(folder, 'a.txt'), '/data/output/a.txt'), 'output_exists');
    expect(await storage.stat('/data/output/set')).toBeNull();
  });

  test('sweeps what a dead process left beside a target', async () => {
    await mkdir(join(output, 'deep'));
    await writeFile(
      join(output, 'deep', `.mill-${randomUUID()}.0123456789ab.1`),
      'recent, of another machine',
    );
    const old = join(output, 'deep', `.mill-${randomUUID()}.0123456789ab.2`);
    await mkdir(old);
    await utimes(old, 1, 1);
    await storage.sweep(async () => true);
    expect(await readdir(join(output, 'deep'))).toHaveLength(1);
  });
});

describe('18 a full disk', () => {
  const mounted: string[] = [];

  function mount(...options: string[]): string | null {
    const folder = join(tmpdir(), `mill-mount-${randomUUID()}`);
    try {
      execFileSync('mkdir', [folder]);
      execFileSync('mount', ['-t', 'tmpfs', ...options, 'tmpfs', folder], { stdio: 'ignore' });
      mounted.push(folder);
      return folder;
    } catch {
      execFileSync('rm', ['-rf', folder]);
      return null;
    }
  }
  afterAll(() => {
    for (const folder of mounted) {
      execFileSync('umount', [folder]);
      execFileSync('rmdir', [folder]);
    }
  });

  test('ends an upload and a copy with disk_full, and nothing is left', async (context) => {
    const small = mount('-o', 'size=1m');
    if (!small) return context.skip('this user may not mount a small file system');
    const full = await openLocalStorage({ inputRoot: join(small, 'in'), outputRoot: join(small, 'out') });
    const big = Buffer.alloc(64 * 1024, 1);
    await refused(
      full.upload(Readable.from(Array.from({ length: 64 }, () => big)), { maxBytes: 1e9 }),
      'disk_full',
    );
    await writeFile(join(root, 'big'), Buffer.alloc(4 << 20));
    await refused(full.publish(join(root, 'big'), '/data/output/a.bin'), 'disk_full');
    expect(await tree(small)).toEqual(expect.not.arrayContaining([expect.stringContaining('.mill-')]));
    expect(await readdir(join(small, 'in/.incoming'))).toEqual([]);
    expect(await full.stat('/data/output/a.bin')).toBeNull();
    expect((await full.upload(Readable.from([big]), { maxBytes: 1e9 })).size_bytes).toBe(big.length);
  });

  test('a folder that cannot be written: not writable, and the check says so', async (context) => {
    // Root may write everywhere but to a read-only file system; others need only be locked out.
    const isRoot = process.getuid?.() === 0;
    const folder = isRoot ? mount('-o', 'size=1m') : join(root, 'locked');
    if (!folder) return context.skip('this user may not mount a small file system');
    const inputRoot = join(folder, 'in');
    const locked = await openLocalStorage({ inputRoot, outputRoot: join(folder, 'out') });
    await locked.check();
    if (isRoot) execFileSync('mount', ['-o', 'remount,ro', folder]);
    else execFileSync('chmod', ['-R', 'a-w', folder]);
    await refused(locked.upload(Readable.from([Buffer.from('x')]), { maxBytes: 10 }), 'output_not_writable');
    await refused(locked.publish(await work('x', 'x'), '/data/output/a.txt'), 'output_not_writable');
    await refused(locked.check(), 'storage_unavailable');
    if (!isRoot) execFileSync('chmod', ['-R', 'u+w', folder]);
  });
});

test('a file that is replaced while it is read is read to its end', async () => {
  await storage.publish(await work('a', 'old content'), '/data/output/a.txt');
  const reading = await storage.read('/data/output/a.txt');
  await storage.publish(await work('a', 'new'), '/data/output/a.txt');
  expect(await text(reading)).toBe('old content');
});

test('hard links and renames by others do no harm', async () => {
  await writeFile(join(input, 'a.mp4'), 'x');
  await link(join(input, 'a.mp4'), join(input, 'b.mp4'));
  await rename(join(input, 'a.mp4'), join(input, 'c.mp4'));
  expect(await storage.remove('/data/input/b.mp4')).toBe(true);
  expect(await text(await storage.read('/data/input/c.mp4'))).toBe('x');
});

test('no handle stays open', async () => {
  const handles = () => readdir('/proc/self/fd').catch(() => []);
  const { path } = await upload('content');
  const before = (await handles()).length;
  for (let i = 0; i < 50; i++) {
    await text(await storage.read(path));
    (await storage.read(path)).destroy();
    await storage.publish(await work('a', 'x'), '/data/output/a.txt');
    await upload('x');
  }
  await expect.poll(async () => (await handles()).length).toBeLessThanOrEqual(before + 2);
  await (await open(join(root, 'x'), constants.O_CREAT)).close();
});
