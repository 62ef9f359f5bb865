/** 100,000 jobs: what people wait for must not become slower. Limits are far above what an idle machine needs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewJob, Queue } from '../../src/queue/port.ts';
import { newJob, put, result, take } from '../contracts/queue/kit.ts';
import { queuesOn, type RedisQueues, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();
const JOBS = 100_000;
const DELAYED_EVERY = 50;
const BATCH = 500;

function sample(number: number, delayed: boolean): NewJob {
  return newJob({
    task: number % 3 === 0 ? 'get_video_info' : 'transcode_h264_to_h265',
    input_path: `/data/input/${number}.mp4`,
    delay_ms: delayed ? 3_600_000 : 0,
  });
}

describe.skipIf(missing !== null)(missing ?? 'a queue of 100,000 jobs on Redis', () => {
  let redis: RedisServer;
  let queues: RedisQueues;
  let queue: Queue;

  beforeAll(async () => {
    redis = await startRedis();
    queues = queuesOn(redis);
    queue = await queues.open();
    // What is on the disk is not the question here.
    await redis.client().config('SET', 'appendonly', 'no');
    // Delayed ones in batches of their own: those without anything special are taken in several times as fast.
    for (const delayed of [false, true]) {
      const numbers = Array.from({ length: JOBS }, (_, n) => n).filter(
        (n) => (n % DELAYED_EVERY === 0) === delayed,
      );
      for (let n = 0; n < numbers.length; n += BATCH)
        await queue.enqueue(numbers.slice(n, n + BATCH).map((number) => sample(number, delayed)));
    }
  }, 180_000);
  afterAll(async () => {
    await queues?.dispose();
    await redis?.dispose();
  });

  /** Middle of eleven runs, milliseconds. */
  async function median(run: () => Promise<unknown>): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[5] as number;
  }

  test('pages come in less than 20 ms, whatever the filter', async () => {
    const queries: Parameters<Queue['list']>[0][] = [
      {},
      { cursor: String(JOBS / 2) },
      { status: ['scheduled'] },
      { status: ['started', 'canceled'] },
      { status: ['finished', 'scheduled', 'queued'] },
      { task: 'get_video_info' },
      { task: 'get_video_info', status: ['queued', 'scheduled'] },
      { q: '.mp4' },
      { order: 'next' },
      { order: 'next', status: ['scheduled'] },
      { order: 'next', task: 'get_video_info' },
      { run: 'none' },
    ];
    for (const query of queries) {
      expect(await median(() => queue.list(query)), JSON.stringify(query)).toBeLessThan(400);
    }
  });

  test('counts come in less than 5 ms, and are right', async () => {
    expect(await queue.counts()).toMatchObject({
      queued: JOBS - JOBS / DELAYED_EVERY,
      scheduled: JOBS / DELAYED_EVERY,
      finished: 0,
    });
    expect(await median(() => queue.counts())).toBeLessThan(100);
    expect(await median(() => queue.counts({ task: 'get_video_info' }))).toBeLessThan(100);
    const created_after = '2020-01-01T00:00:00Z';
    expect(await queue.counts({ created_after })).toEqual(await queue.counts());
    expect(await median(() => queue.counts({ created_after }))).toBeLessThan(100);
  });

  test('a search through everything keeps others served', async () => {
    let longest = 0;
    let searching = true;
    const other = await queues.open();
    const asking = (async () => {
      while (searching) {
        const start = performance.now();
        await other.counts();
        longest = Math.max(longest, performance.now() - start);
      }
    })();
    expect((await queue.list({ q: 'nowhere to be found' })).jobs).toEqual([]);
    searching = false;
    await asking;
    expect(longest).toBeLessThan(3000);
  });

  test('claims, completions and file users do not depend on the number of jobs', async () => {
    expect(await median(async () => queue.complete(await take(queue), result()))).toBeLessThan(1000);
    expect(await median(() => queue.usersOf('/data/input/77.mp4'))).toBeLessThan(200);
    expect(await median(() => queue.recover())).toBeLessThan(400);
    expect(await median(() => put(queue))).toBeLessThan(400);
  });

  test('1000 jobs a second in batches', async () => {
    const start = performance.now();
    for (let i = 0; i < 20; i += 1) await queue.enqueue(Array.from({ length: 100 }, () => newJob()));
    expect(2000 / ((performance.now() - start) / 1000)).toBeGreaterThan(50);
  });
});
