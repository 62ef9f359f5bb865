/** The wall clock is set by two hours while jobs run and wait: nothing ends early or late for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, put, status, take } from '../contracts/queue/kit.ts';
import { createStore, type Store } from './sqlite-store.ts';

const HOURS = 3_600_000;
const LEASE_MS = 1000;

let store: Store;
beforeEach(async () => {
  store = await createStore();
});
afterEach(() => store.dispose());

test.each([2, -2])('leases, when the clock jumps by %d h', async (hours) => {
  let offset = 0;
  const now = () => Date.now() + offset;
  const [worker, observer] = [await store.open({ now }), await store.open({ now })];
  const { id } = await put(worker);
  const claim = await take(worker, 'worker-1', LEASE_MS);
  await sleep(300);
  offset = hours * HOURS;
  for (let i = 0; i < 10; i += 1) {
    await worker.renew(claim, LEASE_MS);
    await sleep(150);
    expect(await status(observer, id)).toBe('started');
  }
  await worker.renew(claim, LEASE_MS);
  const silent = performance.now();
  offset = 0;
  await sleep(LEASE_MS * 0.7);
  expect(await status(observer, id)).toBe('started');
  await eventually(async () => (await status(observer, id)) === 'queued', 3000, 'the lease to run out');
  expect(performance.now() - silent).toBeLessThan(2 * LEASE_MS + 1000);
});

test.each([2, -2])('delays, when the clock jumps by %d h', async (hours) => {
  let offset = 0;
  const now = () => Date.now() + offset;
  const queue = await store.open({ now });
  const { id } = await put(queue, { delay_ms: 900 });
  const start = performance.now();
  await sleep(100);
  offset = hours * HOURS;
  await sleep(400);
  expect(await queue.claim('worker-1', 30_000)).toBeNull();
  expect(await status(queue, id)).toBe('scheduled');
  const claim = await eventually(() => queue.claim('worker-1', 30_000), 5000, 'the delay to end');
  const waited = performance.now() - start;
  expect(claim.job.id).toBe(id);
  expect(waited).toBeGreaterThan(850);
  expect(waited).toBeLessThan(4000);
});

test('a clock set while nobody looked does not touch delays of the same boot', async () => {
  const before = await store.open();
  const { id } = await put(before, { delay_ms: 60_000 });
  await before.close();
  const after = await store.open({ now: () => Date.now() + 2 * HOURS });
  expect(await after.claim('worker-1', 30_000)).toBeNull();
  const waiting = await after.get(id);
  const left = Date.parse(waiting?.scheduled_at ?? '') - (Date.now() + 2 * HOURS);
  expect(left).toBeGreaterThan(50_000);
  expect(left).toBeLessThan(62_000);
});

test('processes with clocks two hours apart agree on leases and delays', async () => {
  const right = await store.open();
  const wrong = await store.open({ now: () => Date.now() + 2 * HOURS });
  const { id } = await put(right, { delay_ms: 500 });
  expect(await wrong.claim('worker-1', 30_000)).toBeNull();
  await sleep(250);
  expect(await wrong.claim('worker-1', 30_000)).toBeNull();
  const claim = await eventually(() => wrong.claim('worker-1', 30_000), 3000, 'the delay to end');
  expect(claim.job.id).toBe(id);
  await sleep(700);
  expect(await status(right, id)).toBe('started');
});
