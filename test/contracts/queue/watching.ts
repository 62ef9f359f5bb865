import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { QueueEvent } from '../../../src/queue/port.ts';
import { type ContractPart, eventually, failure, newJob, put, record, result, take } from './kit.ts';

export const watchContract: ContractPart = (driver) => {
  test.each(['this process', 'another process'])('tells what happens in %s', async (where) => {
    const acting = await driver().open();
    const watching = where === 'this process' ? acting : await driver().open();
    const before = await put(acting);
    const watch = record(watching);
    const { id } = await put(acting, { priority: 100 });
    await watch.seen((event) => event.type === 'job' && event.job.id === id);
    const claim = await take(acting);
    await watch.seen((event) => event.type === 'job' && event.job.status === 'started');
    await acting.progress(claim, { percent: 30 });
    await watch.seen(
      (event) => event.type === 'progress' && event.id === id && event.progress.percent === 30,
    );
    await acting.log(claim, [{ level: 'warn', text: 'odd' }]);
    const log = await watch.seen((event) => event.type === 'log');
    expect(log).toMatchObject({ id, line: { seq: 1, level: 'warn', text: 'odd', attempt: 1 } });
    const done = await acting.complete(claim, result());
    const last = await watch.seen((event) => event.type === 'job' && event.job.status === 'finished');
    expect(last).toEqual({ type: 'job', job: done });
    await acting.remove(id);
    await watch.seen((event) => event.type === 'removed' && event.id === id);
    expect(watch.statuses(id)).toEqual(['queued', 'started', 'finished']);
    // Only from then on.
    expect(watch.statuses(before.id)).toEqual([]);
    await watch.stop();
  });

  test('in this process every step is told at once and once', async () => {
    const queue = await driver().open();
    const watch = record(queue);
    const { id } = await put(queue);
    const claim = await take(queue);
    await queue.fail(claim, { ...failure('crashed'), retryable: false });
    await sleep(20);
    expect(watch.events.map((event) => (event.type === 'job' ? event.job.status : event.type))).toEqual([
      'queued',
      'started',
      'failed',
    ]);
    await queue.retry(id);
    await queue.cancel(id);
    await sleep(300);
    expect(watch.events).toHaveLength(5);
    await watch.stop();
  });

  test('progress comes often here, and its last word reaches other processes', async () => {
    const [here, there] = [await driver().open(), await driver().open()];
    const watches = [record(here), record(there)];
    const { id } = await put(here);
    const claim = await take(here);
    for (let percent = 1; percent <= 20; percent += 1) {
      await here.progress(claim, { percent });
      await sleep(1);
    }
    const percents = (events: QueueEvent[]) =>
      events.flatMap((event) =>
        event.type === 'progress' && event.id === id ? [event.progress.percent] : [],
      );
    await eventually(() => percents(watches[0]?.events ?? []).at(-1) === 20, 500, 'the last report here');
    expect(percents(watches[0]?.events ?? []).length).toBeGreaterThan(5);
    await eventually(() => percents(watches[1]?.events ?? []).at(-1) === 20, 4000, 'the last report there');
    for (const watch of watches) {
      const seen = percents(watch.events) as number[];
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      await watch.stop();
    }
  });

  test('begins when it is called, not when it is first read', async () => {
    const queue = await driver().open();
    const abort = new AbortController();
    const events = queue.watch(abort.signal);
    const { id } = await put(queue);
    for await (const event of events) {
      expect(event).toMatchObject({ type: 'job', job: { id, status: 'queued' } });
      abort.abort();
    }
  });

  test('a slow watcher still learns the last state of every job', { timeout: 30_000 }, async () => {
    const queue = await driver().open();
    const abort = new AbortController();
    const events = queue.watch(abort.signal)[Symbol.asyncIterator]();
    const last = new Map<string, string>();
    const take1 = async () => {
      const { value } = (await events.next()) as { value: QueueEvent };
      if (value?.type === 'job') last.set(value.job.id, value.job.status);
    };
    const jobs = await queue.enqueue(Array.from({ length: 2500 }, () => newJob()));
    await take1();
    await Promise.all(jobs.map(({ id }) => queue.cancel(id)));
    const late = await put(queue);
    while (last.get(late.id) === undefined) await take1();
    expect(last.size).toBe(jobs.length + 1);
    expect(jobs.filter(({ id }) => last.get(id) !== 'canceled')).toEqual([]);
    // And it goes on in step.
    await queue.cancel(late.id);
    await take1();
    expect(last.get(late.id)).toBe('canceled');
    abort.abort();
    expect((await events.next()).done).toBe(true);
  });

  test('what a slow watcher costs does not grow with what happens', { timeout: 30_000 }, async () => {
    const queue = await driver().open();
    const abort = new AbortController();
    const jobs = await queue.enqueue(Array.from({ length: 100 }, () => newJob()));
    const events = queue.watch(abort.signal);
    for (let round = 0; round < 15; round += 1) {
      await Promise.all(jobs.map(({ id }) => queue.cancel(id)));
      await Promise.all(jobs.map(({ id }) => queue.retry(id)));
    }
    const last = await put(queue);
    let told = 0;
    for await (const event of events) {
      told += 1;
      if (event.type === 'job' && event.job.id === last.id) abort.abort();
    }
    // Of 3000 changes, those of the start and the last of each job; the rest was not kept for it.
    expect(told).toBeGreaterThan(100);
    expect(told).toBeLessThan(1500);
  });

  test('ends on abort, whether it waits, has events, or has not begun', async () => {
    const queue = await driver().open();
    const waiting = record(queue);
    await sleep(20);
    await waiting.stop();

    const abort = new AbortController();
    const events = queue.watch(abort.signal);
    await queue.enqueue([newJob(), newJob()]);
    abort.abort();
    for await (const event of events) expect.unreachable(`told ${event.type} after the abort`);
    for await (const event of queue.watch(AbortSignal.abort())) expect.unreachable(event.type);
  });

  test('may be left at any time', async () => {
    const queue = await driver().open();
    const abort = new AbortController();
    const events = queue.watch(abort.signal);
    await queue.enqueue([newJob(), newJob()]);
    for await (const _ of events) break;
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    const again = await events[Symbol.asyncIterator]().next();
    expect(again.done).toBe(true);
  });
};
