/** What lies in Redis: a queue that BullMQ's own tools understand, and nothing that grows without bound. */
import { Queue as BullQueue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually, failure, newJob, put, result, take } from '../contracts/queue/kit.ts';
import { queuesOn, type RedisQueues, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
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

  function bullmq(): BullQueue {
    const { port } = new URL(redis.url);
    return new BullQueue(queues.queueName, { connection: { host: '127.0.0.1', port: Number(port) } });
  }

  test('BullMQ sees every job where it is', async () => {
    const queue = await queues.open();
    const finished = await put(queue, { task: 'probe', params: { a: 1 } });
    await queue.complete(await take(queue), result('5 s of video'));
    const failed = await put(queue);
    await queue.fail(await take(queue), failure('corrupt_media', 'Packet 7 is damaged.'));
    await put(queue, { attempts: 2 });
    await queue.fail(await take(queue), { ...failure('crashed'), retryable: true });
    await put(queue);
    const active = await take(queue, 'worker-7');
    await put(queue);
    const urgent = await put(queue, { priority: 100 });
    const scheduled = await put(queue, { delay_ms: 60_000 });
    const canceled = await put(queue);
    await queue.cancel(canceled.id);
    await put(queue, { depends_on: [scheduled.id] });

    await using bull = closing(bullmq());
    expect(await bull.queue.getJobCounts()).toMatchObject({
      completed: 1,
      failed: 1,
      active: 1,
      prioritized: 2,
      delayed: 2,
      waiting: 0,
    });
    expect(await bull.queue.getJob(finished.id)).toMatchObject({
      name: 'probe',
      data: { input_path: '/data/input/a.mp4', output_path: '/data/output/a.json', params: { a: 1 } },
      returnvalue: '5 s of video',
      attemptsMade: 1,
    });
    expect(await bull.queue.getJob(failed.id)).toMatchObject({ failedReason: 'Packet 7 is damaged.' });
    expect(await bull.queue.getJob(canceled.id)).toBeUndefined();
    expect((await bull.queue.getPrioritized())[0]?.id).toBe(urgent.id);
    expect((await bull.queue.getJob(active.job.id))?.processedBy).toBe('worker-7');
  });

  test('a queue paused in BullMQ gives out nothing, and does not keep workers busy', async () => {
    const queue = await queues.open();
    await put(queue);
    await using bull = closing(bullmq());
    await bull.queue.pause();
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
    const start = performance.now();
    await queue.waitForWork(AbortSignal.timeout(400));
    expect(performance.now() - start).toBeGreaterThan(300);
    await bull.queue.resume();
    expect(await queue.claim('worker-1', 30_000)).not.toBeNull();
  });

  test('a job that somebody put into BullMQ is not ours, and is not run', async () => {
    const queue = await queues.open();
    await using bull = closing(bullmq());
    await bull.queue.add('stranger', {}, { priority: 1 });
    const { id } = await put(queue);
    expect((await take(queue)).job.id).toBe(id);
    expect(await bull.queue.getJobCounts()).toMatchObject({ active: 1, prioritized: 0 });
  });

  test('a job that somebody removed from BullMQ keeps its record, and can be retried', async () => {
    const queue = await queues.open();
    const { id } = await put(queue);
    await queue.complete(await take(queue), result());
    await using bull = closing(bullmq());
    await bull.queue.obliterate({ force: true });
    expect((await queue.get(id))?.status).toBe('finished');
    expect((await queue.retry(id)).status).toBe('queued');
    await queue.complete(await take(queue), result());
  });

  test('jobs that somebody took out of BullMQ are put back', async () => {
    const queue = await queues.open();
    const jobs = await queue.enqueue([newJob(), newJob({ priority: 80 }), newJob({ delay_ms: 300 })]);
    await using bull = closing(bullmq());
    await bull.queue.obliterate({ force: true });
    const claimed: string[] = [];
    await eventually(
      async () => {
        const claim = await queue.claim('worker-1', 30_000);
        if (claim) claimed.push(claim.job.id);
        return claimed.length === jobs.length;
      },
      5000,
      'all to be claimed',
    );
    expect(new Set(claimed)).toEqual(new Set(jobs.map(({ id }) => id)));
    for (const { id } of jobs) expect((await queue.get(id))?.attempts).toBe(1);
  });

  test('nothing stays of removed jobs', { timeout: 60_000 }, async () => {
    const queue = await queues.open();
    const looking = redis.client();
    const keys = async () => (await looking.keys(`*:${queues.queueName}:*`)).sort();
    const round = async () => {
      const jobs = await queue.enqueue(
        Array.from({ length: 300 }, (_, i) =>
          newJob({ idempotency_key: `key-${i}`, params: { image: `/data/input/${i}.png` } }),
        ),
      );
      const children = await queue.enqueue(jobs.slice(0, 50).map(({ id }) => newJob({ depends_on: [id] })));
      for (const job of [...jobs, ...children]) {
        const claim = await take(queue);
        await queue.progress(claim, { percent: 50 });
        await queue.log(claim, [{ level: 'info', text: job.id }]);
        await queue.complete(claim, result());
      }
      for (const { id } of [...children, ...jobs]) await queue.remove(id);
    };
    await round();
    const left = await keys();
    expect(left.filter((key) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(key))).toEqual([]);
    // BullMQ's stream of events is full by now.
    await round();
    await round();
    const size = Number(await looking.memory('USAGE', `bull:${queues.queueName}:events`));
    await round();
    await round();
    expect(await keys()).toEqual(left);
    expect(await looking.xlen(`bull:${queues.queueName}:events`)).toBeLessThan(2500);
    expect(Number(await looking.memory('USAGE', `bull:${queues.queueName}:events`))).toBeLessThan(2 * size);
    expect(await looking.zcard(`mediamill:${queues.queueName}:uses`)).toBe(0);
    expect(await looking.zcard(`mediamill:${queues.queueName}:changes`)).toBe(0);
  });

  test('BullMQ keeps the newest thousand that ended, we keep all', { timeout: 60_000 }, async () => {
    const queue = await queues.open();
    const jobs = await queue.enqueue(Array.from({ length: 1200 }, () => newJob()));
    for (const _ of jobs) await queue.complete(await take(queue), result());
    await using bull = closing(bullmq());
    expect(await bull.queue.getJobCounts()).toMatchObject({ completed: 1000 });
    expect((await queue.counts()).finished).toBe(1200);
    expect((await queue.retry(jobs[0]?.id as string)).status).toBe('queued');
  });
});

function closing(queue: BullQueue) {
  return { queue, [Symbol.asyncDispose]: () => queue.close() };
}
