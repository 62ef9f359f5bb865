/** What is in Redis after many jobs, with retention on: as much as after the same number again. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetAll, JOBS, runMany } from './growth.ts';
import { queuesOn, type RedisQueues, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();
const KEPT = 100;

/** Removals and changes that watchers which were away can still read, and BullMQ's ended jobs and events: bounded. */
const BULLMQ_ENDED = 2 * 1000;

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  let queues: RedisQueues;
  let looking: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    queues = queuesOn(redis);
    looking = redis.client();
  });
  afterAll(async () => {
    await queues.dispose();
    await redis.dispose();
  });

  /** Elements of every key by its kind, with ids and names of tasks left out. */
  async function census(): Promise<Record<string, { keys: number; elements: number; bytes: number }>> {
    const found: Record<string, { keys: number; elements: number; bytes: number }> = {};
    for (const key of await looking.keys('*')) {
      const type = await looking.type(key);
      const kind = `${key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '<id>').replace(/task_\d/, '<task>')} (${type})`;
      const elements = await sizeOf(key, type);
      const entry = found[kind] ?? { keys: 0, elements: 0, bytes: 0 };
      found[kind] = entry;
      entry.keys += 1;
      entry.elements += elements;
      entry.bytes += Number((await looking.memory('USAGE', key, 'SAMPLES', 0)) ?? 0);
    }
    return found;
  }

  async function sizeOf(key: string, type: string): Promise<number> {
    if (type === 'hash') return await looking.hlen(key);
    if (type === 'zset') return await looking.zcard(key);
    if (type === 'list') return await looking.llen(key);
    if (type === 'stream') return await looking.xlen(key);
    return type === 'set' ? await looking.scard(key) : 1;
  }

  test('nothing grows without bound', { timeout: 60_000 + JOBS * 120 }, async () => {
    const queue = await queues.open();
    await runMany(queue, JOBS, 'a');
    const before = await queue.counts();
    expect(before.finished + before.failed + before.canceled).toBe(Math.ceil(JOBS / 250) * 250);
    expect(await forgetAll(queue, KEPT)).toBe(Math.ceil(JOBS / 250) * 250 - KEPT);
    const first = await census();
    await runMany(queue, JOBS, 'b');
    await forgetAll(queue, KEPT);
    const second = await census();

    const name = queues.queueName;
    const own = (kind: string) => second[`mediamill:${name}:${kind}`];
    expect(own('job:<id> (hash)')?.keys).toBe(KEPT);
    expect(own('log:<id> (list)')?.keys ?? 0).toBeLessThanOrEqual(KEPT);
    expect(own('all (zset)')?.elements).toBe(KEPT);
    expect(own('ended (zset)')?.elements).toBe(KEPT);
    expect(own('changes (zset)')?.elements).toBe(KEPT);
    expect(own('keys (hash)')?.elements ?? 0).toBeLessThanOrEqual(KEPT);
    expect(own('uses (zset)')).toBeUndefined();
    expect(own('due (zset)')).toBeUndefined();
    expect(own('workers (hash)')).toBeUndefined();
    expect(own('worker-beats (hash)')).toBeUndefined();
    expect(own('removed (zset)')?.elements).toBeLessThanOrEqual(10_000);
    // BullMQ's own: what it keeps of ended jobs went with ours.
    expect(second[`bull:${name}:<id> (hash)`]?.keys ?? 0).toBeLessThanOrEqual(BULLMQ_ENDED);
    expect(second[`bull:${name}:<id> (hash)`]?.keys ?? 0).toBeLessThanOrEqual(KEPT);
    expect(second[`bull:${name}:events (stream)`]?.elements ?? 0).toBeLessThan(2500);
    // Any kind of key, known to this test or not.
    for (const [kind, now] of Object.entries(second)) {
      if (/removed|events/.test(kind)) continue;
      const then = first[kind] ?? { keys: 0, elements: 0, bytes: 0 };
      expect(now.keys, `keys of ${kind}`).toBeLessThanOrEqual(Math.max(2 * KEPT, 1.2 * then.keys));
      expect(now.elements, `elements of ${kind}`).toBeLessThanOrEqual(
        Math.max(40 * KEPT, 1.2 * then.elements),
      );
    }
    const total = (all: typeof first) =>
      Object.entries(all)
        .filter(([kind]) => !/removed|events/.test(kind))
        .reduce((sum, [, { bytes }]) => sum + bytes, 0);
    expect(total(second)).toBeLessThan(1.5 * total(first) + 64 * 1024);
    process.stdout.write(
      `Redis after 2 × ${JOBS} jobs, ${KEPT} kept: ${(await looking.keys('*')).length} keys, ${total(first)} then ${total(second)} bytes\n`,
    );
  });

  test('one sweeps at a time, and another takes over', { timeout: 60_000 }, async () => {
    const [queue, other] = [await queues.open(), await queues.open()];
    await runMany(queue, 250, 'c');
    await looking.del(`mediamill:${queues.queueName}:sweeper`);
    const first = await queue.forget({ max_age_ms: null, max_jobs: 10 });
    expect(first).toMatchObject({ more: true });
    expect(await other.forget({ max_age_ms: null, max_jobs: 10 })).toEqual({ forgotten: 0, more: false });
    await looking.del(`mediamill:${queues.queueName}:sweeper`);
    expect((await other.forget({ max_age_ms: null, max_jobs: 10 })).forgotten).toBeGreaterThan(0);
  });
});
