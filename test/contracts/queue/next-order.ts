import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JobStatus, ListQuery, Queue } from '../../../src/queue/port.ts';
import { type ContractPart, expectCode, failure, newJob, put, result, take } from './kit.ts';

/** All pages of a list; ids. */
async function pages(queue: Queue, query: ListQuery): Promise<string[][]> {
  const seen: string[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await queue.list({ ...query, ...(cursor !== undefined && { cursor }) });
    seen.push(page.jobs.map(({ id }) => id));
    if (seen.length > 1000) throw new Error('the pages have no end');
    cursor = page.next_cursor;
  }
  return seen;
}

async function next(queue: Queue, query: ListQuery = {}): Promise<string[]> {
  return (await pages(queue, { order: 'next', ...query })).flat();
}

/** Small numbers that are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

export const nextOrderContract: ContractPart = (driver) => {
  test('what waits is listed as it will be claimed', async () => {
    const queue = await driver().open();
    const roll = dice(7);
    const jobs = await queue.enqueue(
      Array.from({ length: 60 }, () => newJob({ priority: [0, 10, 50, 50, 50, 100][roll(6)] as number })),
    );
    // Some change their place.
    for (const job of jobs.filter((_, i) => i % 7 === 0)) {
      await queue.cancel(job.id);
      if (roll(3) > 0) await queue.retry(job.id);
    }
    for (let i = 0; i < 5; i += 1) await queue.fail(await take(queue), failure('corrupt_media'));
    await queue.release(await take(queue));
    const listed = await next(queue, { limit: 7 });
    expect(await next(queue)).toEqual(listed);
    expect(listed).toHaveLength((await queue.counts()).queued);
    const claimed: string[] = [];
    for (let claim = await queue.claim('w', 30_000); claim; claim = await queue.claim('w', 30_000)) {
      claimed.push(claim.job.id);
    }
    expect(claimed).toEqual(listed);
    expect(await next(queue)).toEqual([]);
  });

  test('then what waits for its time, then what waits for others', async () => {
    const queue = await driver().open();
    const [late, soon, child, orphan, low, high] = await queue.enqueue([
      newJob({ delay_ms: 900_000, priority: 100, ref: 'late' }),
      newJob({ delay_ms: 300_000, priority: 0 }),
      newJob({ depends_on: ['late'], priority: 10 }),
      newJob({ depends_on: ['late'], priority: 90 }),
      newJob({ priority: 10 }),
      newJob({ priority: 20 }),
    ]);
    const all = [high, low, soon, late, child, orphan].map((job) => job?.id);
    expect(await next(queue)).toEqual(all);
    expect(await pages(queue, { order: 'next', limit: 4 })).toEqual([all.slice(0, 4), all.slice(4)]);
    // A page that ends with the last of a status, and one that ends with the last of all.
    expect(await pages(queue, { order: 'next', limit: 2 })).toEqual([
      all.slice(0, 2),
      all.slice(2, 4),
      all.slice(4),
    ]);
    expect(await next(queue, { status: ['deferred', 'queued'] })).toEqual([
      ...all.slice(0, 2),
      ...all.slice(4),
    ]);
    expect(await next(queue, { status: ['scheduled'], limit: 1 })).toEqual(all.slice(2, 4));
    for (const job of (await queue.list({ order: 'next' })).jobs) {
      expect(job).toEqual(await queue.get(job.id));
    }
  });

  test('many of one time and one priority are each listed once', async () => {
    const queue = await driver().open();
    const later = await queue.enqueue(Array.from({ length: 150 }, () => newJob({ delay_ms: 900_000 })));
    const now = await queue.enqueue(Array.from({ length: 150 }, () => newJob()));
    const listed = await next(queue, { limit: 40 });
    expect(listed.slice(0, 150)).toEqual(now.map(({ id }) => id));
    expect(listed).toHaveLength(300);
    expect(new Set(listed.slice(150))).toEqual(new Set(later.map(({ id }) => id)));
  });

  test('a page goes on behind a job that is gone meanwhile', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue([
      ...Array.from({ length: 4 }, () => newJob()),
      ...Array.from({ length: 4 }, () => newJob({ delay_ms: 900_000 })),
    ]);
    for (const status of ['queued', 'scheduled'] as const) {
      const first = await queue.list({ order: 'next', status: [status], limit: 2 });
      const before = first.jobs.map(({ id }) => id);
      for (const id of before) await queue.cancel(id);
      const rest = await queue.list({
        order: 'next',
        status: [status],
        limit: 2,
        cursor: first.next_cursor ?? '',
      });
      const ids = jobs.filter((job) => job.status === status).map(({ id }) => id);
      expect(new Set([...before, ...rest.jobs.map(({ id }) => id)])).toEqual(new Set(ids));
      expect(rest.next_cursor).toBeNull();
    }
  });

  test('with every filter of a list', async () => {
    const queue = await driver().open();
    await put(queue, { task: 'probe', priority: 90 });
    await sleep(20);
    const time = new Date().toISOString();
    await sleep(20);
    const run = { id: 'run-1', recipe: null, step: 's', pass: null };
    const [a, b, c, d] = await queue.enqueue([
      newJob({ task: 'probe', priority: 80, owner: 'key-1' }),
      newJob({ priority: 70, input_path: '/data/input/100%_x.mp4' }),
      newJob({ priority: 60, run }),
      newJob({ task: 'probe', run, owner: 'key-1', delay_ms: 900_000 }),
    ]);
    const ids = (...jobs: ({ id: string } | undefined)[]) => jobs.map((job) => job?.id);
    expect(await next(queue, { created_after: time, limit: 2 })).toEqual(ids(a, b, c, d));
    expect(await next(queue, { task: 'probe', created_after: time })).toEqual(ids(a, d));
    expect(await next(queue, { owner: 'key-1', limit: 1 })).toEqual(ids(a, d));
    expect(await next(queue, { owner: 'key-2' })).toEqual([]);
    expect(await next(queue, { run: 'run-1', limit: 1 })).toEqual(ids(c, d));
    expect(await next(queue, { run: 'run-1', status: ['queued'] })).toEqual(ids(c));
    expect(await next(queue, { q: '100%_X' })).toEqual(ids(b));
    expect(await next(queue, { q: 'nothing' })).toEqual([]);
    expect(await next(queue, { task: 'probe', owner: 'key-1', q: '/data/', run: 'run-1' })).toEqual(ids(d));
  });

  test('a filter finds what stands far behind', async () => {
    const queue = await driver().open();
    for (let batch = 0; batch < 3; batch += 1) {
      await queue.enqueue(Array.from({ length: 1000 }, () => newJob({ task: 'noise' })));
    }
    const { id } = await put(queue, { task: 'needle', priority: 1 });
    const { id: second } = await put(queue, { task: 'needle', priority: 1 });
    expect(await next(queue, { task: 'needle' })).toEqual([id, second]);
    expect(await next(queue, { task: 'needle', limit: 1 })).toEqual([id, second]);
    expect(await next(queue, { q: id })).toEqual([id]);
  });

  test('refuses statuses that do not wait, and cursors of other lists', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue([newJob(), newJob(), newJob({ delay_ms: 900_000 })]);
    for (const status of ['started', 'finished', 'failed', 'canceled'] satisfies JobStatus[]) {
      const error = await expectCode(
        queue.list({ order: 'next', status: ['queued', status] }),
        'invalid_request',
      );
      expect(error.message).toContain(status);
    }
    const newest = await queue.list({ limit: 1 });
    const waiting = await queue.list({ order: 'next', limit: 1 });
    expect(waiting.next_cursor).not.toBeNull();
    for (const cursor of [newest.next_cursor ?? '', "queued:1' OR 1:1", 'queued:1', 'done:1:1', '']) {
      await expectCode(queue.list({ order: 'next', cursor }), 'invalid_request');
    }
    await expectCode(queue.list({ cursor: waiting.next_cursor ?? '' }), 'invalid_request');
    await expectCode(
      queue.list({ order: 'next', status: ['scheduled'], cursor: waiting.next_cursor ?? '' }),
      'invalid_request',
    );
    expect((await queue.list({ order: 'newest' })).jobs.map(({ id }) => id)).toEqual(
      jobs.map(({ id }) => id).reverse(),
    );
  });

  test('counts what was created then or later, whatever else is asked for', async () => {
    const queue = await driver().open();
    const none = { queued: 0, scheduled: 0, deferred: 0, started: 0, finished: 0, failed: 0, canceled: 0 };
    const hour = new Date(Date.now() + 3_600_000).toISOString();
    const long = '2020-01-01T00:00:00+02:00';
    expect(await queue.counts({ created_after: long })).toEqual(none);
    const run = { id: 'run-1', recipe: null, step: 's', pass: null };
    const gone = await put(queue, { task: 'old' });
    await put(queue, { task: 'old', owner: 'key-1', run });
    await put(queue, { priority: 100 });
    await sleep(20);
    const time = new Date().toISOString();
    await sleep(20);
    await queue.enqueue([
      newJob({ owner: 'key-1' }),
      newJob({ task: 'other', owner: 'key-1', delay_ms: 900_000 }),
      newJob({ task: 'other', run, input_path: '/data/input/x.mp4' }),
    ]);
    await queue.complete(await take(queue), result());
    await queue.remove(gone.id);
    const of = (more: Parameters<Queue['counts']>[0]) => queue.counts({ created_after: time, ...more });
    expect(await of({})).toEqual({ ...none, queued: 2, scheduled: 1 });
    expect(await of({ task: 'other' })).toEqual({ ...none, queued: 1, scheduled: 1 });
    expect(await of({ task: 'old' })).toEqual(none);
    expect(await of({ owner: 'key-1' })).toEqual({ ...none, queued: 1, scheduled: 1 });
    expect(await of({ owner: 'key-1', task: 'other' })).toEqual({ ...none, scheduled: 1 });
    expect(await of({ run: 'run-1' })).toEqual({ ...none, queued: 1 });
    expect(await of({ q: 'X.mp4' })).toEqual({ ...none, queued: 1 });
    expect(await of({ q: 'old' })).toEqual(none);
    expect(await queue.counts({ created_after: long })).toEqual({
      ...none,
      queued: 3,
      scheduled: 1,
      finished: 1,
    });
    expect(await queue.counts({ created_after: hour })).toEqual(none);
    expect(await queue.counts({ created_after: hour, q: 'data' })).toEqual(none);
  });
};
