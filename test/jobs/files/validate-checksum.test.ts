import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import job from '../../../src/jobs/acquisition/validate_checksum.ts';
import { failureOf, randomFile, runJob, tempFolder } from './job-run.ts';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('validate_checksum', () => {
  it.each(['sha256', 'sha512', 'sha1', 'md5'] as const)('confirms a right %s', async (algorithm) => {
    const input = await randomFile(await tempFolder(), 'a.bin', 3_000_000);
    const expected = createHash(algorithm)
      .update(await readFile(input))
      .digest('hex');
    const params = { expected_hash: ` ${expected.toUpperCase()} `, algorithm };
    const { report, progress } = await runJob(job, { input, output: 'c.json', params });
    expect(report.data).toEqual({ algorithm, expected, actual: expected, valid: true });
    expect(progress.at(-1)).toMatchObject({ percent: 100, bytes_done: 3_000_000 });
  });

  it('fails on a mismatch, or reports it when asked to', async () => {
    const input = await randomFile(await tempFolder(), 'a.bin', 10);
    const params = { expected_hash: EMPTY_SHA256 };
    const failure = await failureOf(runJob(job, { input, output: 'c.json', params }), 'checksum_mismatch');
    expect(failure.facts).toMatchObject({ algorithm: 'sha256', expected: EMPTY_SHA256, valid: false });
    const quiet = await runJob(job, {
      input,
      output: 'c.json',
      params: { ...params, fail_on_invalid: false },
    });
    expect(quiet.report.data).toMatchObject({ valid: false });
  });

  it('knows the checksum of nothing', async () => {
    const input = join(await tempFolder(), 'empty.bin');
    await writeFile(input, '');
    const { report } = await runJob(job, {
      input,
      output: 'c.json',
      params: { expected_hash: EMPTY_SHA256 },
    });
    expect(report.data).toMatchObject({ valid: true });
  });

  it('refuses bad params and inputs', async () => {
    const folder = await tempFolder();
    const input = await randomFile(folder, 'a.bin', 10);
    const run = (params: Record<string, unknown>, from: string | null = input) =>
      runJob(job, { input: from, output: 'c.json', params });
    await failureOf(run({}), 'invalid_params');
    await failureOf(run({ expected_hash: 'xyz' }), 'invalid_params');
    await failureOf(run({ expected_hash: 'abcd' }), 'invalid_params');
    await failureOf(run({ expected_hash: EMPTY_SHA256, algorithm: 'md5' }), 'invalid_params');
    await failureOf(run({ expected_hash: EMPTY_SHA256, algorithm: 'crc32' }), 'invalid_params');
    await failureOf(run({ expected_hash: EMPTY_SHA256, algorithmus: 'md5' }), 'invalid_params');
    await failureOf(run({ expected_hash: EMPTY_SHA256 }, null), 'input_required');
    await failureOf(run({ expected_hash: EMPTY_SHA256 }, join(folder, 'missing')), 'input_not_found');
    await mkdir(join(folder, 'sub'));
    await failureOf(run({ expected_hash: EMPTY_SHA256 }, join(folder, 'sub')), 'invalid_request');
  });

  it('ends when it is canceled', async () => {
    const input = await randomFile(await tempFolder(), 'a.bin', 50_000_000);
    const controller = new AbortController();
    const work = runJob(job, {
      input,
      output: 'c.json',
      params: { expected_hash: EMPTY_SHA256 },
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 5);
    await failureOf(work, 'canceled');
  });
});
