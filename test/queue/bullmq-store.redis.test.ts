/** What lies in Redis: a queue that BullMQ's own tools understand, and nothing that grows without bound. */
import { Queue as BullQueue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Claim } from '../../src/queue/port.ts';
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

  const step = (name: string, run = 'run-1') => ({
    run: { id: run, recipe: 'web-video@3', step: name, pass: 'p1' },
  });

  test('jobs that are claimed together are all active in BullMQ, and nowhere else', async () => {
    const queue = await queues.open();
    await queue.enqueue([...['a', 'b', 'c', 'd'].map((name) => newJob(step(name))), newJob()]);
    const claim = await take(queue, 'worker-7');
    const claims = [claim, ...(claim.mates ?? [])];
    await using bull = closing(bullmq());
    const counts = () => bull.queue.getJobCounts();
    expect(await counts()).toMatchObject({ active: 4, prioritized: 1, waiting: 0, completed: 0 });
    for (const { job } of claims) {
      expect(await bull.queue.getJob(job.id)).toMatchObject({ processedBy: 'worker-7', attemptsStarted: 1 });
      expect(await bull.queue.getJobState(job.id)).toBe('active');
    }
    const [done, failed, back, canceled] = claims;
    await queue.complete(done as Claim, result());
    await queue.fail(failed as Claim, failure('corrupt_media'));
    await queue.release(back as Claim);
    await queue.cancel(canceled?.job.id ?? '');
    await queue.release(canceled as Claim);
    expect(await counts()).toMatchObject({ active: 0, prioritized: 2, completed: 1, failed: 2, waiting: 0 });
    const looking = redis.client();
    expect(await looking.keys(`bull:${queues.queueName}:*:lock`)).toEqual([]);
    expect(await looking.exists(`bull:${queues.queueName}:stalled`)).toBe(0);
  });

  test('of a pass nothing comes along beyond a limit that was set with BullMQ', async () => {
    const queue = await queues.open();
    await queue.enqueue([newJob(step('a')), newJob(step('b'))]);
    await using bull = closing(bullmq());
    await bull.queue.setGlobalConcurrency(1);
    const first = await take(queue);
    expect(first.mates).toBeUndefined();
    expect(await queue.claim('worker-2', 30_000)).toBeNull();
    await queue.complete(first, result());
    expect((await take(queue)).job.run?.step).toBe('b');
  });

  test('a step that somebody took out of BullMQ does not come along, and is put back', async () => {
    const queue = await queues.open();
    const jobs = await queue.enqueue([newJob(step('a')), newJob(step('b')), newJob(step('c'))]);
    const looking = redis.client();
    await looking.zrem(`bull:${queues.queueName}:prioritized`, jobs[1]?.id ?? '');
    const first = await take(queue);
    expect([first, ...(first.mates ?? [])].map(({ job }) => job.run?.step)).toEqual(['a', 'c']);
    const back = await eventually(() => queue.claim('worker-2', 30_000), 5000, 'the step');
    expect(back).toMatchObject({ job: { id: jobs[1]?.id }, attempt: 1 });
  });

  test('nothing stays of a run whose jobs are removed', async () => {
    const queue = await queues.open();
    const looking = redis.client();
    const keys = async () =>
      (await looking.keys(`*:${queues.queueName}:*`)).filter((key) => !/change/.test(key));
    const round = async () => {
      const jobs = await queue.enqueue([
        ...['a', 'b', 'c'].map((name) => newJob({ ...step(name), owner: 'key-1' })),
        newJob(step('d')),
      ]);
      const claim = await take(queue);
      for (const one of [claim, ...(claim.mates ?? []), await take(queue)])
        await queue.complete(one, result());
      return jobs;
    };
    for (const { id } of await round()) await queue.remove(id);
    const left = (await keys()).sort();
    expect(left.filter((key) => key.includes('run'))).toEqual([]);
    expect(left.filter((key) => key.includes('pass'))).toEqual([]);
    await round();
    expect((await keys()).filter((key) => /:(run|pass):/.test(key))).toHaveLength(3);
    while ((await queue.forget({ max_age_ms: null, max_jobs: 0 })).more);
    expect((await keys()).filter((key) => /:(run|pass):/.test(key))).toEqual([]);
  });

  test('nothing stays of removed jobs', { timeout: 60_000 }, async () => {
    const queue = await queues.open();
    const looking = redis.client();
    const keys = async () => (await looking.keys(`*:${queues.queueName}:*`)).sort();
    const round = async () => {
      const jobs = await queue.enqueue(
        Array.from({ length: 150 }, (_, i) =>
          newJob({ idempotency_key: `key-${i}`, params: { image: `/data/input/${i}.png` } }),
        ),
      );
      const children = await queue.enqueue(jobs.slice(0, 25).map(({ id }) => newJob({ depends_on: [id] })));
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
