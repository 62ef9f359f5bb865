import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { list } from 'tar';
import { describe, expect, it } from 'vitest';
import job from '../../../src/jobs/binary/compress_archive.ts';
import { failureOf, folderOf, randomFile, runJob, sameBytes, tempFolder } from './job-run.ts';

const exec = promisify(execFile);

async function textFile(lines: number): Promise<string> {
  const path = join(await tempFolder(), 'log.txt');
  const words = 'grain stone wheel water flour sack miller river sluice gear'.split(' ');
  let seed = 1;
  const word = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return words[(seed >> 8) % words.length];
  };
  await writeFile(path, Array.from({ length: lines }, () => `${word()} ${word()} ${word()}\n`).join(''));
  return path;
}

async function toolHere(tool: string): Promise<boolean> {
  return await exec(tool, ['--version']).then(
    () => true,
    () => false,
  );
}

describe('a file', () => {
  it.each([
    ['gzip', 'log.txt.gz', gunzipSync],
    ['zstd', 'log.txt.zst', zstdDecompressSync],
  ] as const)(
    '%s gives the same bytes back, and tells the sizes',
    async (compression, output, decompress) => {
      const input = await textFile(50_000);
      const done = await runJob(job, { input, output, params: { compression } });
      const original = await readFile(input);
      const compressed = await readFile(done.output);
      expect(decompress(compressed).equals(original)).toBe(true);
      expect(done.report.data).toMatchObject({
        format: compression,
        original_size_bytes: original.length,
        compressed_size_bytes: compressed.length,
        ratio: Math.round((original.length / compressed.length) * 1000) / 1000,
      });
      expect(done.progress.at(-1)).toMatchObject({ percent: 100, bytes_done: original.length });
    },
  );

  it('the standard tools find nothing wrong', async (context) => {
    if (!(await toolHere('gzip')) || !(await toolHere('zstd')))
      context.skip('gzip and zstd are not installed');
    const input = await randomFile(await tempFolder(), 'noise.bin', 5_000_000);
    for (const [output, tool] of [
      ['a.gz', 'gzip'],
      ['a.zst', 'zstd'],
    ] as const) {
      const done = await runJob(job, { input, output });
      await exec(tool, ['-t', done.output]);
      const back = join(await tempFolder(), 'back');
      await exec('sh', ['-c', `${tool} -dc "$1" > "$2"`, 'sh', done.output, back]);
      expect(await sameBytes(back, input)).toBe(true);
    }
  });

  it.each([
    ['a.gz', [0, 1, 9]],
    ['a.zst', [1, 19, 22]],
  ] as const)('%s at levels %j', async (output, levels) => {
    const input = await textFile(20_000);
    const sizes: number[] = [];
    for (const level of levels) {
      const done = await runJob(job, { input, output, params: { level } });
      const bytes = await readFile(done.output);
      const back = output === 'a.gz' ? gunzipSync(bytes) : zstdDecompressSync(bytes);
      expect(back.equals(await readFile(input))).toBe(true);
      sizes.push(bytes.length);
    }
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });

  it('of nothing is a valid archive of nothing', async () => {
    const input = join(await tempFolder(), 'empty');
    await writeFile(input, '');
    const gz = await runJob(job, { input, output: 'e.gz' });
    expect(gunzipSync(await readFile(gz.output)).length).toBe(0);
    const zst = await runJob(job, { input, output: 'e.zst' });
    expect(zstdDecompressSync(await readFile(zst.output)).length).toBe(0);
  });

  it('becomes a tar of one entry when the name says tar, unless it is one', async () => {
    const input = await textFile(10);
    const { output } = await runJob(job, { input, output: 'log.tar.gz' });
    expect(await entriesOf(gunzipSync(await readFile(output)))).toEqual([['log.txt', 'File', 0o644]]);
    const tar = join(await tempFolder(), 'x.tar');
    await writeFile(tar, gunzipSync(await readFile(output)));
    const again = await runJob(job, { input: tar, output: 'x.tar.zst' });
    expect(zstdDecompressSync(await readFile(again.output)).equals(await readFile(tar))).toBe(true);
    expect(again.report.data).toMatchObject({ format: 'zstd' });
  });
});

async function entriesOf(tar: Buffer): Promise<[string, string, number][]> {
  const path = join(await tempFolder(), 'list.tar');
  await writeFile(path, tar);
  const entries: [string, string, number][] = [];
  await list({
    file: path,
    strict: true,
    onReadEntry: (entry) => {
      entries.push([entry.path, entry.type, entry.mode ?? 0]);
    },
  });
  return entries;
}

const LONG = `${'long-name-'.repeat(20)}ü.txt`;

async function sampleFolder(): Promise<string> {
  const folder = await folderOf({
    'b.txt': 'second',
    'a/1.bin': Buffer.alloc(700_001, 7),
    'a/deep/er/run.sh': '#!/bin/sh\n',
    'empty.txt': '',
    [LONG]: 'long',
  });
  await mkdir(join(folder, 'hollow'));
  await chmod(join(folder, 'a/deep/er/run.sh'), 0o700);
  await symlink('/etc/passwd', join(folder, 'secret'));
  await symlink('..', join(folder, 'a', 'up'));
  return folder;
}

describe('a folder', () => {
  it.each(['f.tar.gz', 'f.tgz', 'f.tar.zst', 'f.tzst'])(
    'becomes %s, without what links point to',
    async (output) => {
      const folder = await sampleFolder();
      const done = await runJob(job, { input: folder, output });
      const bytes = await readFile(done.output);
      const tar = output.includes('gz') ? gunzipSync(bytes) : zstdDecompressSync(bytes);
      expect(await entriesOf(tar)).toEqual([
        ['folder/', 'Directory', 0o755],
        ['folder/a/', 'Directory', 0o755],
        ['folder/a/1.bin', 'File', 0o644],
        ['folder/a/deep/', 'Directory', 0o755],
        ['folder/a/deep/er/', 'Directory', 0o755],
        ['folder/a/deep/er/run.sh', 'File', 0o755],
        ['folder/b.txt', 'File', 0o644],
        ['folder/empty.txt', 'File', 0o644],
        ['folder/hollow/', 'Directory', 0o755],
        [`folder/${LONG}`, 'File', 0o644],
      ]);
      expect(done.report.warnings).toEqual([
        'Left out because they are links or special files: "a/up", "secret".',
      ]);
      expect(done.report.data).toMatchObject({
        format: output.includes('gz') ? 'tar+gzip' : 'tar+zstd',
        original_size_bytes: 700_001 + 6 + 10 + 4,
      });
    },
  );

  it('unpacks with tar to the same files', async (context) => {
    if (!(await toolHere('tar'))) context.skip('tar is not installed');
    const folder = await sampleFolder();
    await utimes(join(folder, 'b.txt'), 0, 1_700_000_000);
    const { output } = await runJob(job, { input: folder, output: 'f.tar.gz' });
    const to = await tempFolder();
    await exec('tar', ['-xzf', output, '-C', to]);
    for (const name of ['b.txt', 'a/1.bin', 'a/deep/er/run.sh', 'empty.txt', LONG]) {
      expect(await sameBytes(join(to, 'folder', name), join(folder, name)), name).toBe(true);
    }
    expect((await stat(join(to, 'folder', 'b.txt'))).mtimeMs).toBe(1_700_000_000_000);
    expect(await readdir(join(to, 'folder', 'a'))).toEqual(['1.bin', 'deep']);
  });

  it('gives the same bytes every time', async () => {
    const folder = await sampleFolder();
    const first = await runJob(job, { input: folder, output: 'f.tar.zst' });
    const second = await runJob(job, { input: folder, output: 'f.tar.zst' });
    expect(await sameBytes(first.output, second.output)).toBe(true);
  });

  it('is an archive even when the name does not say tar; a warning does', async () => {
    const { report } = await runJob(job, { input: await folderOf({ a: 'a' }), output: 'f.gz' });
    expect(report.data).toMatchObject({ format: 'tar+gzip' });
    expect(report.warnings).toEqual(['"f.gz" is a tar archive, though its name does not say so.']);
  });

  it('with a link in place of a file by the time it is read is not followed', async () => {
    // The walk leaves links out; this is the open that would follow one put there in between.
    const folder = await folderOf({ a: 'a' });
    await symlink('/etc/passwd', join(folder, 'b'));
    const { tarPieces } = await import('../../../src/jobs/files/tar.ts');
    const entry = {
      kind: 'file' as const,
      path: join(folder, 'b'),
      name: 'b',
      size: 1,
      executable: false,
      modified: new Date(0),
    };
    const signal = new AbortController().signal;
    const pieces = tarPieces([entry], { signal, onContent: () => {} });
    expect((await pieces.next()).value).toHaveLength(512);
    await failureOf(pieces.next(), 'path_outside_storage');
  });
});

describe('bad input', () => {
  it.each([
    ['x.gz', { compression: 'zstd' }],
    ['x.tar.zst', { compression: 'gzip' }],
    ['x.zip', {}],
    ['x', { compression: 'gzip' }],
  ])('%s with %j is no output', async (output, params) => {
    const input = await textFile(1);
    const failure = await failureOf(runJob(job, { input, output, params }), 'unsupported_output');
    expect(failure.message).toMatch('Use ');
  });

  it.each([
    ['x.gz', { level: 10 }],
    ['x.gz', { level: -1 }],
    ['x.zst', { level: 0 }],
    ['x.zst', { compression: 'zstd', level: 23 }],
    ['x.gz', { level: 1.5 }],
    ['x.gz', { compression: 'brotli' }],
    ['x.gz', { levels: 1 }],
  ])('%s with %j is refused', async (output, params) => {
    await failureOf(runJob(job, { input: await textFile(1), output, params }), 'invalid_params');
  });

  it('tells what is missing', async () => {
    await failureOf(runJob(job, { input: '/nope/a', output: 'x.gz' }), 'input_not_found');
    await failureOf(runJob(job, { input: null, output: 'x.gz' }), 'input_required');
  });

  it('leaves nothing when it is canceled', async () => {
    const input = await randomFile(await tempFolder(), 'noise', 60_000_000);
    for (const output of ['x.gz', 'x.zst', 'x.tar.gz']) {
      const controller = new AbortController();
      const work = runJob(job, {
        input,
        output,
        params: output === 'x.zst' ? { level: 19 } : {},
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), 150);
      const started = performance.now();
      await failureOf(work, 'canceled');
      expect(performance.now() - started).toBeLessThan(1500);
    }
  });
});
