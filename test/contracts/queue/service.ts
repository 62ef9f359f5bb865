import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkerInfo } from '../../../src/queue/port.ts';
import { type ContractPart, eventually, expectCode, newJob, put, record, take } from './kit.ts';

const worker: WorkerInfo = {
  id: 'worker-1',
  host: 'studio',
  pid: 4711,
  started_at: '2026-11-22T10:00:00.000Z',
  jobs: [],
  concurrency: 2,
  state: 'running',
};

export const serviceContract: ContractPart = (driver) => {
  test('workers are known while they announce themselves', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    expect(await other.workers()).toEqual([]);
    await queue.announce(worker, 30_000);
    await queue.announce({ ...worker, id: 'worker-2' }, 30_000);
    const paused: WorkerInfo = { ...worker, jobs: ['x'], state: 'paused', detail: 'The disk is full.' };
    await queue.announce(paused, 30_000);
    expect(await other.workers()).toEqual([paused, { ...worker, id: 'worker-2' }]);
    await queue.withdraw('worker-2');
    expect(await other.workers()).toEqual([paused]);
  });

  test('a worker that falls silent is forgotten', async () => {
    const { leaseMs, recoveryMs, open } = driver();
    const queue = await open();
    await queue.announce(worker, leaseMs);
    for (let i = 0; i < 6; i += 1) {
      await sleep(leaseMs / 3);
      await queue.announce(worker, leaseMs);
    }
    expect(await queue.workers()).toHaveLength(1);
    await eventually(
      async () => (await queue.workers()).length === 0,
      leaseMs + recoveryMs + 2000,
      'it to be forgotten',
    );
  });

  test('a wish reaches its worker, at once and with every announcement, and goes with it', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    await expectCode(other.wish('worker-1', { state: 'paused' }), 'worker_not_found');
    expect(await queue.announce(worker, 30_000)).toBeNull();
    const watch = record(queue);
    await sleep(50);
    const wish = await other.wish('worker-1', { state: 'paused', reason: 'Maintenance.' });
    expect(wish).toMatchObject({ state: 'paused', reason: 'Maintenance.' });
    await watch.seen((event) => event.type === 'workers' && event.wish === 'worker-1');
    expect(await queue.announce(worker, 30_000)).toEqual(wish);
    expect(await queue.announce({ ...worker, state: 'paused' }, 30_000)).toEqual(wish);
    const next = await other.wish('worker-1', { state: 'running' });
    expect(next.number).toBeGreaterThan(wish.number);
    expect(await queue.announce(worker, 30_000)).toEqual(next);
    await queue.withdraw('worker-1');
    expect(await queue.announce(worker, 30_000)).toBeNull();
    await watch.stop();
  });

  test('watchers hear when something about the workers is different', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const watch = record(other);
    await sleep(50);
    const heard = () => watch.events.filter(({ type }) => type === 'workers').length;
    await queue.announce(worker, 30_000);
    await eventually(() => heard() === 1, 2000, 'the announcement');
    await queue.announce(worker, 30_000);
    await queue.announce({ ...worker, jobs: ['x'] }, 30_000);
    await eventually(() => heard() === 2, 2000, 'the change');
    await queue.withdraw('worker-1');
    await eventually(() => heard() === 3, 2000, 'the end');
    await watch.stop();
  });

  test('check is quiet while all is well', async () => {
    const queue = await driver().open();
    await queue.check();
  });

  test('close ends what waits, and refuses what comes later', async () => {
    const queue = await driver().open();
    const forever = new AbortController().signal;
    const waiting = queue.waitForWork(forever);
    const watching = (async () => {
      for await (const _ of queue.watch(forever));
    })();
    await sleep(30);
    await queue.close();
    await queue.close();
    await Promise.all([waiting, watching]);
    await expectCode(queue.enqueue([newJob()]), 'queue_unavailable');
    await expectCode(queue.claim('worker-1', 1000), 'queue_unavailable');
    await expectCode(queue.get('x'), 'queue_unavailable');
    await expectCode(queue.list({}), 'queue_unavailable');
    await expectCode(queue.check(), 'queue_unavailable');
  });

  test('what was asked for before close is done', async () => {
    const queue = await driver().open();
    const asked = Promise.all(Array.from({ length: 20 }, () => put(queue)));
    await queue.close();
    const jobs = await asked;
    const again = await driver().open();
    expect((await again.counts()).queued).toBe(jobs.length);
    expect((await take(again)).job.id).toBe(jobs[0]?.id);
  });
};
