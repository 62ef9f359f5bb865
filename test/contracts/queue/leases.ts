import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type ContractPart, eventually, expectCode, failure, put, result, take, takeSoon } from './kit.ts';

export const leaseContract: ContractPart = (driver) => {
  const lease = () => driver().leaseMs;
  const patience = () => driver().leaseMs + driver().recoveryMs;

  test('a renewed lease holds, one that is not renewed returns the job', async () => {
    const [worker, other] = [await driver().open(), await driver().open()];
    const { id } = await put(worker);
    const claim = await take(worker, 'worker-1', lease());
    for (let spent = 0; spent < 3 * lease(); spent += lease() / 4) {
      await sleep(lease() / 4);
      expect(await worker.renew(claim, lease())).toEqual({ cancelRequested: false });
      expect(await other.claim('worker-2', lease())).toBeNull();
    }
    const start = performance.now();
    const taken = await takeSoon(other, 'worker-2', patience() + 2000);
    const waited = performance.now() - start;
    expect(waited).toBeGreaterThan(lease() * 0.9);
    expect(waited).toBeLessThan(patience());
    expect(taken).toMatchObject({ job: { id, attempts: 2 }, attempt: 2 });
    expect(taken.job.timeline.map((entry) => entry.event)).toEqual([
      'enqueued',
      'claimed',
      'lease_expired',
      'claimed',
    ]);
    expect(taken.job.timeline[2]).toMatchObject({ attempt: 1, worker: 'worker-1' });

    await expectCode(worker.complete(claim, result('stale')), 'lease_lost');
    await expectCode(worker.fail(claim, failure('crashed')), 'lease_lost');
    await expectCode(worker.renew(claim, lease()), 'lease_lost');
    await expectCode(worker.release(claim), 'lease_lost');
    await expectCode(worker.log(claim, [{ level: 'info', text: 'stale' }]), 'lease_lost');
    expect(await worker.progress(claim, { percent: 99 })).toBe(false);
    const done = await other.complete(taken, result('fresh'));
    expect(done).toMatchObject({ status: 'finished', result: { message: 'fresh' }, attempts: 2 });
  });

  test('lost leases use up the attempts, and the job fails as crashed', async () => {
    const queue = await driver().open();
    const { id } = await put(queue, { attempts: 2 });
    await take(queue, 'worker-1', lease());
    await eventually(() => queue.claim('worker-2', lease()), patience() + 2000, 'the second attempt');
    const failed = await eventually(
      async () => {
        const job = await queue.get(id);
        return job?.status === 'failed' ? job : null;
      },
      patience() + 2000,
      'the job to fail',
    );
    expect(failed).toMatchObject({ attempts: 2, error: { code: 'crashed' } });
    expect(failed.error?.detail).toContain('2 attempts');
    expect(failed.ended_at).not.toBeNull();
    expect(failed.timeline.map((entry) => entry.event)).toEqual([
      'enqueued',
      'claimed',
      'lease_expired',
      'claimed',
      'lease_expired',
      'failed',
    ]);
    expect(await queue.claim('worker-3', lease())).toBeNull();
  });

  test('a lease that runs out after a cancel was requested ends the job as canceled', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    await take(queue, 'worker-1', lease());
    await queue.cancel(id);
    await eventually(
      async () => (await queue.get(id))?.status === 'canceled',
      patience() + 2000,
      'the job to be canceled',
    );
    expect(await queue.claim('worker-2', lease())).toBeNull();
  });

  test('recover does the same on request and says how many moved', async () => {
    const queue = await driver().open();
    expect(await queue.recover()).toBe(0);
    const { id } = await put(queue);
    await take(queue, 'worker-1', lease());
    expect(await queue.recover()).toBe(0);
    expect((await queue.get(id))?.status).toBe('started');
  });

  test('a process that comes later recovers what it finds', async () => {
    const first = await driver().open();
    const { id } = await put(first);
    await take(first, 'worker-1', lease());
    await first.close();
    const second = await driver().open();
    const claim = await takeSoon(second, 'worker-2', patience() + lease() + 2000);
    expect(claim).toMatchObject({ job: { id }, attempt: 2 });
  });
};
