/**
 * Case 33 of security.md: every option that could read or write a file, open a device or run a filter is refused
 * by every job that takes options, by its name, in all the ways it can be written, and no file appears.
 */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS, toMillError } from '../../src/core/errors.ts';
import {
  FORBIDDEN_OPTIONS,
  FORBIDDEN_X265_OPTIONS,
  PARAMETER_STRINGS,
} from '../../src/core/option-policy.ts';
import { type Params, paramsJsonSchema } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { type ChildHost, createChildHost } from '../../src/runner/child-host.ts';
import { alphaPng, counterVideo } from '../fixtures/media/index.ts';

const LIMITS = { timeoutMs: 20_000, memoryLimitBytes: 2 * 1024 ** 3 };

/** The child's working directory: where an encoder would write the file that an option names. */
const sandbox = mkdtempSync(join(tmpdir(), 'mill-sandbox-'));
const work = mkdtempSync(join(tmpdir(), 'mill-work-'));
let host: ChildHost;
let film: string;
let logo: string;

beforeAll(async () => {
  [film, logo] = await Promise.all([counterVideo({ frames: 10 }), alphaPng()]);
  const here = process.cwd();
  process.chdir(sandbox);
  try {
    host = createChildHost({ jobsPerChild: Number.POSITIVE_INFINITY });
    host.warm();
  } finally {
    process.chdir(here);
  }
});

afterAll(async () => {
  await host.close();
  for (const folder of [sandbox, work]) rmSync(folder, { recursive: true });
});

/** Jobs that take codec options, as their schemas say. */
const withOptions = jobs.filter(
  (job) => 'options' in ((paramsJsonSchema(job).properties as Record<string, unknown> | undefined) ?? {}),
);

async function answer(task: string, params: Params): Promise<{ code: string; text: string }> {
  const needed: Params = task === 'apply_watermark' ? { watermark_path: logo } : {};
  const order = {
    id: 'forbidden',
    task,
    params: { ...needed, preset: 'ultrafast', ...params },
    input: film,
    target: 'out.mp4',
    work,
    threads: 1,
    network: { allow: [] },
  };
  return await host.run(order, LIMITS).then(
    ({ report }) => ({ code: 'done', text: report.message }),
    (error) => ({ code: toMillError(error).code, text: toMillError(error).message }),
  );
}

/** Every way to write an option of this name: alone, in a parameter string, in a table. */
function spellings(name: string): { options: Params; shown: string }[] {
  const value = 'written-by-an-option.log';
  return [
    { options: { [name]: value }, shown: name },
    { options: { [name]: 1 }, shown: name },
    { options: { g: 50, 'x264-params': `ref=2:${name}=${value}` }, shown: `x264-params.${name}` },
    { options: { 'x265-params': `${name}=${value}` }, shown: `x265-params.${name}` },
    { options: { 'x265-params': { [name]: value } }, shown: `x265-params.${name}` },
    { options: { 'svtav1-params': { tune: 0, [name]: true } }, shown: `svtav1-params.${name}` },
  ];
}

test('a request with one is answered with 400', () => {
  expect(ERRORS.forbidden_option).toMatchObject({ status: 400, retryable: false });
});

test('there are jobs that take options, and options to refuse', () => {
  expect(withOptions.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['apply_watermark', 'resize_to_720p', 'transcode_h264_to_h265']),
  );
  // Those that security.md names.
  expect([...FORBIDDEN_OPTIONS]).toEqual(
    expect.arrayContaining(['csv', 'stats', 'analysis-save', 'dump-yuv', 'passlogfile']),
  );
  expect(FORBIDDEN_OPTIONS.size).toBeGreaterThan(80);
  if (process.platform === 'linux') expect(readlinkSync(`/proc/${host.pid}/cwd`)).toBe(sandbox);
});

describe.each(withOptions.map(({ name }) => name))('33 %s', (task) => {
  test('refuses each of them by its name, and nothing is written', async () => {
    for (const name of FORBIDDEN_OPTIONS) {
      for (const { options, shown } of spellings(name)) {
        const { code, text } = await answer(task, { options });
        expect({ options, code }).toEqual({ options, code: 'forbidden_option' });
        expect(text).toContain(`"${shown}"`);
      }
    }
    expect(readdirSync(sandbox)).toEqual([]);
    expect(readdirSync(work)).toEqual([]);
  });

  test('refuses what names a file to x265 alone', async () => {
    for (const name of FORBIDDEN_X265_OPTIONS) {
      const { code, text } = await answer(task, { options: { 'x265-params': { [name]: 'grain.bin' } } });
      expect(code).toBe('forbidden_option');
      expect(text).toContain(`"x265-params.${name}"`);
    }
  });

  test.each([...PARAMETER_STRINGS])('refuses what is smuggled into %s', async (list) => {
    for (const options of [
      { [list]: 'crf=20:csv=a.csv' },
      { [list]: { crf: '20:csv=a.csv' } },
      { [list]: { 'crf=20:csv': 'a.csv' } },
      { [list]: { tune: '../a.log' } },
      { [list]: 'tune=/tmp/a.log' },
      { [list.toUpperCase()]: 'stats=a.log' },
    ]) {
      const { code } = await answer(task, { options });
      expect({ options, code }).toEqual({ options, code: 'forbidden_option' });
    }
  });

  test('refuses paths, addresses and filter graphs as values', async () => {
    for (const value of [
      '/etc/passwd',
      '..',
      'C:\\a.log',
      'http://host',
      '[in]scale[out]',
      '|cat',
      '@file',
    ]) {
      const { code, text } = await answer(task, { options: { tune: value } });
      expect({ value, code }).toEqual({ value, code: 'forbidden_option' });
      expect(text).toContain('"tune"');
    }
  });
});

test('the child is alive and encodes with the options that are allowed', async () => {
  const allowed = await answer('resize_to_720p', { options: { g: 5, 'x264-params': { ref: 1 } } });
  expect(allowed.code, allowed.text).toBe('done');
  expect(readdirSync(sandbox)).toEqual([]);
});
