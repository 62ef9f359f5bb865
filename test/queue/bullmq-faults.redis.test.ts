/** What only a queue on a service must survive: its workers killed, and Redis itself stopped, killed or frozen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ErrorCode, MillError } from '../../src/core/errors.ts';
import type { Claim, JobRecord, Queue } from '../../src/queue/port.ts';
import { eventually, expectCode, newJob, put, record, result } from '../contracts/queue/kit.ts';
import { queuesOn, type RedisQueues, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'a queue on Redis', () => {
  let redis: RedisServer;
  let queues: RedisQueues;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => {
    queues = queuesOn(redis);
  });
  afterEach(() => queues.dispose());
  afterAll(() => redis.dispose());

  test('the job of a killed worker is back within two leases', async () => {
    const queue = await queues.open();
    const { id } = await put(queue);
    const leaseMs = 2000;
    const holder = queues.spawn('holder', leaseMs);
    await holder.line('claimed');
    await holder.line('renewed');
    holder.kill('SIGKILL');
    const start = performance.now();
    const claim = await eventually(() => queue.claim('worker-2', 30_000), 2 * leaseMs, 'the job');
    expect(performance.now() - start).toBeLessThan(2 * leaseMs);
    expect(claim).toMatchObject({ job: { id }, attempt: 2 });
  });

  test('a worker stopped past its lease is fenced when it goes on', async () => {
    const queue = await queues.open();
    const { id } = await put(queue);
    const holder = queues.spawn('holder', 500);
    await holder.line('renewed');
    holder.kill('SIGSTOP');
    const claim = await eventually(() => queue.claim('worker-2', 30_000), 5000, 'the lease to run out');
    expect(claim).toMatchObject({ job: { id }, attempt: 2 });
    holder.kill('SIGCONT');
    await holder.line('lease_lost');
    expect(await queue.complete(claim, result())).toMatchObject({ status: 'finished', attempts: 2 });
  });

  test('8 claimers in 4 processes: 1000 jobs, none twice', async () => {
    const queue = await queues.open();
    const jobs = await queue.enqueue(Array.from({ length: 1000 }, () => newJob()));
    const workers = Array.from({ length: 4 }, () => queues.spawn('worker', 2, 0));
    await eventually(async () => (await queue.counts()).finished === jobs.length, 30_000, 'all to finish');
    for (const worker of workers) worker.kill('SIGTERM');
    expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual(
      workers.map(() => ({ code: 0, signal: null })),
    );
    const lines = workers.flatMap((worker) => worker.lines);
    const claimed = lines.filter((line) => line.startsWith('claimed'));
    expect(claimed).toHaveLength(jobs.length);
    expect(new Set(claimed.map((line) => line.split(' ')[1]))).toEqual(new Set(jobs.map(({ id }) => id)));
    expect(lines.filter((line) => line.startsWith('lost'))).toEqual([]);
    expect(workers.filter((worker) => worker.lines.length > 1).length).toBeGreaterThan(1);
  });

  test('while Redis is down everything fails at once, and comes back by itself', async () => {
    const queue = await queues.open();
    const before = await put(queue);
    const watch = record(queue);
    await redis.stop();
    for (const attempt of [
      () => put(queue),
      () => queue.claim('worker-1', 1000),
      () => queue.get(before.id),
      () => queue.check(),
    ]) {
      const start = performance.now();
      await expectCode(attempt(), 'queue_unavailable');
      expect(performance.now() - start).toBeLessThan(200);
    }
    // Neither waiting nor watching fails.
    await queue.waitForWork(AbortSignal.timeout(300));
    await redis.start();
    await eventually(() => reachable(queue), 5000, 'the queue to come back');
    expect((await queue.get(before.id))?.id).toBe(before.id);
    const after = await put(queue);
    await watch.seen((event) => event.type === 'job' && event.job.id === after.id, 5000);
    await watch.stop();
  });

  test('a Redis that hangs is not waited for', { timeout: 20_000 }, async () => {
    const queue = await queues.open();
    redis.signal('SIGSTOP');
    try {
      const start = performance.now();
      await expectCode(put(queue), 'queue_unavailable');
      expect(performance.now() - start).toBeLessThan(6000);
    } finally {
      redis.signal('SIGCONT');
    }
    await eventually(() => reachable(queue), 5000, 'the queue to come back');
  });

  test('a watcher that missed messages learns what became of the jobs', async () => {
    const [queue, other] = [await queues.open(), await queues.open()];
    const { id } = await put(queue);
    const watch = record(queue);
    await queue.counts();
    const looking = redis.client();
    // The listener alone loses its connection.
    await looking.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await other.cancel(id);
    await watch.seen((event) => event.type === 'job' && event.job.status === 'canceled', 5000);
    await watch.stop();
  });
});

describe.skipIf(missing !== null)(missing ?? 'Redis restarted under load', () => {
  test.each([
    ['SIGTERM', 'everysec'],
    // Killed in the middle of things: what was answered is in the file only because each answer waits for it.
    ['SIGKILL', 'always'],
  ] as const)('%s, appendfsync %s: nothing acknowledged is lost or done twice', async (signal, fsync) => {
    const redis = await startRedis(fsync);
    const queues = queuesOn(redis);
    try {
      const accepted: string[] = [];
      const load = new AbortController();
      const refused: ErrorCode[] = [];
      const front = await queues.open();
      const enqueuing = [0, 1].map(async () => {
        while (!load.signal.aborted) {
          try {
            const jobs = await front.enqueue([newJob(), newJob()]);
            accepted.push(...jobs.map(({ id }) => id));
            await sleep(2);
          } catch (error) {
            refused.push((error as MillError).code);
            await sleep(20);
          }
        }
      });
      const work = new AbortController();
      const handles = [await queues.open({ attempts: 10 }), await queues.open({ attempts: 10 })];
      const working = handles.map((queue, slot) => runJobs(queue, `worker-${slot}`, work.signal));

      await sleep(1000);
      for (let round = 0; round < 2; round += 1) {
        await redis.stop(signal);
        await sleep(300);
        await redis.start();
        await sleep(1000);
      }
      load.abort();
      await Promise.all(enqueuing);
      expect(refused.length).toBeGreaterThan(0);
      expect(new Set(refused)).toEqual(new Set(['queue_unavailable']));
      expect(accepted.length).toBeGreaterThan(200);

      await eventually(
        async () => {
          const { queued, started, scheduled } = await front.counts();
          return queued + started + scheduled === 0;
        },
        20_000,
        'all jobs to end',
      );
      work.abort();
      await Promise.all(working);
      const jobs = await Promise.all(accepted.map((id) => front.get(id)));
      // A few of them say enough.
      expect(jobs.filter((job) => job?.status !== 'finished').slice(0, 3)).toEqual([]);
      expect(jobs.filter((job) => ends(job) !== 1).slice(0, 3)).toEqual([]);
    } finally {
      await queues.dispose();
      await redis.dispose();
    }
  });
});

/** Claims and completes until told to stop; what Redis did not answer is asked again. */
async function runJobs(queue: Queue, worker: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const claim = await queue.claim(worker, 1000).catch(unavailable);
    if (claim) await finish(queue, claim);
    else await queue.waitForWork(AbortSignal.any([signal, AbortSignal.timeout(50)]));
  }
}

async function finish(queue: Queue, claim: Claim): Promise<void> {
  for (;;) {
    try {
      await queue.complete(claim, result());
      return;
    } catch (error) {
      if (error instanceof MillError && error.code === 'lease_lost') return;
      unavailable(error);
      await sleep(20);
    }
  }
}

function unavailable(error: unknown): null {
  if (error instanceof MillError && error.code === 'queue_unavailable') return null;
  throw error;
}

function ends(job: JobRecord | null): number {
  return job?.timeline.filter(({ event }) => event === 'finished').length ?? 0;
}

async function reachable(queue: Queue): Promise<boolean> {
  return await queue.check().then(
    () => true,
    () => false,
  );
}
