/**
 * The ledger: ids of accepted jobs, written down by the client when the answer arrived, and by nobody else. What
 * the queue says later is judged by it.
 */
import { expect } from 'vitest';
import { FINAL_STATUSES, type JobRecord, type Queue } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';

export interface Verdict {
  jobs: number;
  /** Accepted, and unknown to the queue. */
  lost: number;
  /** More than one end, or an end and still in the lists. */
  duplicated: number;
  finished: number;
  failed: number;
  canceled: number;
  /** Accepted, and neither lost nor ended. */
  open: number;
  /** Attempts that were cut short. */
  recovered: number;
}

/** Every job of the queue, newest first. */
export async function allJobs(queue: Queue): Promise<JobRecord[]> {
  const jobs: JobRecord[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await queue.list({ limit: 200, ...(cursor && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return jobs;
}

export function judge(ledger: readonly string[], stored: readonly JobRecord[]): Verdict {
  const byId = new Map<string, JobRecord[]>();
  for (const job of stored) byId.set(job.id, [...(byId.get(job.id) ?? []), job]);
  const found = ledger.flatMap((id) => byId.get(id)?.[0] ?? []);
  const with_ = (status: JobRecord['status']) => found.filter((job) => job.status === status).length;
  const twice = ledger.filter((id, index) => ledger.indexOf(id) !== index);
  return {
    jobs: ledger.length,
    lost: ledger.length - found.length,
    duplicated:
      twice.length + found.filter((job) => ends(job) > 1 || (byId.get(job.id)?.length ?? 0) > 1).length,
    finished: with_('finished'),
    failed: with_('failed'),
    canceled: with_('canceled'),
    open: found.filter((job) => !FINAL_STATUSES.includes(job.status)).length,
    recovered: found.reduce((sum, job) => sum + count(job, 'lease_expired'), 0),
  };
}

/** Nothing lost, nothing twice, each with one claim for each attempt and one end. */
export function expectAllFinished(ledger: readonly string[], stored: readonly JobRecord[]): Verdict {
  const verdict = judge(ledger, stored);
  // A few records say more than a number.
  expect(stored.filter((job) => ledger.includes(job.id) && job.status !== 'finished').slice(0, 3)).toEqual(
    [],
  );
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, open: 0, finished: ledger.length });
  for (const job of stored)
    expect(count(job, 'finished'), `ends of ${job.id}, ${job.status}: ${job.error?.code}`).toBe(1);
  return verdict;
}

export async function untilAllEnded(queue: Queue, jobs: number, withinMs: number): Promise<void> {
  await eventually(
    async () => {
      const { finished, failed, canceled } = await queue.counts();
      return finished + failed + canceled >= jobs;
    },
    withinMs,
    `the end of ${jobs} jobs`,
  );
}

export function count(job: JobRecord, event: JobRecord['timeline'][number]['event']): number {
  return job.timeline.filter((entry) => entry.event === event).length;
}

function ends(job: JobRecord): number {
  return count(job, 'finished') + count(job, 'failed') + count(job, 'canceled');
}
