import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ContractPart, eventually, expectCode, newJob, put, status, take } from './kit.ts';

export const enqueueContract: ContractPart = (driver) => {
  test('answers with the stored record, defaults filled in', async () => {
    const queue = await driver().open();
    const before = Date.now();
    const job = await put(queue, { params: { format: 'json', deep: [1, { a: 'ü' }] }, timeout_seconds: 7.5 });
    expect((await put(queue, { chain_depth: 3 })).chain_depth).toBe(3);
    expect(job).toMatchObject({
      chain_depth: 0,
      status: 'queued',
      task: 'get_video_info',
      input_path: '/data/input/a.mp4',
      output_path: '/data/output/a.json',
      params: { format: 'json', deep: [1, { a: 'ü' }] },
      priority: 50,
      attempts: 0,
      max_attempts: 3,
      timeout_seconds: 7.5,
      depends_on: [],
      idempotency_key: null,
      scheduled_at: null,
      started_at: null,
      ended_at: null,
      worker: null,
      cancel_requested: false,
      progress: null,
      result: null,
      error: null,
    });
    expect(job.timeline.map((entry) => entry.event)).toEqual(['enqueued']);
    expect(job.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(job.created_at).toMatch(/Z$/);
    expect(Math.abs(Date.parse(job.created_at) - before)).toBeLessThan(5000);
    expect(job.enqueued_at).toBe(job.created_at);
    expect(await queue.get(job.id)).toEqual(job);
  });

  test('is seen by other processes when it has answered', async () => {
    const [one, other] = [await driver().open(), await driver().open()];
    const job = await put(one);
    expect(await other.get(job.id)).toEqual(job);
    expect((await take(other)).job.id).toBe(job.id);
  });

  test('answers a batch in its order', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(['a', 'b', 'c'].map((task) => newJob({ task })));
    expect(jobs.map((job) => job.task)).toEqual(['a', 'b', 'c']);
    expect(new Set(jobs.map((job) => job.id)).size).toBe(3);
  });

  test('stores nothing of an empty batch', async () => {
    const queue = await driver().open();
    expect(await queue.enqueue([])).toEqual([]);
  });

  test('stores all of a batch or nothing', async () => {
    const queue = await driver().open();
    await expectCode(
      queue.enqueue([newJob(), newJob(), newJob({ depends_on: ['no-such-job'] })]),
      'invalid_request',
    );
    expect((await queue.list({})).jobs).toEqual([]);
    expect((await queue.counts()).queued).toBe(0);
  });

  test.each([
    ['priority', { priority: 101 }],
    ['priority', { priority: 1.5 }],
    ['delay_ms', { delay_ms: -1 }],
    ['delay_ms', { delay_ms: Number.NaN }],
    ['attempts', { attempts: 0 }],
  ])('refuses a %s out of range: %o', async (field, more) => {
    const queue = await driver().open();
    const error = await expectCode(queue.enqueue([newJob(more)]), 'invalid_request');
    expect(error.facts).toMatchObject({ field });
  });

  test('a delayed job is scheduled, and becomes queued at its time', async () => {
    const queue = await driver().open();
    const job = await put(queue, { delay_ms: 400 });
    expect(job.status).toBe('scheduled');
    expect(job.enqueued_at).toBeNull();
    const wait = Date.parse(job.scheduled_at ?? '') - Date.parse(job.created_at);
    expect(wait).toBe(400);
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
    await sleep(150);
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
    // By itself, without anybody claiming.
    await eventually(async () => (await status(queue, job.id)) === 'queued', 2000, 'the delay to end');
    const queued = await queue.get(job.id);
    expect(queued?.scheduled_at).toBeNull();
    expect(Date.parse(queued?.enqueued_at ?? '')).toBeGreaterThanOrEqual(Date.parse(job.scheduled_at ?? ''));
    expect((await take(queue)).job.id).toBe(job.id);
  });

  test('the same idempotency key answers with the first job', async () => {
    const queue = await driver().open();
    const first = await put(queue, { idempotency_key: 'k1', task: 'a' });
    const second = await put(queue, { idempotency_key: 'k1', task: 'b' });
    expect(second).toEqual(first);
    const claim = await take(queue);
    const third = await put(queue, { idempotency_key: 'k1' });
    expect(third).toMatchObject({ id: claim.job.id, status: 'started' });
    expect((await put(queue, { idempotency_key: 'k2' })).id).not.toBe(first.id);
  });

  test('one idempotency key in one batch is one job', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue([
      newJob({ idempotency_key: 'k' }),
      newJob(),
      newJob({ idempotency_key: 'k' }),
    ]);
    expect(jobs[2]).toEqual(jobs[0]);
    expect((await queue.list({})).jobs).toHaveLength(2);
  });

  test('one idempotency key 50 times in parallel, from two processes, is one job', async () => {
    const handles = [await driver().open(), await driver().open()];
    const jobs = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        put(handles[i % 2] as (typeof handles)[0], { idempotency_key: 'k' }),
      ),
    );
    expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
    expect((await handles[0]?.list({}))?.jobs).toHaveLength(1);
  });

  test('the key is free again when its job was removed', async () => {
    const queue = await driver().open();
    const first = await put(queue, { idempotency_key: 'k' });
    await queue.remove(first.id);
    expect((await put(queue, { idempotency_key: 'k' })).id).not.toBe(first.id);
  });
};
