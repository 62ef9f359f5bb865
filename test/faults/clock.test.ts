/**
 * Case 15: the wall clock is set by two hours while jobs run and wait: nothing ends early or late for it. The
 * embedded queue takes its clock as an option. On Redis leases are judged by steady clocks and delays kept by the
 * clock of the server, so what can be wrong there are the clocks of the machines around it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually, put, status, take } from '../contracts/queue/kit.ts';
import { figure } from './figures.ts';
import { onEachBackend, openEmbedded } from './stage.ts';

const HOURS = 3_600_000;
const LEASE_MS = 1000;

const rightNow = Date.now.bind(Date);
let offset = 0;
const now = (): number => rightNow() + offset;
afterEach(() => {
  offset = 0;
  vi.restoreAllMocks();
});

onEachBackend((open, backend) => {
  test.each([2, -2])('15: leases, when the clock jumps by %d h', { timeout: 60_000 }, async (hours) => {
    const stage = await open();
    if (stage.redis) vi.spyOn(Date, 'now').mockImplementation(now);
    const [worker, observer] = [await stage.open({ now }), await stage.open({ now })];
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
    await eventually(async () => (await status(observer, id)) === 'queued', 10_000, 'the lease to run out');
    const lapsed = performance.now() - silent;
    expect(lapsed).toBeLessThan(2 * LEASE_MS + 2000);
    figure('15', backend, {
      clock_set_by_hours: hours,
      lease_ms: LEASE_MS,
      lapsed_after_ms: Math.round(lapsed),
    });
  });

  test.each([2, -2])('15: delays, when the clock jumps by %d h', { timeout: 60_000 }, async (hours) => {
    const stage = await open();
    if (stage.redis) vi.spyOn(Date, 'now').mockImplementation(now);
    const queue = await stage.open({ now });
    const start = performance.now();
    const { id } = await put(queue, { delay_ms: 900 });
    await sleep(100);
    offset = hours * HOURS;
    await sleep(300);
    // On a machine that has slept through the delay there is nothing to see here.
    if (performance.now() - start < 800) expect(await status(queue, id)).toBe('scheduled');
    const claim = await eventually(() => queue.claim('worker-1', 30_000), 10_000, 'the delay to end');
    const waited = performance.now() - start;
    expect(claim.job.id).toBe(id);
    expect(waited).toBeGreaterThan(850);
    expect(waited).toBeLessThan(6000);
  });
});

describe('embedded, several processes', () => {
  test('15: a clock set while nobody looked does not touch delays of the same boot', async () => {
    const stage = await openEmbedded();
    const before = await stage.open();
    const { id } = await put(before, { delay_ms: 60_000 });
    await before.close();
    const after = await stage.open({ now: () => Date.now() + 2 * HOURS });
    expect(await after.claim('worker-1', 30_000)).toBeNull();
    const waiting = await after.get(id);
    const left = Date.parse(waiting?.scheduled_at ?? '') - (Date.now() + 2 * HOURS);
    expect(left).toBeGreaterThan(45_000);
    expect(left).toBeLessThan(62_000);
  });

  test('15: processes with clocks two hours apart agree on leases and delays', async () => {
    const stage = await openEmbedded();
    const right = await stage.open();
    const wrong = await stage.open({ now: () => Date.now() + 2 * HOURS });
    const start = performance.now();
    const { id } = await put(right, { delay_ms: 700 });
    while (performance.now() - start < 500) {
      const claim = await wrong.claim('worker-1', 30_000);
      if (performance.now() - start < 650) expect(claim).toBeNull();
      await sleep(100);
    }
    const claim = await eventually(() => wrong.claim('worker-1', 30_000), 10_000, 'the delay to end');
    expect(claim.job.id).toBe(id);
    await sleep(700);
    expect(await status(right, id)).toBe('started');
  });
});
