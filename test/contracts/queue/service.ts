import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkerInfo } from '../../../src/queue/port.ts';
import { type ContractPart, eventually, expectCode, newJob, put, take } from './kit.ts';

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
