/** Real processes on one database, killed while they hold something. More of the kind is in test/faults. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, put, take } from '../contracts/queue/kit.ts';
import { createStore, type Store } from './sqlite-store.ts';

let store: Store;
beforeEach(async () => {
  store = await createStore();
});
afterEach(() => store.dispose());

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

test('children of a job that died with its worker fail with it, once, however many see it', async () => {
  const [queue, other] = [await store.open(), await store.open()];
  const parent = await put(queue, { attempts: 1 });
  const strict = { on_parent_failure: 'fail' } as const;
  const child = await put(queue, { ...strict, depends_on: [parent.id] });
  const grandchild = await put(queue, { ...strict, depends_on: [child.id] });
  const holder = store.spawn('holder', 600_000);
  await holder.line('claimed');
  holder.kill('SIGKILL');
  await eventually(
    async () => (await other.get(grandchild.id))?.status === 'failed',
    10_000,
    'the failure of all three',
  );
  for (const { id } of [child, grandchild]) {
    const job = await queue.get(id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
    expect(job?.timeline.map(({ event }) => event)).toEqual(['enqueued', 'failed']);
  }
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
