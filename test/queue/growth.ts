/** Many jobs of every kind, run to their ends: for tests that look at what is left of them. */
import { expect } from 'vitest';
import type { JobRecord, NewJob, Queue } from '../../src/queue/port.ts';
import { failure, newJob, result } from '../contracts/queue/kit.ts';

/** Jobs of one round in CI; MEDIAMILL_TEST_JOBS asks for more. */
export const JOBS = Number(process.env.MEDIAMILL_TEST_JOBS ?? 1500);

const BATCH = 250;
const SLOTS = 25;

/** Every tenth fails, every tenth is canceled, some have keys, children, params with paths, logs and progress. */
export async function runMany(queue: Queue, count: number, round: string): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i): NewJob => {
      const n = done + i;
      return newJob({
        task: `task_${n % 5}`,
        params: { note: 'x'.repeat(200), watermark: `/data/input/${round}-${n}.png` },
        ...(n % 3 === 0 && { idempotency_key: `${round}-${n}` }),
        ...(i > 0 && n % 7 === 1 && { depends_on: [`r${i - 1}`], on_parent_failure: 'fail' as const }),
        ...(n % 11 === 2 && { delay_ms: 1 }),
        ref: `r${i}`,
      });
    });
    const jobs = await queue.enqueue(batch);
    for (const job of jobs.filter((_, i) => i % 10 === 9)) await endIfWaiting(queue, job);
    await Promise.all(Array.from({ length: SLOTS }, (_, slot) => work(queue, `${round}-${slot}`)));
  }
  const left = await queue.counts();
  expect(left).toMatchObject({ queued: 0, scheduled: 0, deferred: 0, started: 0 });
}

async function endIfWaiting(queue: Queue, { id }: JobRecord): Promise<void> {
  await queue.cancel(id).catch(() => {});
}

async function work(queue: Queue, worker: string): Promise<void> {
  await queue.announce(
    {
      id: worker,
      host: 'h',
      pid: 1,
      started_at: new Date(0).toISOString(),
      jobs: [],
      concurrency: 1,
      state: 'running',
    },
    60_000,
  );
  for (;;) {
    const claim = await queue.claim(worker, 60_000);
    if (claim === null) {
      const { queued, scheduled, deferred, started } = await queue.counts();
      if (queued + scheduled + deferred + started === 0) break;
      await new Promise((done) => setTimeout(done, 10));
      continue;
    }
    await queue.progress(claim, { percent: 50 });
    await queue.log(claim, [
      { level: 'info', text: 'a line of the log, as long as such lines are' },
      { level: 'warn', text: 'and another one' },
    ]);
    await queue.renew(claim, 60_000);
    if (String(claim.job.params.watermark).endsWith('7.png'))
      await queue.fail(claim, failure('corrupt_media'));
    else await queue.complete(claim, result());
  }
  await queue.withdraw(worker);
}

export async function forgetAll(queue: Queue, keep: number): Promise<number> {
  let all = 0;
  for (;;) {
    const { forgotten, more } = await queue.forget({ max_age_ms: null, max_jobs: keep });
    all += forgotten;
    if (!more) return all;
  }
}
