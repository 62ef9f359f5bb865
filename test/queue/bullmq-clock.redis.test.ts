/** The clock of the Redis host is set. Here it is ours that seems to stand still or to run: the difference is the same. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisClock, setBy } from '../../src/queue/drivers/bullmq/clock.ts';
import { openStore } from '../../src/queue/drivers/bullmq/redis.ts';
import { look } from '../../src/queue/drivers/bullmq/workers.ts';
import { put } from '../contracts/queue/kit.ts';
import { queuesOn, type RedisQueues, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();
const HOUR = 3600 * 1000;

test('a slow network is no jump, two hours are', () => {
  const reading = (after: number, before: number, now: number) => ({ after, before, now, epoch: '0' });
  const first = reading(0, 5, 1000);
  expect(setBy(first, reading(250, 255, 1250))).toBe(0);
  // Redis answered a minute late, at any moment of that minute.
  expect(setBy(first, reading(250, 60_250, 1260))).toBe(0);
  expect(setBy(first, reading(250, 60_250, 61_200))).toBe(0);
  // Nobody looked for a day.
  expect(setBy(first, reading(24 * HOUR, 24 * HOUR + 5, 1000 + 24 * HOUR))).toBe(0);
  expect(setBy(first, reading(250, 255, 1250 + 2 * HOUR))).toBe(2 * HOUR);
  expect(setBy(first, reading(250, 255, 1250 - 2 * HOUR))).toBe(-2 * HOUR);
});

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  let queues: RedisQueues;
  beforeAll(async () => {
    redis = await startRedis();
    queues = queuesOn(redis);
  });
  afterAll(async () => {
    await queues.dispose();
    await redis.dispose();
  });

  test.each([2, -2])('a clock set by %i hours moves the due times with it, once', async (hours) => {
    const queue = await queues.open();
    const parent = await put(queue, { delay_ms: 10 * HOUR });
    const deferred = await put(queue, { delay_ms: 10 * HOUR, depends_on: [parent.id] });
    const store = await openStore(redis.url, queues.queueName);
    let ours = 100 * HOUR;
    const clocks = [redisClock(store, () => ours), redisClock(store, () => ours)] as const;
    try {
      for (const clock of clocks) await look(store, clock);
      ours -= hours * HOUR;
      for (const clock of clocks) await look(store, clock);
      for (const clock of clocks) await look(store, clock);
      for (const job of [parent, deferred]) {
        const now = await queue.get(job.id);
        const stored = await store.command((client) =>
          client.hget(`${store.own}job:${job.id}`, 'scheduled_at'),
        );
        const before = Date.parse(job.created_at) + 10 * HOUR;
        expect(Math.abs(Number(stored) - before - hours * HOUR)).toBeLessThan(60_000);
        expect(now?.status).toBe(job.status);
      }
      const due = Number(await store.command((client) => client.zscore(`${store.own}due`, parent.id)));
      expect(Math.abs(due - Date.parse(parent.created_at) - (10 + hours) * HOUR)).toBeLessThan(60_000);
    } finally {
      await store.close();
    }
    await queue.remove(deferred.id);
    await queue.remove(parent.id);
  });
});
