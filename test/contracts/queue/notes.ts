/** What a worker finds out while it runs an attempt, and what a client called its file. */
import { beforeEach, expect, test } from 'vitest';
import { type JobPlan, PLAIN_PLAN } from '../../../src/core/job-plan.ts';
import type { Queue, RunSample } from '../../../src/queue/port.ts';
import { type ContractPart, failure, put, result, take } from './kit.ts';

const plan: JobPlan = { ...PLAIN_PLAN, source: '1:05 · H.264 1920×1080', duration_s: 65, reads: 'decode' };
const sample = (t_s: number): RunSample => ({
  t_s,
  percent: t_s * 10,
  fps: 24.5,
  speed: null,
  memory_bytes: 150_000_000,
});

export const notesContract: ContractPart = (driver) => {
  let queue: Queue;
  beforeEach(async () => {
    queue = await driver().open();
  });

  test('plan and size are in the record for everybody; what is not noted stays', async () => {
    const job = await put(queue);
    expect(job).toMatchObject({ plan: null, input_size_bytes: null });
    const claim = await take(queue);
    expect(await queue.note(claim, { plan })).toBe(true);
    expect(await queue.note(claim, { input_size_bytes: 3_000_000_000 })).toBe(true);
    const other = await driver().open();
    expect(await other.get(job.id)).toMatchObject({ plan, input_size_bytes: 3_000_000_000 });
    await queue.complete(claim, result());
    expect(await queue.get(job.id)).toMatchObject({ status: 'finished', plan });
  });

  test('the series is apart from the record, replaced as a whole, and goes with its job', async () => {
    const job = await put(queue);
    expect(await queue.series(job.id)).toEqual([]);
    const claim = await take(queue);
    await queue.note(claim, { series: [sample(1)] });
    await queue.note(claim, { series: [sample(1), sample(2)] });
    expect(await queue.series(job.id)).toEqual([sample(1), sample(2)]);
    await queue.complete(claim, result());
    expect(await queue.series(job.id)).toEqual([sample(1), sample(2)]);
    await queue.remove(job.id);
    await expect(queue.series(job.id)).rejects.toMatchObject({ code: 'job_not_found' });
  });

  test('a claim that is not current notes nothing', async () => {
    const job = await put(queue);
    const claim = await take(queue);
    await queue.fail(claim, failure('crashed'));
    expect(await queue.note(claim, { plan, series: [sample(1)] })).toBe(false);
    expect(await queue.series(job.id)).toEqual([]);
    expect((await queue.get(job.id))?.plan).toBeNull();
  });

  test('the name that a client gave its file is text, whatever is in it', async () => {
    const input_name = '<img src=x onerror=alert(1)> \u202Egpj.\u05D0 "1\' 🎬.mp4';
    const job = await put(queue, { input_name, input_size_bytes: 12 });
    expect(await queue.get(job.id)).toMatchObject({ input_name, input_size_bytes: 12 });
    expect((await put(queue)).input_name).toBeNull();
  });
};
