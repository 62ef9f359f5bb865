import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import type { JobRecord, NewJob } from '../../src/queue/port.ts';
import type { NextJob } from '../../src/runner/errands.ts';
import { endedJob } from '../queue/ended-job.ts';
import { openWorkplace, type Workplace } from './fixtures/workplace.ts';

const REAL = { registry: createRegistry(jobs), registryModule: undefined };

function job(task: string, params: Record<string, unknown>, input: string | null = null): NewJob {
  return { task, input_path: input, output_path: null, params };
}

async function one(place: Workplace, next: NewJob): Promise<JobRecord> {
  const [record] = await place.queue.enqueue([next]);
  return record as JobRecord;
}

const CHAIN = { next_task: 'calculate_sha256', next_output: '/data/output/next.sha256' };

test('chain_job_trigger enqueues the next job with its own input, and names it', async () => {
  const place = await openWorkplace();
  place.start(REAL);
  const first = await endedJob(
    place.queue,
    (await one(place, job('chain_job_trigger', CHAIN, '/data/input/a.txt'))).id,
  );
  expect(first.status).toBe('finished');
  const next = await endedJob(place.queue, String(first.result?.data.next_job_id));
  expect(next).toMatchObject({
    status: 'finished',
    task: 'calculate_sha256',
    input_path: '/data/input/a.txt',
    chain_depth: 1,
  });
});

test('without an input the next job gets the output of the job this one waited for', async () => {
  const place = await openWorkplace();
  place.start(REAL);
  const parent = await one(place, {
    ...job('calculate_sha256', {}, '/data/input/a.txt'),
    output_path: '/data/output/a.sha256',
  });
  const chained = await one(place, { ...job('chain_job_trigger', CHAIN), depends_on: [parent.id] });
  const record = await endedJob(place.queue, chained.id);
  const next = await endedJob(place.queue, String(record.result?.data.next_job_id));
  expect(next.input_path).toBe('/data/output/a.sha256');
});

test('an attempt that dies after it enqueued does not enqueue twice', async () => {
  const place = await openWorkplace();
  let calls = 0;
  place.start({
    ...REAL,
    submit: async (next: NextJob) => {
      const [record] = await place.queue.enqueue([next]);
      calls += 1;
      if (calls === 1) throw new Error('the worker dies here');
      return record as JobRecord;
    },
  });
  const record = await endedJob(
    place.queue,
    (await one(place, job('chain_job_trigger', CHAIN, '/data/input/a.txt'))).id,
  );
  expect(record).toMatchObject({ status: 'finished', attempts: 2 });
  expect(calls).toBe(2);
  const { jobs: all } = await place.queue.list({ task: 'calculate_sha256' });
  expect(all.map(({ id }) => id)).toEqual([record.result?.data.next_job_id]);
});

test('a chain of 64 goes no further', async () => {
  const place = await openWorkplace();
  place.start(REAL);
  const deep = await one(place, { ...job('chain_job_trigger', CHAIN, '/data/input/a.txt'), chain_depth: 64 });
  const record = await endedJob(place.queue, deep.id);
  expect(record).toMatchObject({ status: 'failed', error: { code: 'invalid_request' } });
  expect((await place.queue.list({ task: 'calculate_sha256' })).jobs).toEqual([]);
});

test('report_metrics stores numbers with another job, and refuses one that is not there', async () => {
  const place = await openWorkplace();
  place.start(REAL);
  const about = await endedJob(
    place.queue,
    (await one(place, job('calculate_sha256', {}, '/data/input/a.txt'))).id,
  );
  const report = (metrics: Record<string, number>, id = about.id) =>
    one(place, job('report_metrics', { job_id: id, metrics }));
  await endedJob(place.queue, (await report({ vmaf: 94.2, ssim: 0.5 })).id);
  await endedJob(place.queue, (await report({ ssim: 0.99 })).id);
  expect((await place.queue.get(about.id))?.reported_metrics).toEqual({ vmaf: 94.2, ssim: 0.99 });
  const lost = await endedJob(place.queue, (await report({ vmaf: 1 }, 'nobody')).id);
  expect(lost).toMatchObject({ status: 'failed', error: { code: 'job_not_found' } });
});

test('purge_original_file deletes its input, unless another job still needs it', async () => {
  const place = await openWorkplace();
  const path = join(place.inputRoot, 'b.txt');
  await writeFile(path, 'b');
  // Waits for ever: it needs the file.
  const waiting = await one(place, {
    ...job('calculate_sha256', {}, '/data/input/b.txt'),
    delay_ms: 3_600_000,
  });
  place.start(REAL);
  const refused = await endedJob(
    place.queue,
    (await one(place, job('purge_original_file', {}, '/data/input/b.txt'))).id,
  );
  expect(refused).toMatchObject({
    status: 'failed',
    error: { code: 'in_use', facts: { jobs: [waiting.id] } },
  });
  expect(existsSync(path)).toBe(true);
  await place.queue.cancel(waiting.id);
  const done = await endedJob(
    place.queue,
    (await one(place, job('purge_original_file', {}, '/data/input/b.txt'))).id,
  );
  expect(done.status).toBe('finished');
  expect(existsSync(path)).toBe(false);
});
