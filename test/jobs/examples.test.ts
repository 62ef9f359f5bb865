/**
 * The examples of the reference page, run as they stand there: through the queue, on files of the names they use.
 * The result must have the keys and the kinds of values that the page shows, and the output the promised form.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobsPage } from '../../scripts/jobs-page.ts';
import type { AnyJob } from '../../src/core/job.ts';
import { createRegistry, describeTasks } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import type { JobResult } from '../../src/queue/port.ts';
import { decodeAudio, readAnimation, readImage, streamsOf } from '../decode/index.ts';
import { type Mill, openMill } from './examples/mill.ts';

let mill: Mill;

beforeAll(async () => {
  mill = await openMill();
});
afterAll(() => mill.close());

/** Maps whose keys the file decides: the page shows some of them. */
const OPEN_MAPS: ReadonlySet<string> = new Set(['tags', 'numeric']);

/** Keys and kinds of values, of lists the first element's; null stands for any kind. */
function expectSameShape(real: unknown, shown: unknown, path: string): void {
  if (real === null || shown === null) return;
  expect(kindOf(real), path).toBe(kindOf(shown));
  if (Array.isArray(real) && Array.isArray(shown)) {
    expect(shown.length > 0 || real.length === 0, `${path} is not empty`).toBe(true);
    if (real.length > 0 && shown.length > 0) expectSameShape(real[0], shown[0], `${path}[0]`);
  } else if (isMap(real) && isMap(shown)) {
    const open = OPEN_MAPS.has(path.split('.').at(-1) ?? '');
    const keys = Object.keys(shown);
    if (open) expect(Object.keys(real), path).toEqual(expect.arrayContaining(keys));
    else expect(Object.keys(real).sort(), path).toEqual(keys.sort());
    for (const key of keys) expectSameShape(real[key], shown[key], `${path}.${key}`);
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);

/** Decodes the file, by what its name promises. */
async function expectSound(path: string): Promise<void> {
  const extension = path.slice(path.lastIndexOf('.'));
  const bytes = readFileSync(path);
  expect(bytes.length, path).toBeGreaterThan(0);
  switch (extension) {
    case '.json':
      return expect(() => JSON.parse(bytes.toString('utf8'))).not.toThrow();
    case '.jpg':
    case '.png':
      return expect((await readImage(path)).width).toBeGreaterThanOrEqual(16);
    case '.gif':
      return expect((await readAnimation(path)).frames.length).toBeGreaterThan(1);
    case '.mp3':
    case '.wav':
      return expect((await decodeAudio(path)).rate).toBeGreaterThan(0);
    case '.mp4':
      return expectFilm(path, bytes);
    case '.zst':
      return expect(zstdDecompressSync(bytes).length).toBeGreaterThan(bytes.length);
    case '.gz':
      return expect(gunzipSync(bytes).length).toBeGreaterThan(0);
    case '.sha256':
      return expect(bytes.toString()).toMatch(/^[0-9a-f]{64} {2}\S+\n$/);
    case '.part':
      return;
    default:
      throw new Error(`Nobody knows how to check ${path}`);
  }
}

/** The two halves of `merge_file_chunks` are no film, whatever they are called. */
function expectFilm(path: string, bytes: Buffer): void {
  if (/^a+b+$/.test(bytes.toString('latin1'))) return;
  const kinds = streamsOf(path).streams.map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(['video', 'audio']));
}

/** What jobs without an output do instead, as their results tell it. */
const EFFECTS: Record<string, (data: Record<string, unknown>) => Promise<void>> = {
  async chain_job_trigger({ next_job_id, next_task }) {
    expect(await mill.job(String(next_job_id))).toMatchObject({ task: next_task, status: 'finished' });
  },
  async report_metrics({ job_id, metrics }) {
    expect(await mill.job(String(job_id))).toMatchObject({ reported_metrics: metrics });
  },
  async purge_original_file({ path }) {
    expect(existsSync(mill.place(String(path)))).toBe(false);
  },
};

describe.each(jobs.map((job) => [job.name, job] as const))('%s', (name, job: AnyJob) => {
  test('does what its example says', async () => {
    const { result: shown, output_path } = job.example;
    expect(shown, 'it shows a result').toBeDefined();
    const record = await mill.run(job);
    expect(record.error).toBeNull();
    const { data, message, warnings, outputs } = record.result as JobResult;
    expect(warnings, 'an example shows the best case').toEqual([]);
    expect(message).toMatch(/^\S.*\S$/);
    expectSameShape(data, shown, 'result');

    expect(record.result?.output_path ?? undefined).toBe(output_path);
    if (!output_path) {
      expect(outputs).toEqual([]);
      return await (EFFECTS[name] as (typeof EFFECTS)[string])(data);
    }
    const place = mill.place(output_path);
    const folder = job.output.kind === 'directory';
    expect(statSync(place).isDirectory()).toBe(folder);
    const files = folder ? readdirSync(place).sort() : [''];
    const announced = outputs.map((output) => output.name).sort();
    expect(announced).toEqual(folder ? files : [output_path.split('/').at(-1)]);
    for (const file of files) await expectSound(join(place, file));
  });
});

test('GET /api/tasks carries the results', () => {
  const tasks = Object.values(describeTasks(createRegistry(jobs))).flat();
  expect(tasks.filter(({ example }) => example.result === undefined)).toEqual([]);
});

test('the reference page is made of them', () => {
  const page = readFileSync(new URL('../../docs/reference/jobs.md', import.meta.url), 'utf8');
  expect(page, 'run npm run gen').toBe(jobsPage(jobs));
});
