import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { admission } from '../../src/runner/admission.ts';
import { availableMemory } from '../../src/runner/available-memory.ts';
import { until } from './fixtures/processes.ts';
import { openWorkplace, type Workplace } from './fixtures/workplace.ts';

async function self({ queue }: Workplace) {
  return (await queue.workers())[0];
}

describe('a worker whose jobs all fail for reasons of its machine', () => {
  it('pauses itself, says why, spends no attempts of further jobs, and goes on when it is told to', async () => {
    const place = await openWorkplace();
    const worker = place.start({ pauseAfterFailures: 2 });
    // Attempts of one job count once.
    const first = await place.enqueue('half_output', { params: { how: 'crash' }, attempts: 2 });
    expect(await place.settled(first.id)).toMatchObject({ status: 'failed', attempts: 2 });
    expect((await self(place))?.state).toBe('running');
    const second = await place.enqueue('half_output', { params: { how: 'crash' } });
    await place.settled(second.id);
    await until(async () => (await self(place))?.state === 'paused', 15_000);
    const paused = await self(place);
    expect(paused).toMatchObject({ failed_in_a_row: 2, jobs: [], current: [] });
    expect(paused?.detail).toMatch(/^2 jobs in a row failed here; .*\(crashed\)/);
    expect((await place.queue.get(second.id))?.status).toBe('failed');

    const waiting = await place.enqueue('write', { params: { text: 'x' } });
    await sleep(600);
    expect(await place.queue.get(waiting.id)).toMatchObject({ status: 'queued', attempts: 0 });
    await place.queue.wish(worker.id, { state: 'running' });
    expect(await place.settled(waiting.id)).toMatchObject({ status: 'finished', attempts: 1 });
    await until(async () => (await self(place))?.failed_in_a_row === 0, 15_000);
    expect((await self(place))?.detail).toBeUndefined();
  });

  it('does not pause for bad inputs, nor when a job between them succeeds', async () => {
    const place = await openWorkplace();
    place.start({ pauseAfterFailures: 2 });
    const ids: string[] = [];
    const add = async (task: string, params: Record<string, unknown>) =>
      ids.push((await place.enqueue(task, { params })).id);
    await add('half_output', { how: 'crash' });
    await add('write', { text: 'x' });
    await add('half_output', { how: 'crash' });
    await add('write', { nonsense: 1 });
    await add('half_output', { how: 'crash' });
    for (const id of ids) await place.settled(id);
    await sleep(400);
    expect(await self(place)).toMatchObject({ state: 'running', failed_in_a_row: 1 });
  });
});

describe('a worker that is paused from outside', () => {
  it('lets its running job end, takes no other, and says whose wish it is', async () => {
    const place = await openWorkplace();
    const worker = place.start({ leaseMs: 30_000 });
    const running = await place.enqueue('write', { params: { text: 'late', wait_ms: 800 } });
    await place.settled(running.id, 'started');
    await until(async () => (await self(place))?.current?.length === 1, 15_000);
    const busy = await self(place);
    expect(busy?.current).toEqual([
      { id: running.id, task: 'write', attempt: 1, started_at: expect.any(String) },
    ]);
    expect(busy?.memory_bytes).toBeGreaterThan(20 * 1024 ** 2);
    await place.queue.wish(worker.id, { state: 'paused', reason: 'New fan.' });
    const next = await place.enqueue('write', { params: { text: 'x' } });
    expect(await place.settled(running.id)).toMatchObject({ status: 'finished' });
    await until(async () => (await self(place))?.state === 'paused', 15_000);
    expect((await self(place))?.detail).toBe('New fan.');
    await sleep(300);
    expect(await place.queue.get(next.id)).toMatchObject({ status: 'queued', attempts: 0 });
    await place.queue.wish(worker.id, { state: 'running' });
    expect(await place.settled(next.id)).toMatchObject({ status: 'finished' });
  });

  it('can be stopped while it is paused', async () => {
    const place = await openWorkplace();
    const worker = place.start();
    await until(async () => (await self(place)) !== undefined, 15_000);
    await place.queue.wish(worker.id, { state: 'paused' });
    await until(async () => (await self(place))?.state === 'paused', 15_000);
    await worker.stop();
    expect(await place.queue.workers()).toEqual([]);
  });
});

describe('a worker on a machine that is short of something', () => {
  it('waits for disk space, says so once, and goes on by itself', async () => {
    const place = await openWorkplace();
    let free = 100 * 1024 ** 2;
    const said: string[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, text: string) => said.push(text),
    };
    place.start({
      storage: { ...place.storage, freeBytes: async () => free },
      minFreeDiskBytes: 1024 ** 3,
      logger,
    });
    const { id } = await place.enqueue('write', { params: { text: 'x' } });
    await until(async () => (await self(place))?.detail !== undefined, 15_000);
    expect(await self(place)).toMatchObject({
      state: 'running',
      detail: expect.stringMatching(/^Waits for disk space: 100 MiB free, 1024 MiB wanted/),
    });
    await sleep(2500);
    expect(await place.queue.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
    expect(said).toEqual(['no jobs are taken']);
    free = 10 * 1024 ** 3;
    expect(await place.settled(id)).toMatchObject({ status: 'finished', attempts: 1 });
    await until(async () => (await self(place))?.detail === undefined, 15_000);
  });

  it('looks at memory and disk, and at what is set only', async () => {
    const MiB = 1024 ** 2;
    const look = (minDisk: number, minMemory: number) =>
      admission({
        minFreeDiskBytes: minDisk,
        minFreeMemoryBytes: minMemory,
        freeDiskBytes: async () => 50 * MiB,
        freeMemoryBytes: () => 20 * MiB,
      })();
    expect(await look(0, 0)).toBeNull();
    expect(await look(50 * MiB, 20 * MiB)).toBeNull();
    expect(await look(51 * MiB, 0)).toContain('disk space: 50 MiB free');
    expect(await look(51 * MiB, 21 * MiB)).toContain('memory: 20 MiB available');
  });

  it('knows how much memory there is', () => {
    expect(availableMemory()).toBeGreaterThan(1024 ** 2);
    expect(availableMemory()).toBeLessThan(64 * 1024 ** 4);
  });
});
