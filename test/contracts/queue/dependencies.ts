import { expect, test } from 'vitest';
import { type ContractPart, expectCode, failure, put, result, status, take } from './kit.ts';

export const dependencyContract: ContractPart = (driver) => {
  test('a job is deferred until all it depends on have finished', async () => {
    const queue = await driver().open();
    const parents = [await put(queue), await put(queue)];
    const ids = parents.map((job) => job.id);
    const child = await put(queue, { depends_on: ids, priority: 100 });
    expect(child).toMatchObject({ status: 'deferred', depends_on: ids, enqueued_at: null });
    await queue.complete(await take(queue), result());
    expect(await status(queue, child.id)).toBe('deferred');
    const last = await take(queue);
    expect(await queue.claim('worker-2', 30_000)).toBeNull();
    await queue.complete(last, result());
    expect(await queue.get(child.id)).toMatchObject({
      status: 'queued',
      enqueued_at: expect.any(String),
    });
    expect((await take(queue)).job.id).toBe(child.id);
  });

  test('a job that depends on finished jobs is queued at once', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    await queue.complete(await take(queue), result());
    expect((await put(queue, { depends_on: [parent.id] })).status).toBe('queued');
  });

  test('a job with a delay waits for both', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    const child = await put(queue, { depends_on: [parent.id], delay_ms: 60_000 });
    expect(child.status).toBe('deferred');
    await queue.complete(await take(queue), result());
    const waiting = await queue.get(child.id);
    expect(waiting?.status).toBe('scheduled');
    expect(Date.parse(waiting?.scheduled_at ?? '') - Date.parse(child.created_at)).toBe(60_000);
  });

  test.each(['failed', 'canceled'] as const)(
    'a %s parent is waited for, and the child says so',
    async (how) => {
      const queue = await driver().open();
      const parent = await put(queue);
      const child = await put(queue, { depends_on: [parent.id] });
      if (how === 'failed') await queue.fail(await take(queue), failure('no_video_stream'));
      else await queue.cancel(parent.id);
      const blocked = await queue.get(child.id);
      expect(blocked?.status).toBe('deferred');
      expect(blocked?.timeline.at(-1)).toMatchObject({ event: 'blocked' });
      expect(blocked?.timeline.at(-1)?.detail).toContain(parent.id);

      const late = await put(queue, { depends_on: [parent.id] });
      expect(late.timeline.map((entry) => entry.event)).toEqual(['enqueued', 'blocked']);

      await queue.retry(parent.id);
      expect(await status(queue, child.id)).toBe('deferred');
      await queue.complete(await take(queue), result());
      expect(await status(queue, child.id)).toBe('queued');
      expect(await status(queue, late.id)).toBe('queued');
    },
  );

  test('chains run one after the other', async () => {
    const queue = await driver().open();
    const first = await put(queue);
    const second = await put(queue, { depends_on: [first.id] });
    const third = await put(queue, { depends_on: [second.id] });
    for (const { id } of [first, second, third]) {
      const claim = await take(queue);
      expect(claim.job.id).toBe(id);
      expect(await queue.claim('worker-2', 30_000)).toBeNull();
      await queue.complete(claim, result());
    }
  });

  test('a canceled child that is retried waits again', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    const child = await put(queue, { depends_on: [parent.id] });
    await queue.cancel(child.id);
    expect((await queue.retry(child.id)).status).toBe('deferred');
    await queue.complete(await take(queue), result());
    expect(await status(queue, child.id)).toBe('queued');
  });

  test('an unfinished job that others wait for cannot be removed', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    const child = await put(queue, { depends_on: [parent.id] });
    const error = await expectCode(queue.remove(parent.id), 'conflict');
    expect(error.message).toContain(child.id);
    await queue.remove(child.id);
    await queue.remove(parent.id);
  });

  test('removing a finished parent leaves its children as they are', async () => {
    const queue = await driver().open();
    const parent = await put(queue);
    const other = await put(queue);
    const child = await put(queue, { depends_on: [parent.id, other.id] });
    await queue.complete(await take(queue), result());
    await queue.remove(parent.id);
    expect(await status(queue, child.id)).toBe('deferred');
    await queue.complete(await take(queue), result());
    expect(await status(queue, child.id)).toBe('queued');
  });
};
