import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Queue, RetentionPolicy } from '../../../src/queue/port.ts';
import { type ContractPart, expectCode, failure, newJob, put, record, result, take } from './kit.ts';

/** Until nothing more is forgotten; answers how many were. */
async function sweep(queue: Queue, policy: Partial<RetentionPolicy>): Promise<number> {
  let all = 0;
  for (;;) {
    const { forgotten, more } = await queue.forget({ max_age_ms: null, max_jobs: null, ...policy });
    all += forgotten;
    if (!more) return all;
  }
}

async function end(queue: Queue, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const claim = await take(queue);
    await queue.log(claim, [{ level: 'info', text: `line of job ${i}` }]);
    ids.push((await queue.complete(claim, result())).id);
    // Jobs that end within one millisecond may be forgotten in any order.
    await sleep(2);
  }
  return ids;
}

export const retentionContract: ContractPart = (driver) => {
  test('of more ended jobs than are kept the oldest are forgotten, with all that is theirs', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    await queue.enqueue(Array.from({ length: 10 }, (_, i) => newJob({ idempotency_key: `key-${i}` })));
    const waiting = await put(queue, { delay_ms: 60_000 });
    const ids = await end(queue, 10);
    const watch = record(other);
    expect(await sweep(queue, { max_jobs: 4 })).toBe(6);
    expect((await queue.list({})).jobs.map(({ id }) => id)).toEqual([waiting.id, ...ids.slice(6).reverse()]);
    expect(await queue.counts()).toMatchObject({ finished: 4, scheduled: 1 });
    for (const id of ids.slice(0, 6)) {
      expect(await queue.get(id)).toBeNull();
      await expectCode(queue.logs(id), 'job_not_found');
      await watch.seen((event) => event.type === 'removed' && event.id === id);
    }
    // The key is free again.
    expect(ids).not.toContain((await put(queue, { idempotency_key: 'key-0' })).id);
    expect((await put(queue, { idempotency_key: 'key-9' })).id).toBe(ids[9]);
    expect(await sweep(queue, { max_jobs: 4 })).toBe(0);
    await watch.stop();
  });

  test('jobs that ended long ago are forgotten, whatever their end; those that have not ended never', async () => {
    const queue = await driver().open();
    const finished = await put(queue);
    await queue.complete(await take(queue), result());
    const failed = await put(queue);
    await queue.fail(await take(queue), failure('corrupt_media'));
    const canceled = await put(queue);
    await queue.cancel(canceled.id);
    const queued = await put(queue);
    const running = await take(queue);
    const scheduled = await put(queue, { delay_ms: 60_000 });
    const retried = await put(queue, { priority: 100 });
    await queue.cancel(retried.id);
    await queue.retry(retried.id);
    await sleep(1200);
    const young = await put(queue, { priority: 100 });
    await queue.cancel(young.id);
    expect(await sweep(queue, { max_age_ms: 60_000 })).toBe(0);
    expect(await sweep(queue, { max_age_ms: 1000 })).toBe(3);
    for (const { id } of [finished, failed, canceled]) expect(await queue.get(id)).toBeNull();
    for (const { id } of [queued, scheduled, retried, young]) expect(await queue.get(id)).not.toBeNull();
    await queue.complete(running, result());
  });

  test('a job that others wait for is never forgotten', async () => {
    const queue = await driver().open();
    const failed = await put(queue);
    const child = await put(queue, { depends_on: [failed.id] });
    await queue.fail(await take(queue), failure('corrupt_media'));
    const half = await put(queue);
    await queue.complete(await take(queue), result());
    const other = await put(queue, { delay_ms: 60_000 });
    const both = await put(queue, { depends_on: [half.id, other.id] });
    await put(queue);
    await end(queue, 1);
    expect(await sweep(queue, { max_jobs: 0, max_age_ms: 0 })).toBe(1);
    expect(await queue.get(failed.id)).not.toBeNull();
    expect(await queue.get(half.id)).not.toBeNull();
    await queue.retry(failed.id);
    await queue.complete(await take(queue), result());
    expect((await queue.get(child.id))?.status).toBe('queued');
    await queue.cancel(both.id);
    expect(await sweep(queue, { max_jobs: 0 })).toBe(3);
  });

  test('hundreds go in small steps, and claims go on between them', { timeout: 60_000 }, async () => {
    const [queue, worker] = [await driver().open(), await driver().open()];
    await queue.enqueue(Array.from({ length: 700 }, () => newJob()));
    await Promise.all(
      Array.from({ length: 20 }, async (_, slot) => {
        for (;;) {
          const claim = await queue.claim(`worker-${slot}`, 30_000);
          if (!claim) return;
          await queue.complete(claim, result());
        }
      }),
    );
    await queue.enqueue(Array.from({ length: 20 }, () => newJob()));
    const sweeping = sweep(queue, { max_jobs: 10 });
    await end(worker, 20);
    const forgotten = await sweeping;
    await sleep(0);
    expect(forgotten + (await sweep(queue, { max_jobs: 10 }))).toBe(710);
    expect(await queue.counts()).toMatchObject({ finished: 10, queued: 0, started: 0 });
  });
};
