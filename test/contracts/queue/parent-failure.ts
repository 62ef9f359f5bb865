import { expect, test } from 'vitest';
import {
  type ContractPart,
  eventually,
  expectCode,
  failure,
  put,
  record,
  result,
  status,
  take,
} from './kit.ts';

export const parentFailureContract: ContractPart = (driver) => {
  test('a job waits for a failed parent unless it says otherwise', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    expect(parent.on_parent_failure).toBe('wait');
    const [patient, strict] = [
      await put(queue, { depends_on: [parent.id], on_parent_failure: 'wait' }),
      await put(queue, { depends_on: [parent.id], on_parent_failure: 'fail' }),
    ];
    expect(strict).toMatchObject({ status: 'deferred', on_parent_failure: 'fail' });
    await queue.fail(await take(queue), failure('no_video_stream'));
    expect(await queue.get(patient.id)).toMatchObject({ status: 'deferred', error: null });
    const failed = await queue.get(strict.id);
    expect(failed).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'parent_failed', retryable: false, facts: { job: parent.id, status: 'failed' } },
    });
    expect(failed?.ended_at).not.toBeNull();
    expect(failed?.error?.detail).toContain(parent.id);
    expect(failed?.error?.title).not.toBe('');
    expect(failed?.timeline.map(({ event }) => event)).toEqual(['enqueued', 'failed']);
    expect(failed?.timeline.at(-1)).toMatchObject({ code: 'parent_failed', detail: failed?.error?.detail });
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
  });

  test('it goes on to grandchildren, each told once, and stops at one that waits', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const first = await put(queue);
    const strict = { on_parent_failure: 'fail' } as const;
    const second = await put(queue, { ...strict, depends_on: [first.id] });
    // Reached over two ways.
    const third = await put(queue, { ...strict, depends_on: [second.id, first.id] });
    const patient = await put(queue, { depends_on: [third.id] });
    const behind = await put(queue, { ...strict, depends_on: [patient.id] });
    const watch = record(other);
    await queue.fail(await take(queue), failure('corrupt_media'));
    await watch.seen((event) => event.type === 'job' && event.job.id === third.id);
    for (const { id } of [second, third]) {
      const job = await queue.get(id);
      expect(job).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
      expect(job?.timeline.filter(({ event }) => event === 'failed')).toHaveLength(1);
    }
    expect((await queue.get(patient.id))?.timeline.at(-1)?.event).toBe('blocked');
    expect(await status(queue, behind.id)).toBe('deferred');
    expect(await queue.counts()).toMatchObject({ failed: 3, deferred: 2 });
    await watch.stop();
  });

  test('a canceled parent counts as a failure', async () => {
    const queue = await driver().open();
    const waiting = await put(queue, { delay_ms: 60_000 });
    const running = await put(queue);
    const children = [
      await put(queue, { depends_on: [waiting.id], on_parent_failure: 'fail' }),
      await put(queue, { depends_on: [running.id], on_parent_failure: 'fail' }),
    ];
    const claim = await take(queue);
    await queue.cancel(waiting.id);
    await queue.cancel(running.id);
    expect(await status(queue, children[1]?.id as string)).toBe('deferred');
    await queue.fail(claim, failure('canceled'));
    for (const child of children) {
      const job = await queue.get(child.id);
      expect(job).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
      expect(job?.error?.detail).toContain('was canceled');
    }
  });

  test('a removed parent counts as a failure', async () => {
    const queue = await driver().open();
    const parent = await put(queue, { delay_ms: 60_000 });
    const child = await put(queue, { depends_on: [parent.id], on_parent_failure: 'fail' });
    await queue.remove(parent.id);
    const job = await queue.get(child.id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
    expect(job?.error?.detail).toContain('was removed');

    const other = await put(queue, { delay_ms: 60_000 });
    const strict = await put(queue, { depends_on: [other.id], on_parent_failure: 'fail' });
    const patient = await put(queue, { depends_on: [other.id] });
    const error = await expectCode(queue.remove(other.id), 'conflict');
    expect(error.message).toContain(patient.id);
    expect(await status(queue, strict.id)).toBe('deferred');
  });

  test('a job that comes after its parent has failed fails at once', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    await queue.fail(await take(queue), failure('corrupt_media'));
    const late = await put(queue, { depends_on: [parent.id], on_parent_failure: 'fail' });
    expect(late).toMatchObject({ status: 'failed', error: { code: 'parent_failed' } });
    expect(late.ended_at).not.toBeNull();
    expect(await put(queue, { depends_on: [late.id], on_parent_failure: 'fail' })).toMatchObject({
      status: 'failed',
    });
    expect(await queue.usersOf('/data/input/a.mp4')).toEqual([]);
  });

  test('an attempt that is tried again fails nobody; a lost parent does', async () => {
    const queue = await driver().open();
    const parent = await put(queue, { attempts: 2 });
    const child = await put(queue, { depends_on: [parent.id], on_parent_failure: 'fail' });
    await queue.fail(await take(queue), { ...failure('crashed'), retryable: true });
    expect(await status(queue, child.id)).toBe('deferred');
    const again = await eventually(() => queue.claim('worker-1', 30_000), 3000, 'another attempt');
    await queue.fail(again, { ...failure('crashed'), retryable: true });
    expect(await status(queue, child.id)).toBe('failed');
  });

  test('retried after its parent, it runs; retried before, it waits', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    const child = await put(queue, { depends_on: [parent.id], on_parent_failure: 'fail' });
    await queue.fail(await take(queue), failure('corrupt_media'));
    const retried = await queue.retry(child.id);
    expect(retried).toMatchObject({ status: 'deferred', error: null, ended_at: null });
    expect(retried.timeline.slice(-2).map(({ event }) => event)).toEqual(['retried', 'blocked']);
    await queue.retry(parent.id);
    await queue.complete(await take(queue), result());
    expect(await status(queue, child.id)).toBe('queued');
    expect((await take(queue)).job.id).toBe(child.id);
  });
};
