/** What only a queue on a service must survive: its workers killed, and Redis itself stopped, killed or frozen. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Queue } from '../../src/queue/port.ts';
import { eventually, expectCode, put, record } from '../contracts/queue/kit.ts';
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

  test('children of a job that died with its worker fail with it, once, however many see it', async () => {
    const [queue, other] = [await queues.open(), await queues.open()];
    const parent = await put(queue, { attempts: 1 });
    const strict = { on_parent_failure: 'fail' } as const;
    const child = await put(queue, { ...strict, depends_on: [parent.id] });
    const grandchild = await put(queue, { ...strict, depends_on: [child.id] });
    const holder = queues.spawn('holder', 2000);
    await holder.line('claimed');
    holder.kill('SIGKILL');
    await eventually(
      async () => (await other.get(grandchild.id))?.status === 'failed',
      15_000,
      'the failure of all three',
    );
    for (const { id } of [child, grandchild]) {
      const job = await queue.get(id);
      expect(job).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
      expect(job?.timeline.map(({ event }) => event)).toEqual(['enqueued', 'failed']);
    }
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

async function reachable(queue: Queue): Promise<boolean> {
  return await queue.check().then(
    () => true,
    () => false,
  );
}
