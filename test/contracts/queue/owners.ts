/** Jobs that belong to somebody, and the outbox of ends that a webhook shall tell of. */
import { beforeEach, expect, test } from 'vitest';
import type { Queue } from '../../../src/queue/port.ts';
import { type ContractPart, failure, put, result, take } from './kit.ts';

export const ownerContract: ContractPart = (driver) => {
  let queue: Queue;
  beforeEach(async () => {
    queue = await driver().open();
  });

  test('pages and counts of one owner hold its jobs alone, whatever else is asked for', async () => {
    const mine = await put(queue, { owner: 'k1', task: 'a' });
    await put(queue, { owner: 'k2', task: 'a' });
    await put(queue, { task: 'a' });
    const other = await put(queue, { owner: 'k1', task: 'b', delay_ms: 60_000 });
    const ids = async (query: object) =>
      (await queue.list({ owner: 'k1', ...query })).jobs.map(({ id }) => id);
    expect(await ids({})).toEqual([other.id, mine.id]);
    expect(await ids({ task: 'a' })).toEqual([mine.id]);
    expect(await ids({ status: ['scheduled'] })).toEqual([other.id]);
    expect(await ids({ status: ['queued', 'scheduled'], task: 'b' })).toEqual([other.id]);
    expect(await ids({ q: 'input' })).toEqual([other.id, mine.id]);
    expect(await queue.counts({ owner: 'k1' })).toMatchObject({ queued: 1, scheduled: 1 });
    expect(await queue.counts({ owner: 'k1', task: 'a' })).toMatchObject({ queued: 1, scheduled: 0 });
    expect(await queue.counts({ owner: 'k1', q: 'input' })).toMatchObject({ queued: 1, scheduled: 1 });
    expect(await queue.counts({ owner: 'nobody' })).toMatchObject({ queued: 0 });
    expect(await queue.counts()).toMatchObject({ queued: 3, scheduled: 1 });
    expect([mine.owner, (await queue.get(mine.id))?.owner]).toEqual(['k1', 'k1']);
    await queue.remove(mine.id);
    expect(await ids({})).toEqual([other.id]);
  });

  test('the lists of an owner follow its jobs through their statuses', async () => {
    const job = await put(queue, { owner: 'k1' });
    const claim = await take(queue);
    expect(await queue.counts({ owner: 'k1' })).toMatchObject({ queued: 0, started: 1 });
    await queue.complete(claim, result());
    expect((await queue.list({ owner: 'k1', status: ['finished'] })).jobs[0]?.id).toBe(job.id);
    expect(await queue.counts({ owner: 'k1' })).toMatchObject({ started: 0, finished: 1 });
  });

  test('an idempotency key names a job of its owner, never one of somebody else', async () => {
    const mine = await put(queue, { owner: 'k1', idempotency_key: 'same' });
    const theirs = await put(queue, { owner: 'k2', idempotency_key: 'same' });
    const nobodys = await put(queue, { idempotency_key: 'same' });
    expect(new Set([mine.id, theirs.id, nobodys.id]).size).toBe(3);
    expect((await put(queue, { owner: 'k1', idempotency_key: 'same' })).id).toBe(mine.id);
    expect((await put(queue, { idempotency_key: 'same' })).id).toBe(nobodys.id);
    await queue.remove(mine.id);
    expect((await put(queue, { owner: 'k1', idempotency_key: 'same' })).id).not.toBe(mine.id);
    expect((await put(queue, { owner: 'k2', idempotency_key: 'same' })).id).toBe(theirs.id);
  });

  test('every end of a job with a webhook lies in the outbox until it is cleared', async () => {
    const webhook_url = 'https://example.org/hook';
    const quiet = await put(queue);
    await queue.complete(await take(queue), result());
    const done = await put(queue, { webhook_url, owner: 'k1' });
    expect(await queue.outbox(10)).toEqual([]);
    const finished = await queue.complete(await take(queue), result('well done'));
    const broken = await put(queue, { webhook_url });
    await queue.fail(await take(queue), failure('corrupt_media', 'It is damaged.'));
    const waiting = await put(queue, { webhook_url });
    await queue.cancel(waiting.id);

    const other = await driver().open();
    const entries = await other.outbox(10);
    expect(entries.map(({ job }) => [job.id, job.status])).toEqual([
      [done.id, 'finished'],
      [broken.id, 'failed'],
      [waiting.id, 'canceled'],
    ]);
    expect(entries[0]?.job).toMatchObject({
      webhook_url,
      owner: 'k1',
      attempts: 1,
      ended_at: finished.ended_at,
      result: { message: 'well done', outputs: [{ name: 'a.json' }] },
      error: null,
    });
    expect(entries[1]?.job).toMatchObject({ owner: null, result: null, error: { detail: 'It is damaged.' } });
    expect(entries.map(({ job }) => job.id)).not.toContain(quiet.id);

    await other.clearOutbox(entries.slice(0, 2).map(({ id }) => id));
    expect((await queue.outbox(10)).map(({ job }) => job.id)).toEqual([waiting.id]);
    // Again, and it ends again: that is another entry.
    await queue.retry(broken.id);
    await queue.complete(await take(queue), result());
    expect((await queue.outbox(10)).map(({ job }) => [job.id, job.status])).toEqual([
      [waiting.id, 'canceled'],
      [broken.id, 'finished'],
    ]);
    expect((await queue.outbox(1)).length).toBe(1);
    // What was told is told as it was, though the job is gone.
    await queue.remove(waiting.id);
    expect((await queue.outbox(1))[0]?.job.id).toBe(waiting.id);
  });

  test('an attempt that is tried again is no end', async () => {
    await put(queue, { webhook_url: 'https://example.org/hook', attempts: 2 });
    await queue.fail(await take(queue), failure('crashed'));
    expect(await queue.outbox(10)).toEqual([]);
  });
};
