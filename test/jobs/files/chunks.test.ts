import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import mergeJob from '../../../src/jobs/acquisition/merge_file_chunks.ts';
import splitJob from '../../../src/jobs/acquisition/split_file_chunks.ts';
import { failureOf, randomFile, runJob, sameBytes, tempFolder } from './job-run.ts';

const run = promisify(execFile);

async function splitFile(size: number, chunkSize: unknown): Promise<{ input: string; parts: string }> {
  const input = await randomFile(await tempFolder(), 'movie.mp4', size);
  const { output } = await runJob(splitJob, { input, output: 'parts', params: { chunk_size: chunkSize } });
  return { input, parts: output };
}

const merge = (chunk_files: string[], input: string | null = null) =>
  runJob(mergeJob, { input, output: 'whole.mp4', params: { chunk_files } });

describe('split_file_chunks', () => {
  it('writes numbered parts of equal size and a manifest that is true', async () => {
    const input = await randomFile(await tempFolder(), 'movie.mp4', 2_500_000);
    const { output, report, progress } = await runJob(splitJob, {
      input,
      output: 'parts',
      params: { chunk_size: '1MB' },
    });
    expect(await readdir(output)).toEqual(['00000.part', '00001.part', '00002.part', 'manifest.json']);
    const manifest = JSON.parse(await readFile(join(output, 'manifest.json'), 'utf8'));
    const whole = await readFile(input);
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(manifest).toMatchObject({ name: 'movie.mp4', size_bytes: 2_500_000, sha256: sha256(whole) });
    for (const [index, part] of manifest.parts.entries()) {
      const bytes = await readFile(join(output, part.file));
      expect(part).toEqual({ file: `0000${index}.part`, size_bytes: bytes.length, sha256: sha256(bytes) });
    }
    expect(manifest.parts.map((part: { size_bytes: number }) => part.size_bytes)).toEqual([1e6, 1e6, 5e5]);
    expect(report.data).toMatchObject({ parts: 3, sha256: sha256(whole) });
    expect(progress.at(-1)).toMatchObject({ percent: 100, bytes_done: 2_500_000 });
  });

  it('takes 10 MB unless told, and cat puts the parts together', async () => {
    const { input, parts } = await splitFile(25_000_001, undefined);
    expect((await stat(join(parts, '00000.part'))).size).toBe(10_000_000);
    await run('sh', ['-c', 'cat *.part > whole'], { cwd: parts });
    expect(await sameBytes(join(parts, 'whole'), input)).toBe(true);
  });

  it('refuses sizes that make no sense', async () => {
    const input = await randomFile(await tempFolder(), 'a.bin', 200_000);
    const split = (chunk_size: unknown) =>
      runJob(splitJob, { input, output: 'parts', params: { chunk_size } });
    for (const bad of [0, -1, 'much', '0MB', 1e20]) await failureOf(split(bad), 'invalid_params');
    const many = await failureOf(split(1), 'invalid_params');
    expect(many.facts).toMatchObject({ field: 'chunk_size', parts: 200_000 });
    await failureOf(runJob(splitJob, { input: '/nope', output: 'parts' }), 'input_not_found');
  });

  it('leaves nothing when it is canceled', async () => {
    const input = await randomFile(await tempFolder(), 'a.bin', 30_000_000);
    const controller = new AbortController();
    const work = runJob(splitJob, {
      input,
      output: 'parts',
      params: { chunk_size: 10_000 },
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 100);
    await failureOf(work, 'canceled');
  });
});

describe('merge_file_chunks', () => {
  it.each([
    [0, 1000],
    [1, 1000],
    [1000, 1000],
    [1001, 1000],
    [3_333_333, '256KiB'],
  ])('split → merge of %d bytes by %s gives the same bytes', async (size, chunkSize) => {
    const { input, parts } = await splitFile(size, chunkSize);
    const { output, report } = await merge([join(parts, 'manifest.json')]);
    expect(await sameBytes(output, input)).toBe(true);
    expect(report.data).toMatchObject({ verified: true, name: 'movie.mp4', size_bytes: size });
  });

  it('takes plain parts in the order given', async () => {
    const { input, parts } = await splitFile(2500, 1000);
    const paths = ['00000.part', '00001.part', '00002.part'].map((name) => join(parts, name));
    const forward = await merge(paths);
    expect(await sameBytes(forward.output, input)).toBe(true);
    expect(forward.report.data).toMatchObject({ verified: false, parts: 3 });
    const backward = await merge(paths.toReversed());
    expect(await sameBytes(backward.output, input)).toBe(false);
  });

  it('takes the folder or the manifest of a split as input', async () => {
    const { input, parts } = await splitFile(2500, 1000);
    for (const from of [parts, join(parts, 'manifest.json')]) {
      const { output } = await runJob(mergeJob, { input: from, output: 'whole.mp4' });
      expect(await sameBytes(output, input)).toBe(true);
    }
  });

  it('checks explicit parts against a manifest, whatever they are named', async () => {
    const { input, parts } = await splitFile(2500, 1000);
    await rename(join(parts, '00001.part'), join(parts, 'uploaded-7f'));
    const manifest = join(parts, 'manifest.json');
    const [a, b, c] = ['00000.part', 'uploaded-7f', '00002.part'].map((name) => join(parts, name));
    const { output } = await merge([manifest, a, b, c] as string[]);
    expect(await sameBytes(output, input)).toBe(true);
    const order = await failureOf(merge([manifest, b, a, c] as string[]), 'invalid_params');
    expect(order.message).toMatch('"uploaded-7f" is its 00001.part and stands where 00000.part belongs');
    const few = await failureOf(merge([manifest, a, b] as string[]), 'invalid_params');
    expect(few.message).toMatch('2 parts given, the manifest lists 3');
  });

  it('names the part that is missing, damaged or cut short', async () => {
    const { parts } = await splitFile(2500, 1000);
    const manifest = join(parts, 'manifest.json');
    const second = join(parts, '00001.part');
    const intact = await readFile(second);

    const damaged = Buffer.from(intact);
    damaged.writeUInt8(damaged.readUInt8(500) ^ 1, 500);
    await writeFile(second, damaged);
    expect((await failureOf(merge([manifest]), 'checksum_mismatch')).message).toMatch('00001.part');

    await writeFile(second, intact);
    await truncate(second, 999);
    expect((await failureOf(merge([manifest]), 'checksum_mismatch')).message).toMatch('999 bytes');

    await rm(second);
    const missing = await failureOf(merge([manifest]), 'input_not_found');
    expect(missing.message).toMatch('00001.part');
    await failureOf(merge([join(parts, '00000.part'), second]), 'input_not_found');

    await mkdir(second);
    await failureOf(merge([manifest]), 'invalid_request');
  });

  it('refuses a manifest that is none, and one that points elsewhere', async () => {
    const { parts } = await splitFile(2500, 1000);
    const path = join(parts, 'manifest.json');
    const good = JSON.parse(await readFile(path, 'utf8'));
    const withManifest = async (content: string) => {
      await writeFile(path, content);
      return await failureOf(merge([path]), 'invalid_manifest');
    };
    await withManifest('');
    await withManifest('{"kind":"mediamill.chunks"');
    await withManifest('[]');
    await withManifest(JSON.stringify({ ...good, size_bytes: 1 }));
    const [first, ...others] = good.parts;
    await withManifest(
      JSON.stringify({ ...good, parts: [{ ...first, file: '../../etc/passwd' }, ...others] }),
    );
    await withManifest(JSON.stringify({ ...good, parts: [...others, first] }));
    await writeFile(path, JSON.stringify({ ...good, sha256: '0'.repeat(64) }));
    await failureOf(merge([path]), 'checksum_mismatch');
  });

  it('does not follow links that lie where parts should', async () => {
    const { parts } = await splitFile(2500, 1000);
    const second = join(parts, '00001.part');
    await rename(second, join(parts, 'elsewhere'));
    await symlink('elsewhere', second);
    await failureOf(merge([join(parts, 'manifest.json')]), 'invalid_request');
    await rm(join(parts, 'manifest.json'));
    await symlink('/etc/passwd', join(parts, 'manifest.json'));
    await failureOf(runJob(mergeJob, { input: parts, output: 'w.mp4' }), 'invalid_request');
  });

  it('needs something to merge', async () => {
    await failureOf(runJob(mergeJob, { output: 'w.mp4' }), 'invalid_params');
    await failureOf(merge([]), 'invalid_params');
    await failureOf(merge(['/nope/00000.part']), 'input_not_found');
    const folder = await tempFolder();
    await failureOf(runJob(mergeJob, { input: folder, output: 'w.mp4' }), 'input_not_found');
  });

  it('leaves nothing when it is canceled', async () => {
    const { parts } = await splitFile(30_000_000, '1MB');
    await cp(parts, join(parts, '..', 'more'), { recursive: true });
    const controller = new AbortController();
    const work = runJob(mergeJob, { input: parts, output: 'w.mp4', signal: controller.signal });
    setTimeout(() => controller.abort(), 40);
    await failureOf(work, 'canceled');
  });
});
