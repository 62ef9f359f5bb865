import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ContractPart, eventually, put, record, result, status, take } from './kit.ts';

export const pauseContract: ContractPart = (driver) => {
  test('a paused queue gives out nothing, takes jobs in, and lets running ones end', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    expect(await queue.pauseState()).toEqual({ paused: false, reason: null, since: null });
    const { id } = await put(queue);
    const running = await take(other);
    await put(queue);
    const paused = await queue.pause('The disk is exchanged.');
    expect(paused).toEqual({
      paused: true,
      reason: 'The disk is exchanged.',
      since: expect.stringMatching(/^\d{4}-/),
    });
    expect(await other.pauseState()).toEqual(paused);
    expect(await other.claim('worker-2', 30_000)).toBeNull();
    await put(other);
    expect(await other.claim('worker-2', 30_000)).toBeNull();
    await other.renew(running, 30_000);
    await other.complete(running, result());
    expect(await status(queue, id)).toBe('finished');
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
    expect(await other.resume()).toEqual({ paused: false, reason: null, since: null });
    await take(queue);
    await take(other);
  });

  test('the pause outlives every handle', async () => {
    const queue = await driver().open();
    await put(queue);
    const before = await queue.pause();
    expect(before.reason).toBeNull();
    await queue.close();
    const again = await driver().open();
    expect(await again.pauseState()).toEqual(before);
    expect(await again.claim('worker-1', 30_000)).toBeNull();
    await again.resume();
    await take(again);
  });

  test('pausing twice keeps the time, and another reason replaces the first', async () => {
    const queue = await driver().open();
    const first = await queue.pause('one');
    await sleep(5);
    expect(await queue.pause()).toEqual(first);
    expect(await queue.pause('two')).toEqual({ ...first, reason: 'two' });
    await queue.resume();
    await queue.resume();
  });

  test('watchers hear of it, also those of other processes', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const watch = record(other);
    await sleep(50);
    await queue.pause('Lunch.');
    await watch.seen((event) => event.type === 'queue' && event.state.reason === 'Lunch.');
    await queue.resume();
    await watch.seen((event) => event.type === 'queue' && !event.state.paused);
    await watch.stop();
  });

  test('a worker that waits is woken when the queue goes on', async () => {
    const [queue, worker] = [await driver().open(), await driver().open()];
    await put(queue);
    await queue.pause();
    const over = new AbortController();
    let woken = false;
    const waiting = worker.waitForWork(over.signal).then(() => {
      woken = true;
    });
    await sleep(150);
    expect(woken).toBe(false);
    await queue.resume();
    await eventually(() => woken, 4000, 'the worker to be woken');
    await waiting;
    await take(worker);
  });

  test('a scheduled job does not slip through', async () => {
    const queue = await driver().open();
    await put(queue, { delay_ms: 50 });
    await queue.pause();
    await sleep(400);
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
    await queue.resume();
    await eventually(() => queue.claim('worker-1', 30_000), 3000, 'the job');
  });
};
