import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Queue } from '../../../src/queue/port.ts';
import { type ContractPart, newJob, put, result, take } from './kit.ts';

const LONG = 30_000;

export const claimContract: ContractPart = (driver) => {
  test('takes the next job', async () => {
    const queue = await driver().open();
    const job = await put(queue, { params: { a: 1 } });
    const claim = await take(queue, 'worker-7');
    expect(claim).toMatchObject({ worker: 'worker-7', attempt: 1 });
    expect(claim.job).toMatchObject({
      id: job.id,
      status: 'started',
      worker: 'worker-7',
      attempts: 1,
      params: { a: 1 },
    });
    expect(claim.job.started_at).not.toBeNull();
    expect(claim.job.timeline.at(-1)).toMatchObject({ event: 'claimed', attempt: 1, worker: 'worker-7' });
    expect(await queue.get(job.id)).toEqual(claim.job);
  });

  test('answers null when nothing may start', async () => {
    const queue = await driver().open();
    expect(await queue.claim('worker-1', LONG)).toBeNull();
    await put(queue);
    await take(queue);
    expect(await queue.claim('worker-1', LONG)).toBeNull();
  });

  test('higher priority first, first in first out inside', async () => {
    const queue = await driver().open();
    const priorities = [50, 0, 100, 50, 100, 99];
    const jobs = await queue.enqueue(priorities.map((priority) => newJob({ priority })));
    const order: string[] = [];
    for (const _ of priorities) order.push((await take(queue)).job.id);
    expect(order).toEqual([2, 4, 5, 0, 3, 1].map((index) => jobs[index]?.id));
  });

  test('never gives one job to two workers', async () => {
    const handles = [await driver().open(), await driver().open(), await driver().open()];
    const jobs = await (handles[0] as Queue).enqueue(Array.from({ length: 120 }, () => newJob()));
    const claimed: string[] = [];
    await Promise.all(
      handles.flatMap((queue, handle) =>
        [0, 1].map(async (slot) => {
          for (;;) {
            const claim = await queue.claim(`worker-${handle}-${slot}`, LONG);
            if (!claim) return;
            claimed.push(claim.job.id);
            await queue.complete(claim, result());
          }
        }),
      ),
    );
    expect(claimed).toHaveLength(jobs.length);
    expect(new Set(claimed)).toEqual(new Set(jobs.map((job) => job.id)));
    expect((await (handles[1] as Queue).counts()).finished).toBe(jobs.length);
  });

  /** Milliseconds until `waitForWork` resolves after `act`. */
  async function woken(queue: Queue, act: () => unknown, signal = new AbortController().signal) {
    const waited = queue.waitForWork(signal);
    await sleep(60);
    const start = performance.now();
    await act();
    await waited;
    return performance.now() - start;
  }

  test('waitForWork ends when a job is enqueued here or in another process', async () => {
    const [here, there] = [await driver().open(), await driver().open()];
    expect(await woken(here, () => put(here))).toBeLessThan(500);
    await take(here);
    expect(await woken(here, () => put(there))).toBeLessThan(1000);
    expect(await here.claim('worker-1', LONG)).not.toBeNull();
  });

  test('waitForWork ends at once when there is work already', async () => {
    const queue = await driver().open();
    await put(queue);
    const start = performance.now();
    await queue.waitForWork(new AbortController().signal);
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('waitForWork ends when a delay ends', async () => {
    const queue = await driver().open();
    expect(await woken(queue, () => put(queue, { delay_ms: 300 }))).toBeGreaterThan(150);
    expect(await queue.claim('worker-1', LONG)).not.toBeNull();
  });

  test('waitForWork ends on abort, before and while it waits, and does not reject', async () => {
    const queue = await driver().open();
    const abort = new AbortController();
    expect(await woken(queue, () => abort.abort(), abort.signal)).toBeLessThan(500);
    const start = performance.now();
    await queue.waitForWork(AbortSignal.abort());
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('many workers can wait on one signal', async () => {
    const queue = await driver().open();
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const abort = new AbortController();
    const waiting = Array.from({ length: 20 }, () => queue.waitForWork(abort.signal));
    await sleep(50);
    abort.abort();
    await Promise.all(waiting);
    await sleep(10);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test('leaves nothing on a signal that lives on', async () => {
    const queue = await driver().open();
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i += 1) {
      await woken(queue, () => put(queue), signal);
      await take(queue);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
};
