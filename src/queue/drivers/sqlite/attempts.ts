/** What happens to a job while a worker has it: claimed, and then finished, failed, given back or lost. */
import { type Failure, MillError } from '../../../core/errors.ts';
import { type Backoff, backoffMs } from '../../backoff.ts';
import type { Claim, JobResult } from '../../port.ts';
import type { Entrance } from './enqueue.ts';
import type { JobTable } from './jobs.ts';
import type { Parents } from './parents.ts';
import { addToTimeline, type JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Attempts {
  /** The next job, and behind it those that come along; empty when there is none. */
  claim(tx: Transaction, worker: string, leaseMs: number): JobRow[];
  complete(tx: Transaction, claim: Claim, result: JobResult): JobRow;
  fail(tx: Transaction, claim: Claim, failure: Failure): JobRow;
  release(tx: Transaction, claim: Claim): JobRow;
  /** Ends an attempt whose worker is gone or has let its lease run out. */
  lose(tx: Transaction, row: JobRow, reason: 'lapsed' | 'gone'): void;
}

export function attempts(jobs: JobTable, entrance: Entrance, parents: Parents, backoff?: Backoff): Attempts {
  /** Final: nobody holds it any more, and those who wait for it learn. */
  function end(
    tx: Transaction,
    row: JobRow,
    status: 'finished' | 'failed' | 'canceled',
    { detail, code }: Partial<Failure> = {},
  ) {
    row.status = status;
    row.ended_at = tx.now;
    addToTimeline(row, tx.now, {
      event: status,
      attempt: row.attempts,
      ...(row.worker !== null && { worker: row.worker }),
      detail,
      code,
    });
    jobs.save(tx, row);
    if (status === 'finished') entrance.admitChildren(tx, row);
    else parents.block(tx, row);
  }

  function backToQueue(tx: Transaction, row: JobRow): void {
    row.worker = null;
    row.lease_ms = null;
    row.started_at = null;
    row.progress = null;
    jobs.clearProgress(row.seq);
    entrance.settle(tx, row);
    jobs.save(tx, row);
  }

  function start(tx: Transaction, row: JobRow, worker: string, leaseMs: number): void {
    row.status = 'started';
    row.attempts += 1;
    row.claims += 1;
    row.beat += 1;
    row.worker = worker;
    row.lease_ms = leaseMs;
    row.started_at = tx.now;
    row.error = null;
    row.progress = null;
    jobs.clearProgress(row.seq);
    addToTimeline(row, tx.now, { event: 'claimed', attempt: row.attempts, worker });
    jobs.save(tx, row);
  }

  return {
    claim(tx, worker, leaseMs) {
      const next = jobs.next();
      if (next === null) return [];
      start(tx, next, worker, leaseMs);
      const mates = jobs.mates(next);
      for (const mate of mates) start(tx, mate, worker, leaseMs);
      return [next, ...mates];
    },

    complete(tx, claim, result) {
      const row = jobs.held(claim);
      row.result = JSON.stringify(result);
      jobs.clearProgress(row.seq);
      end(tx, row, 'finished');
      return row;
    },

    fail(tx, claim, failure) {
      const row = jobs.held(claim);
      row.error = JSON.stringify(failure);
      if (failure.code === 'canceled' || row.cancel_requested === 1) {
        end(tx, row, 'canceled', { detail: failure.detail });
        return row;
      }
      if (!failure.retryable || row.attempts >= row.max_attempts) {
        end(tx, row, 'failed', failure);
        return row;
      }
      addToTimeline(row, tx.now, {
        event: 'attempt_failed',
        attempt: row.attempts,
        worker: claim.worker,
        detail: failure.detail,
        code: failure.code,
      });
      row.scheduled_at = tx.now + backoffMs(row.attempts, backoff);
      backToQueue(tx, row);
      return row;
    },

    release(tx, claim) {
      const row = jobs.held(claim);
      addToTimeline(row, tx.now, { event: 'released', attempt: row.attempts, worker: claim.worker });
      if (row.cancel_requested === 1) {
        end(tx, row, 'canceled');
        return row;
      }
      row.attempts -= 1;
      backToQueue(tx, row);
      return row;
    },

    lose(tx, row, reason) {
      const worker = row.worker ?? '';
      const lost =
        reason === 'gone' ? 'The process of its worker is gone.' : 'Its worker let the lease run out.';
      addToTimeline(row, tx.now, { event: 'lease_expired', attempt: row.attempts, worker, detail: lost });
      if (row.cancel_requested === 1) {
        end(tx, row, 'canceled');
        return;
      }
      if (row.attempts < row.max_attempts) {
        backToQueue(tx, row);
        return;
      }
      const times = row.attempts === 1 ? 'the only attempt' : `${row.attempts} attempts`;
      const failure = new MillError('crashed', `${lost} Given up after ${times}.`, {
        facts: { attempts: row.attempts, worker },
      }).toFailure();
      row.error = JSON.stringify(failure);
      end(tx, row, 'failed', failure);
    },
  };
}
