import { expect, test } from 'vitest';
import { type ContractPart, expectCode, failure, put, record, result, status, take } from './kit.ts';

export const cancelContract: ContractPart = (driver) => {
  test('a job that waits is canceled at once', async () => {
    const queue = await driver().open();
    const queued = await put(queue);
    const scheduled = await put(queue, { delay_ms: 60_000 });
    const deferred = await put(queue, { depends_on: [scheduled.id] });
    for (const { id } of [queued, deferred, scheduled]) {
      const canceled = await queue.cancel(id);
      expect(canceled).toMatchObject({ status: 'canceled', scheduled_at: null });
      expect(canceled.ended_at).not.toBeNull();
      expect(canceled.timeline.at(-1)?.event).toBe('canceled');
      await expectCode(queue.cancel(id), 'conflict');
    }
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
  });

  test('the worker of a started job is asked, and ends it', async () => {
    const [queue, worker] = [await driver().open(), await driver().open()];
    const { id } = await put(queue);
    const claim = await take(worker);
    const watch = record(worker);
    const asked = await queue.cancel(id);
    expect(asked).toMatchObject({ status: 'started', cancel_requested: true });
    expect((await queue.cancel(id)).timeline).toEqual(asked.timeline);
    expect(await worker.renew(claim, 30_000)).toEqual({ cancelRequested: true });
    await watch.seen((event) => event.type === 'job' && event.job.id === id && event.job.cancel_requested);
    const canceled = await worker.fail(claim, failure('canceled'));
    expect(canceled).toMatchObject({ status: 'canceled', error: { code: 'canceled' } });
    expect(canceled.timeline.map((entry) => entry.event)).toEqual([
      'enqueued',
      'claimed',
      'cancel_requested',
      'canceled',
    ]);
    await watch.stop();
  });

  test('a job that finishes first stays finished', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const claim = await take(queue);
    await queue.cancel(id);
    expect((await queue.complete(claim, result())).status).toBe('finished');
    await expectCode(queue.cancel(id), 'conflict');
  });

  test('a job whose cancel was requested is not tried again', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const failing = await take(queue);
    await queue.cancel(id);
    expect((await queue.fail(failing, failure('crashed'))).status).toBe('canceled');
    const other = await put(queue);
    const draining = await take(queue);
    await queue.cancel(other.id);
    await queue.release(draining);
    expect(await status(queue, other.id)).toBe('canceled');
  });

  test('retry runs an ended job again under its id', async () => {
    const queue = await driver().open();
    const { id } = await put(queue, { attempts: 1 });
    await queue.fail(await take(queue), failure('crashed'));
    const retried = await queue.retry(id);
    expect(retried).toMatchObject({
      id,
      status: 'queued',
      attempts: 0,
      error: null,
      result: null,
      progress: null,
      worker: null,
      started_at: null,
      ended_at: null,
    });
    expect(retried.timeline.at(-1)?.event).toBe('retried');
    await queue.complete(await take(queue), result());
    expect(await queue.retry(id)).toMatchObject({ status: 'queued', result: null });
    await queue.cancel(id);
    expect(await queue.retry(id)).toMatchObject({ status: 'queued', cancel_requested: false });
    const claim = await take(queue);
    expect(await queue.renew(claim, 30_000)).toEqual({ cancelRequested: false });
  });

  test('retry goes to the end of its priority', async () => {
    const queue = await driver().open();
    const first = await put(queue);
    const second = await put(queue);
    await queue.cancel(first.id);
    await queue.retry(first.id);
    expect((await take(queue)).job.id).toBe(second.id);
    expect((await take(queue)).job.id).toBe(first.id);
  });

  test('retry is only for jobs that have ended', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    await expectCode(queue.retry(id), 'conflict');
    await take(queue);
    await expectCode(queue.retry(id), 'conflict');
  });

  test('remove forgets jobs that have ended or wait, with their logs', async () => {
    const queue = await driver().open();
    const ended = await put(queue);
    const claim = await take(queue);
    await queue.log(claim, [{ level: 'info', text: 'hello' }]);
    await expectCode(queue.remove(ended.id), 'conflict');
    await queue.complete(claim, result());
    const waiting = await put(queue);
    for (const { id } of [ended, waiting]) {
      expect(await queue.remove(id)).toMatchObject({ id });
      expect(await queue.get(id)).toBeNull();
      await expectCode(queue.logs(id), 'job_not_found');
    }
    expect((await queue.list({})).jobs).toEqual([]);
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
  });

  test('unknown jobs are not found', async () => {
    const queue = await driver().open();
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    expect(await queue.get(id)).toBeNull();
    await expectCode(queue.cancel(id), 'job_not_found');
    await expectCode(queue.retry(id), 'job_not_found');
    await expectCode(queue.remove(id), 'job_not_found');
    await expectCode(queue.logs(id), 'job_not_found');
  });

  test('cancel racing completion, 1000 times: exactly one final state', { timeout: 60_000 }, async () => {
    const [user, worker] = [await driver().open(), await driver().open()];
    const ends = { finished: 0, canceled: 0 };
    for (let round = 0; round < 10; round += 1) {
      const jobs = await user.enqueue(
        Array.from({ length: 100 }, () => ({ task: 't', input_path: null, output_path: null, params: {} })),
      );
      const renewed = Promise.withResolvers<void>();
      await Promise.all(
        jobs.map(async ({ id }, index) => {
          const run = (async () => {
            const claim = await worker.claim('worker-1', 30_000);
            if (!claim) return;
            const { cancelRequested } = await worker.renew(claim, 30_000);
            renewed.resolve();
            if (cancelRequested) await worker.fail(claim, failure('canceled'));
            else await worker.complete(claim, result());
          })();
          const stop = (async () => {
            // Some come early, some when the jobs are running, however long a driver takes to claim.
            if (index % 3 === 0) await renewed.promise;
            for (let turn = index % 7; turn > 0; turn -= 1) {
              await new Promise((resolve) => setImmediate(resolve));
            }
            await user
              .cancel(id)
              .catch((error: unknown) => expect(error).toMatchObject({ code: 'conflict' }));
          })();
          await Promise.all([run, stop]);
        }),
      );
      for (const { id } of jobs) {
        const job = await user.get(id);
        const final = job?.timeline.filter(({ event }) => ['finished', 'failed', 'canceled'].includes(event));
        expect(final).toHaveLength(1);
        expect(job?.status).toBe(final?.[0]?.event);
        expect(job?.result !== null).toBe(job?.status === 'finished');
        ends[job?.status as keyof typeof ends] += 1;
      }
    }
    expect(ends.finished + ends.canceled).toBe(1000);
    // Both must have happened, or it was no race.
    expect(ends.finished).toBeGreaterThan(0);
    expect(ends.canceled).toBeGreaterThan(0);
  });
};
