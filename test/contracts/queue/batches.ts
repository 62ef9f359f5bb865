import { expect, test } from 'vitest';
import { type ContractPart, expectCode, failure, newJob, put, result, take } from './kit.ts';

export const batchContract: ContractPart = (driver) => {
  test('jobs of a batch name each other, in any order, and are answered in theirs', async () => {
    const queue = await driver().open();
    const outside = await put(queue, { delay_ms: 60_000 });
    const [last, middle, first, alone] = await queue.enqueue([
      newJob({ task: 'last', ref: 'c', depends_on: ['b', 'a'] }),
      newJob({ task: 'middle', ref: 'b', depends_on: ['a', outside.id] }),
      newJob({ task: 'first', ref: 'a' }),
      newJob({ task: 'alone' }),
    ]);
    expect(first).toMatchObject({ task: 'first', status: 'queued', depends_on: [] });
    expect(middle).toMatchObject({ task: 'middle', status: 'deferred', depends_on: [first?.id, outside.id] });
    expect(last).toMatchObject({ task: 'last', status: 'deferred', depends_on: [middle?.id, first?.id] });
    expect(alone).toMatchObject({ task: 'alone', status: 'queued', depends_on: [] });
    expect(await queue.get(last?.id as string)).toEqual(last);
    await queue.complete(await take(queue), result());
    await queue.complete(await take(queue), result());
    expect(await queue.claim('worker-1', 30_000)).toBeNull();
  });

  test('a circle is refused with its members, and nothing is stored', async () => {
    const queue = await driver().open();
    const error = await expectCode(
      queue.enqueue([
        newJob({ ref: 'free' }),
        newJob({ ref: 'cut', depends_on: ['mix'] }),
        newJob({ ref: 'mix', depends_on: ['free', 'voice'] }),
        newJob({ ref: 'voice', depends_on: ['cut'] }),
      ]),
      'invalid_request',
    );
    expect(error.message).toContain('"cut" → "mix" → "voice" → "cut"');
    expect(error.message).not.toContain('free');
    expect(error.facts?.circle).toEqual(['cut', 'mix', 'voice']);
    const self = await expectCode(
      queue.enqueue([newJob({ ref: 'a', depends_on: ['a'] })]),
      'invalid_request',
    );
    expect(self.message).toContain('waits for itself');
    expect((await queue.list({})).jobs).toEqual([]);
  });

  test('an unknown name is refused by its name, a ref that is there twice too, and nothing is stored', async () => {
    const queue = await driver().open();
    const error = await expectCode(
      queue.enqueue([newJob({ ref: 'a' }), newJob({ depends_on: ['a', 'nobody'] })]),
      'invalid_request',
    );
    expect(error.message).toContain('"nobody"');
    const twice = await expectCode(
      queue.enqueue([newJob({ ref: 'a' }), newJob({ ref: 'a' })]),
      'invalid_request',
    );
    expect(twice.message).toContain('"a"');
    // A ref holds within its batch only.
    await queue.enqueue([newJob({ ref: 'a' })]);
    await expectCode(queue.enqueue([newJob({ depends_on: ['a'] })]), 'invalid_request');
    expect((await queue.list({})).jobs).toHaveLength(1);
  });

  test('a ref of a job that is known by its key names the known one', async () => {
    const queue = await driver().open();
    const known = await put(queue, { idempotency_key: 'source-7' });
    const [same, child] = await queue.enqueue([
      newJob({ ref: 'source', idempotency_key: 'source-7' }),
      newJob({ depends_on: ['source'] }),
    ]);
    expect(same?.id).toBe(known.id);
    expect(child).toMatchObject({ status: 'deferred', depends_on: [known.id] });
  });

  test('a chain of a thousand runs through, and fails through', { timeout: 60_000 }, async () => {
    const queue = await driver().open();
    const chain = Array.from({ length: 1000 }, (_, i) =>
      newJob({
        ref: `j${i}`,
        on_parent_failure: 'fail',
        ...(i < 999 && { depends_on: [`j${i + 1}`] }),
      }),
    );
    const jobs = await queue.enqueue(chain);
    expect(jobs.map(({ status }) => status).filter((status) => status === 'queued')).toHaveLength(1);
    const claim = await take(queue);
    expect(claim.job.id).toBe(jobs.at(-1)?.id);
    await queue.fail(claim, failure('corrupt_media'));
    expect(await queue.counts()).toMatchObject({ failed: 1000, deferred: 0, queued: 0 });
  });
};
