/** Real processes on one database, killed in the middle of what they do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobRecord, Queue } from '../../src/queue/port.ts';
import { eventually, newJob, put, result, take } from '../contracts/queue/kit.ts';
import type { Helper } from './helper-process.ts';
import { createStore, integrity, type Store } from './sqlite-store.ts';

let store: Store;
beforeEach(async () => {
  store = await createStore();
});
afterEach(() => store.dispose());

async function all(queue: Queue): Promise<JobRecord[]> {
  const jobs: JobRecord[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await queue.list({ limit: 200, ...(cursor && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return jobs;
}

async function ended(queue: Queue, count: number): Promise<boolean> {
  const { finished, failed, canceled } = await queue.counts();
  return finished + failed + canceled === count;
}

test('kill -9 during 500 enqueues: every answered job exists', { timeout: 30_000 }, async () => {
  const answered: string[] = [];
  for (const answers of [50, 250, 500]) {
    const enqueuer = store.spawn('enqueuer');
    await eventually(() => enqueuer.lines.length >= answers, 10_000, 'answers');
    enqueuer.kill('SIGKILL');
    expect(await enqueuer.exited).toMatchObject({ signal: 'SIGKILL' });
    answered.push(...enqueuer.lines.flatMap((line) => line.split(' ')));
  }
  expect(await integrity(store.database)).toBe('ok');
  const queue = await store.open();
  const stored = new Set((await all(queue)).map((job) => job.id));
  expect(answered.length).toBeGreaterThan(800);
  expect(answered.filter((id) => !stored.has(id))).toEqual([]);
  // Stored but not answered: at most the one batch each that was on its way.
  expect(stored.size - answered.length).toBeLessThanOrEqual(3 * 5);
  expect((await queue.counts()).queued).toBe(stored.size);
});

test('3 workers killed at random: nothing lost, one result each', { timeout: 60_000 }, async () => {
  const queue = await store.open();
  const more = () => queue.enqueue(Array.from({ length: 50 }, () => newJob({ task: 'noop', attempts: 100 })));
  const jobs = [...(await more()), ...(await more())];
  const past: Helper[] = [];
  const workers: Helper[] = [];
  const hire = async (): Promise<Helper> => {
    const worker = store.spawn('worker', 2, 30);
    past.push(worker);
    await worker.line('ready');
    return worker;
  };
  for (let i = 0; i < 3; i += 1) workers.push(await hire());
  for (let kills = 0; kills < 10; kills += 1) {
    // Nobody is killed while idle.
    while ((await queue.counts()).queued < 50) jobs.push(...(await more()));
    await sleep(50 + Math.random() * 150);
    const victim = Math.floor(Math.random() * 3);
    workers[victim]?.kill('SIGKILL');
    workers[victim] = await hire();
  }
  await eventually(() => ended(queue, jobs.length), 30_000, 'all jobs to end');
  for (const worker of workers) worker.kill('SIGTERM');
  for (const worker of workers) expect(await worker.exited).toEqual({ code: 0, signal: null });

  expect(await integrity(store.database)).toBe('ok');
  const stored = await all(queue);
  expect(stored.map((job) => job.id).sort()).toEqual(jobs.map((job) => job.id).sort());
  expect(stored.filter((job) => job.status !== 'finished')).toEqual([]);
  for (const { timeline, attempts } of stored) {
    const of = (event: string) => timeline.filter((entry) => entry.event === event).length;
    expect(of('finished')).toBe(1);
    expect(of('claimed')).toBe(attempts);
    expect(of('lease_expired')).toBe(attempts - 1);
  }
  // Some attempt was cut short, or nothing was tried here.
  expect(stored.some((job) => job.attempts > 1)).toBe(true);
  const done = past.flatMap((worker) => worker.lines.filter((line) => line.startsWith('done')));
  const finishers = done.map((line) => line.split(' ')[1]);
  expect(new Set(finishers).size).toBe(finishers.length);
});

test('8 claimers on 2000 jobs: no job is given twice', { timeout: 60_000 }, async () => {
  const queue = await store.open();
  const jobs = await queue.enqueue(Array.from({ length: 2000 }, () => newJob({ task: 'noop' })));
  const workers = [0, 1, 2, 3].map(() => store.spawn('worker', 2, 0));
  await eventually(() => ended(queue, jobs.length), 50_000, 'all jobs to end');
  for (const worker of workers) worker.kill('SIGTERM');
  for (const worker of workers) expect(await worker.exited).toEqual({ code: 0, signal: null });
  const claims = workers.flatMap((worker) => worker.lines.filter((line) => line.startsWith('claimed')));
  expect(claims).toHaveLength(2000);
  expect(new Set(claims)).toEqual(new Set(jobs.map(({ id }) => `claimed ${id} 1`)));
  expect(
    workers.filter((worker) => worker.lines.some((line) => line.startsWith('done'))).length,
  ).toBeGreaterThan(1);
  expect(await queue.counts()).toMatchObject({ finished: 2000, failed: 0 });
});

test('a job of a killed worker is recovered at once, whatever its lease', async () => {
  const queue = await store.open();
  await put(queue);
  const holder = store.spawn('holder', 600_000);
  await holder.line('claimed');
  await sleep(600);
  expect(await queue.claim('worker-2', 30_000)).toBeNull();
  holder.kill('SIGKILL');
  const start = performance.now();
  const claim = await eventually(() => queue.claim('worker-2', 30_000), 5000, 'the job to come back');
  expect(performance.now() - start).toBeLessThan(3000);
  expect(claim.attempt).toBe(2);
  expect(claim.job.timeline[2]?.detail).toContain('gone');
});

test('after a restart the jobs of killed processes are there at once', async () => {
  const before = await store.open();
  const { id } = await put(before);
  await before.close();
  const holder = store.spawn('holder', 600_000);
  await holder.line('claimed');
  holder.kill('SIGKILL');
  await holder.exited;
  const queue = await store.open();
  expect(await take(queue, 'worker-2')).toMatchObject({ job: { id }, attempt: 2 });
});

test('a job that kills its worker every time fails as crashed', async () => {
  const queue = await store.open();
  const { id } = await put(queue, { attempts: 2 });
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const holder = store.spawn('holder', 600_000);
    await holder.line('claimed');
    holder.kill('SIGKILL');
    await holder.exited;
    await eventually(async () => (await queue.get(id))?.status !== 'started', 5000, 'the loss to be noticed');
  }
  const job = await queue.get(id);
  expect(job).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'crashed' } });
  expect(job?.error?.detail).toContain('2 attempts');
});

test('a worker stopped past its lease is fenced when it goes on', { timeout: 15_000 }, async () => {
  const queue = await store.open();
  const { id } = await put(queue);
  const holder = store.spawn('holder', 500);
  await holder.line('claimed');
  await holder.line('renewed');
  holder.kill('SIGSTOP');
  const claim = await eventually(() => queue.claim('worker-2', 30_000), 5000, 'the lease to run out');
  expect(claim).toMatchObject({ job: { id }, attempt: 2 });
  // Alive but silent: this was the lease, not the missing process.
  expect(claim.job.timeline[2]?.detail).not.toContain('gone');
  holder.kill('SIGCONT');
  await holder.line('lease_lost');
  expect(await holder.exited).toEqual({ code: 0, signal: null });
  expect(await queue.complete(claim, result())).toMatchObject({ status: 'finished', attempts: 2 });
});

test('an announced worker is forgotten as soon as its process is gone', async () => {
  const queue = await store.open();
  const { workerId } = await import('../../src/queue/worker-id.ts');
  const holder = store.spawn('holder', 600_000);
  await holder.exited; // Nothing to claim: it has gone.
  const mine = workerId();
  const dead = mine.replace(/^([^:]+):\d+:/, `$1:${holder.process.pid}:`);
  const info = { host: 'h', pid: 1, started_at: '', jobs: [], concurrency: 1, state: 'running' as const };
  await queue.announce({ ...info, id: mine }, 600_000);
  await queue.announce({ ...info, id: dead }, 600_000);
  await eventually(async () => (await queue.workers()).length === 1, 3000, 'it to be forgotten');
  expect((await queue.workers())[0]?.id).toBe(mine);
});
