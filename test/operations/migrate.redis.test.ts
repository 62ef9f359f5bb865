/** From the embedded queue to Redis: nothing is lost, nothing is told or run twice. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import { MillError } from '../../src/core/errors.ts';
import openRedisLedger from '../../src/ledger/drivers/redis.ts';
import openSqliteLedger from '../../src/ledger/drivers/sqlite.ts';
import { migrateToRedis } from '../../src/operations/migrate.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import type { Claim, JobRecord, Queue } from '../../src/queue/port.ts';
import { emptyFolder, mediamill } from '../cli/mediamill.ts';
import { expectCode, newJob } from '../contracts/queue/kit.ts';
import {
  queuesOn,
  type RedisQueues,
  type RedisServer,
  startRedis,
  whyNoRedis,
} from '../queue/redis-server.ts';
import { resultOf } from '../server/fixtures/server.ts';

const absent = whyNoRedis();
if (absent) console.warn(absent);

describe.skipIf(absent)('migrate --from embedded --to redis', () => {
  let redis: RedisServer;
  let queues: RedisQueues;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await queues.dispose();
    await redis.dispose();
  });

  function place() {
    queues = queuesOn(redis);
    const database = join(emptyFolder(), 'mediamill.db');
    const config = configSchema.parse({
      queue: { database },
      redis: { url: redis.url, queue_name: queues.queueName },
    });
    return { database, config, openSource: () => openSqliteQueue({ database }) };
  }

  const one = async (queue: Queue, job = {}) => (await queue.enqueue([newJob(job)]))[0] as JobRecord;
  const take = async (queue: Queue, id: string): Promise<Claim> => {
    const claim = await queue.claim('w1', 60_000);
    expect(claim?.job.id).toBe(id);
    return claim as Claim;
  };

  /** One job in every state a stopped installation can have. Answers their records. */
  async function fill(queue: Queue): Promise<JobRecord[]> {
    const done = await one(queue, { task: 'done', priority: 100, params: { path: '/data/input/p.png' } });
    const claim = await take(queue, done.id);
    await queue.log(claim, [
      { level: 'info', text: 'line one' },
      { level: 'warn', text: 'line "two", with ünïcode' },
    ]);
    await queue.complete(claim, resultOf('/data/output/done.txt'));
    await queue.addMetrics(done.id, { vmaf: 94.25 });
    const failed = await one(queue, {
      task: 'failed',
      priority: 100,
      attempts: 1,
      webhook_url: 'https://example.com/hook',
      idempotency_key: 'key-of-failed',
    });
    await queue.fail(await take(queue, failed.id), new MillError('corrupt_media', 'Broken.').toFailure());
    // The hook has been told.
    const told = await queue.outbox(10);
    await queue.clearOutbox(told.map(({ id }) => id));
    const low = await one(queue, { task: 'low', priority: 10, origin: { request_id: 'r-1' } });
    const high = await one(queue, { task: 'high', priority: 90, input_path: '/data/input/used.mp4' });
    const second = await one(queue, { task: 'second', priority: 90, owner: 'owner-1', timeout_seconds: 1.5 });
    // Run again, so it stands behind the other of its priority although it is older.
    await queue.cancel(high.id);
    await queue.retry(high.id);
    const later = await one(queue, { task: 'later', delay_ms: 3_600_000 });
    const child = await one(queue, { task: 'child', depends_on: [high.id] });
    const blocked = await one(queue, { task: 'blocked', depends_on: [failed.id] });
    const canceled = await one(queue, { task: 'canceled' });
    await queue.cancel(canceled.id);
    const ids = [done, failed, low, high, second, later, child, blocked, canceled].map(({ id }) => id);
    return await Promise.all(ids.map(async (id) => (await queue.get(id)) as JobRecord));
  }

  test('every job arrives as it was, once, and goes on from there', async () => {
    const { config, openSource, database } = place();
    const source = await openSource();
    const before = await fill(source);
    const order = (await source.list({ limit: 200 })).jobs.map(({ id }) => id);
    const logs = await source.logs(before[0]?.id ?? '');
    await source.close();
    const ledger = await openSqliteLedger({ database: database.replace('.db', '-keys.db') });
    await ledger.put('keys', 'k1', { name: 'first' }, 7);
    await ledger.adjust('usage', 'k1', 1234);
    await ledger.close();

    expect(await migrateToRedis(config, { dryRun: true })).toMatchObject({
      state: 'dry_run',
      waiting: 6,
      ended: 3,
    });
    const target = await queues.open();
    expect((await target.list({})).jobs).toEqual([]);

    expect(await migrateToRedis(config)).toMatchObject({
      state: 'moved',
      waiting: 6,
      ended: 3,
      new: 9,
      ledger: 2,
    });
    for (const job of before) expect(await target.get(job.id)).toEqual(job);
    expect((await target.list({ limit: 200 })).jobs.map(({ id }) => id)).toEqual(order);
    expect(await target.logs(before[0]?.id ?? '')).toEqual(logs);
    expect(await target.outbox(10)).toEqual([]);
    expect(await target.usersOf('/data/input/used.mp4')).toHaveLength(1);
    expect((await target.list({ owner: 'owner-1' })).jobs).toHaveLength(1);
    expect(await target.counts()).toEqual({
      queued: 3,
      scheduled: 1,
      deferred: 2,
      started: 0,
      finished: 1,
      failed: 1,
      canceled: 1,
    });

    // The key still answers with the first job; retention still knows when jobs ended.
    const again = await one(target, { task: 'failed', idempotency_key: 'key-of-failed' });
    expect(again.id).toBe(before[1]?.id);
    const keys = await openRedisLedger({ url: redis.url, queueName: queues.queueName });
    expect(await keys.get('keys', 'k1')).toMatchObject({ value: { name: 'first' }, place: 7 });
    expect(await keys.adjust('usage', 'k1', 0)).toBe(1234);
    await keys.close();

    // A second time nothing happens; asked to, only what is missing comes.
    expect(await migrateToRedis(config)).toMatchObject({ state: 'moved_before' });
    expect(await migrateToRedis(config, { again: true })).toMatchObject({
      state: 'moved',
      new: 0,
      ledger: 0,
    });
    expect((await target.list({ limit: 200 })).jobs.map(({ id }) => id)).toEqual(order);

    // In the old order; the child follows its parent; a new job comes last.
    const fresh = await one(target, { task: 'new', priority: 10 });
    const ran: string[] = [];
    for (let claim = await target.claim('w2', 60_000); claim; claim = await target.claim('w2', 60_000)) {
      ran.push(claim.job.task);
      await target.complete(claim, resultOf(null));
    }
    const byRank = before.filter(({ status, priority }) => status === 'queued' && priority === 90);
    expect(byRank).toHaveLength(2);
    expect(ran).toEqual(['second', 'high', 'child', 'low', 'new']);
    expect((await target.get(fresh.id))?.status).toBe('finished');
    // What waited for a failed job goes on when that is retried.
    await target.retry(before[1]?.id ?? '');
    const retried = await target.claim('w2', 60_000);
    expect(retried?.job.task).toBe('failed');
    await target.complete(retried as Claim, resultOf(null));
    expect((await target.claim('w2', 60_000))?.job.task).toBe('blocked');
  }, 60_000);

  test('steps of a recipe stay together', async () => {
    const { config, openSource } = place();
    const source = await openSource();
    const run = { id: 'run-1', recipe: 'web-video@3', pass: 'p1' };
    const before = await source.enqueue([
      newJob({ run: { ...run, step: 'small' } }),
      newJob({ run: { ...run, step: 'inline', recipe: null, pass: null } }),
      newJob({ run: { ...run, step: 'large' } }),
      newJob(),
    ]);
    await source.close();
    const target = await queues.open();
    expect(await migrateToRedis(config)).toMatchObject({ new: 4 });
    const moved = await target.list({ run: 'run-1' });
    expect(moved.jobs).toEqual(before.slice(0, 3).reverse());
    const claim = await target.claim('w', 60_000);
    expect([claim, ...(claim?.mates ?? [])].map((one) => one?.job.run?.step)).toEqual(['small', 'large']);
  });

  test('1,200 jobs move in batches, and a move that broke off is finished', async () => {
    const { config, openSource } = place();
    const source = await openSource();
    for (let batch = 0; batch < 3; batch += 1) {
      await source.enqueue(Array.from({ length: 400 }, (_, index) => newJob({ params: { index, batch } })));
    }
    await source.close();
    const target = await queues.open();
    expect(await migrateToRedis(config)).toMatchObject({ new: 1200 });
    // As if it had broken off: some are missing, and the note is not there.
    const { jobs } = await target.list({ limit: 200 });
    for (const { id } of jobs.slice(0, 150)) await target.remove(id);
    expect(await migrateToRedis(config, { again: true })).toMatchObject({ new: 150 });
    expect((await target.counts()).queued).toBe(1200);
  }, 120_000);

  test('it is refused while a program uses the database, or work is unfinished', async () => {
    const { config, openSource } = place();
    const source = await openSource();
    const { id } = await one(source);
    const used = await expectCode(migrateToRedis(config), 'conflict');
    expect(used.message).toContain('Another program uses the queue database');
    const claim = await take(source, id);
    await source.close();

    const running = await expectCode(migrateToRedis(config), 'conflict');
    expect(running.message).toContain('1 job is marked as running');
    const open = await openSource();
    await open.release(claim);
    await open.close();

    const target = await queues.open();
    expect(await target.get(id)).toBe(null);
    await expectCode(
      migrateToRedis({ ...config, redis: { ...config.redis, url: 'redis://127.0.0.1:1' } }),
      'queue_unavailable',
    );
    expect(await migrateToRedis(config)).toMatchObject({ new: 1 });
  }, 60_000);

  test('the command tells what it does, and what to do next', async () => {
    const { config, openSource, database } = place();
    const source = await openSource();
    await one(source);
    const args = ['migrate', '--from', 'embedded', '--to', 'redis', '--database', database];
    const env = { REDIS_URL: redis.url, MEDIAMILL_REDIS_QUEUE_NAME: config.redis.queue_name };
    expect(await mediamill(args, { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Stop the server and the workers first'),
    });
    await source.close();
    expect(await mediamill([...args, '--dry-run'], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 waiting and 0 ended jobs would move'),
    });
    const moved = await mediamill(args, { env });
    expect(moved).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 waiting and 0 ended jobs are in Redis'),
    });
    expect(await mediamill(args, { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing to do'),
    });
    expect(await mediamill(['migrate', '--from', 'redis', '--to', 'embedded'], { env })).toMatchObject({
      code: 2,
    });
  }, 60_000);
});
