import { expect, test } from 'vitest';
import {
  type ContractPart,
  expectCode,
  failure,
  put,
  record,
  result,
  TEST_BACKOFF,
  take,
  takeSoon,
} from './kit.ts';

export const attemptsContract: ContractPart = (driver) => {
  test('complete stores the result', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const claim = await take(queue);
    const done = await queue.complete(claim, result('5 s of video'));
    expect(done).toMatchObject({
      id,
      status: 'finished',
      result: result('5 s of video'),
      error: null,
      attempts: 1,
      worker: 'worker-1',
      progress: { percent: 100 },
    });
    expect(done.ended_at).not.toBeNull();
    expect(done.timeline.map((entry) => entry.event)).toEqual(['enqueued', 'claimed', 'finished']);
    expect(await queue.get(id)).toEqual(done);
  });

  test('a failure that may pass is tried again after a wait that grows', async () => {
    const queue = await driver().open();
    const { id } = await put(queue, { attempts: 3 });
    const waits: number[] = [];
    for (const attempt of [1, 2]) {
      const claim = await takeSoon(queue, 'worker-1', 5000);
      expect(claim.attempt).toBe(attempt);
      const before = Date.now();
      const failed = await queue.fail(claim, failure('crashed', `Attempt ${attempt} went wrong.`));
      expect(failed).toMatchObject({
        status: 'scheduled',
        worker: null,
        error: { code: 'crashed', detail: `Attempt ${attempt} went wrong.` },
        ended_at: null,
      });
      expect(failed.timeline.at(-1)).toMatchObject({
        event: 'attempt_failed',
        attempt,
        detail: `Attempt ${attempt} went wrong.`,
      });
      waits.push(Date.parse(failed.scheduled_at ?? '') - before);
      expect(await queue.claim('worker-1', 30_000)).toBeNull();
    }
    const base = TEST_BACKOFF.base_ms ?? 0;
    expect(waits[0]).toBeGreaterThanOrEqual(base / 2 - 5);
    expect(waits[0]).toBeLessThanOrEqual(base + 50);
    expect(waits[1]).toBeGreaterThanOrEqual(base - 5);
    expect(waits[1]).toBeLessThanOrEqual(2 * base + 50);

    const last = await takeSoon(queue, 'worker-2', 5000);
    expect(last.job).toMatchObject({ attempts: 3, error: null });
    const failed = await queue.fail(last, failure('crashed'));
    expect(failed).toMatchObject({ id, status: 'failed', error: { code: 'crashed' }, attempts: 3 });
    expect(failed.ended_at).not.toBeNull();
    expect(failed.timeline.at(-1)).toMatchObject({ event: 'failed', attempt: 3 });
  });

  test('a failure that stays is final at once', async () => {
    const queue = await driver().open();
    await put(queue);
    const failed = await queue.fail(await take(queue), failure('no_video_stream'));
    expect(failed).toMatchObject({ status: 'failed', attempts: 1, error: failure('no_video_stream') });
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
  });

  test('only `retryable` decides, not the code', async () => {
    const queue = await driver().open();
    await put(queue);
    await put(queue);
    const given = { ...failure('crashed'), retryable: false };
    expect((await queue.fail(await take(queue), given)).status).toBe('failed');
    const kept = { ...failure('no_video_stream'), retryable: true };
    expect((await queue.fail(await take(queue), kept)).status).toBe('scheduled');
  });

  test('a job that succeeds later keeps no error', async () => {
    const queue = await driver().open();
    await put(queue);
    await queue.fail(await take(queue), failure('crashed'));
    const done = await queue.complete(await takeSoon(queue, 'worker-1', 5000), result());
    expect(done).toMatchObject({ status: 'finished', error: null, attempts: 2 });
    expect(done.timeline.map((entry) => entry.event)).toEqual([
      'enqueued',
      'claimed',
      'attempt_failed',
      'claimed',
      'finished',
    ]);
  });

  test('release gives the job back, in its place, and the attempt does not count', async () => {
    const queue = await driver().open();
    const first = await put(queue, { attempts: 1 });
    await put(queue);
    const claim = await take(queue);
    await queue.progress(claim, { percent: 40 });
    await queue.release(claim);
    expect(await queue.get(first.id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      worker: null,
      started_at: null,
      progress: null,
    });
    const again = await take(queue, 'worker-2');
    expect(again).toMatchObject({ job: { id: first.id }, attempt: 1 });
    expect((await queue.complete(again, result())).timeline.map((entry) => entry.event)).toEqual([
      'enqueued',
      'claimed',
      'released',
      'claimed',
      'finished',
    ]);
  });

  test('progress is stored and gone when the next attempt starts', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const { id } = await put(queue);
    const claim = await take(queue);
    const progress = { percent: 12.5, stage: 'pass 1 of 2', fps: 240, speed: 8, eta_seconds: 3 };
    expect(await queue.progress(claim, progress)).toBe(true);
    expect((await queue.get(id))?.progress).toEqual(progress);
    expect((await other.get(id))?.progress).toEqual(progress);
    await queue.progress(claim, { percent: 90 });
    const failed = await queue.fail(claim, { ...failure('crashed'), retryable: false });
    // How far it came is part of what is known about a failure.
    expect(failed.progress).toEqual({ percent: 90 });
    await queue.retry(id);
    expect((await take(queue)).job.progress).toBeNull();
  });

  test('other jobs may add numbers to a job of any status, and never disturb its attempt', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const { id, reported_metrics } = await put(queue);
    expect(reported_metrics).toEqual({});
    await other.addMetrics(id, { score: 1, frames: 250 });
    const claim = await take(queue);
    expect(claim.job.reported_metrics).toEqual({ score: 1, frames: 250 });
    const watch = record(queue);
    expect(await other.addMetrics(id, { score: 2 })).toMatchObject({
      status: 'started',
      reported_metrics: { score: 2, frames: 250 },
    });
    await watch.seen((event) => event.type === 'job' && event.job.reported_metrics.score === 2);
    await watch.stop();
    const done = await queue.complete(claim, result());
    expect(done.reported_metrics).toEqual({ score: 2, frames: 250 });
    expect((await other.addMetrics(id, { vmaf: 95.5 })).status).toBe('finished');
    expect((await queue.get(id))?.reported_metrics).toEqual({ score: 2, frames: 250, vmaf: 95.5 });
    await expectCode(other.addMetrics('no-such-job', { a: 1 }), 'job_not_found');
  });

  test('a claim that has ended is refused everything', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const claim = await take(queue);
    const done = await queue.complete(claim, result());
    await expectCode(queue.complete(claim, result('again')), 'lease_lost');
    await expectCode(queue.fail(claim, failure('crashed')), 'lease_lost');
    await expectCode(queue.release(claim), 'lease_lost');
    await expectCode(queue.renew(claim, 30_000), 'lease_lost');
    await expectCode(queue.log(claim, [{ level: 'info', text: 'late' }]), 'lease_lost');
    expect(await queue.progress(claim, { percent: 1 })).toBe(false);
    expect(await queue.get(id)).toEqual(done);
    expect(await queue.logs(id)).toEqual([]);
  });

  test('a claim is told from a later one of the same worker and attempt', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const released = await take(queue);
    await queue.release(released);
    const failing = await take(queue);
    expect(failing.attempt).toBe(released.attempt);
    await expectCode(queue.complete(released, result()), 'lease_lost');
    await queue.fail(failing, failure('no_video_stream'));
    await queue.retry(id);
    const current = await take(queue);
    expect(current.attempt).toBe(failing.attempt);
    await expectCode(queue.renew(failing, 30_000), 'lease_lost');
    expect(await queue.progress(failing, { percent: 1 })).toBe(false);
    expect((await queue.complete(current, result())).status).toBe('finished');
  });

  test('worker and attempt alone are a fence too', async () => {
    const queue = await driver().open();
    await put(queue);
    const { token: _, ...first } = await take(queue, 'worker-1');
    await queue.release(first);
    const { token: __, ...second } = await take(queue, 'worker-2');
    expect(second.attempt).toBe(first.attempt);
    await expectCode(queue.complete(first, result()), 'lease_lost');
    await expectCode(queue.complete({ ...second, attempt: 2 }, result()), 'lease_lost');
    expect((await queue.complete(second, result())).status).toBe('finished');
  });

  test('a claim of a removed job is lost', async () => {
    const queue = await driver().open();
    const { id } = await put(queue);
    const claim = await take(queue);
    await queue.fail(claim, failure('no_video_stream'));
    await queue.remove(id);
    await expectCode(queue.renew(claim, 30_000), 'lease_lost');
  });
};
