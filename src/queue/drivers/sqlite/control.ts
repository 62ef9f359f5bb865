/** What people do with jobs: cancel, retry, remove. */
import { MillError } from '../../../core/errors.ts';
import { type Actor, FINAL_STATUSES } from '../../port.ts';
import type { Entrance } from './enqueue.ts';
import type { JobTable } from './jobs.ts';
import { noteBlocked, type Parents } from './parents.ts';
import { addToTimeline, type JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Control {
  cancel(tx: Transaction, id: string, by?: Actor): JobRow;
  retry(tx: Transaction, id: string, by?: Actor): JobRow;
  remove(tx: Transaction, id: string): JobRow;
  addMetrics(tx: Transaction, id: string, metrics: Record<string, number>): JobRow;
}

export function control(jobs: JobTable, entrance: Entrance, parents: Parents): Control {
  return {
    addMetrics(tx, id, metrics) {
      const row = jobs.require(id);
      row.reported_metrics = JSON.stringify({ ...JSON.parse(row.reported_metrics), ...metrics });
      jobs.save(tx, row);
      return row;
    },

    cancel(tx, id, by) {
      const row = jobs.require(id);
      if (isFinal(row)) throw conflict(row, 'it has ended already');
      if (row.status === 'started') {
        if (row.cancel_requested === 1) return row;
        row.cancel_requested = 1;
        addToTimeline(row, tx.now, { event: 'cancel_requested', attempt: row.attempts, by });
        jobs.save(tx, row);
        return row;
      }
      row.status = 'canceled';
      row.scheduled_at = null;
      row.ended_at = tx.now;
      row.cancel_requested = 1;
      addToTimeline(row, tx.now, { event: 'canceled', by });
      jobs.save(tx, row);
      parents.block(tx, row);
      return row;
    },

    retry(tx, id, by) {
      const row = jobs.require(id);
      if (!isFinal(row)) throw conflict(row, 'only a job that has ended can be retried');
      Object.assign(row, {
        attempts: 0,
        worker: null,
        lease_ms: null,
        cancel_requested: 0,
        enqueued_at: null,
        scheduled_at: null,
        started_at: null,
        ended_at: null,
        error: null,
        result: null,
        progress: null,
        place: tx.nextChange(),
      } satisfies Partial<JobRow>);
      jobs.clearProgress(row.seq);
      addToTimeline(row, tx.now, { event: 'retried', by });
      entrance.settle(tx, row);
      for (const parent of parents.unfinished(row.seq)) {
        if (isFinal(parent)) noteBlocked(tx, row, parent);
      }
      jobs.save(tx, row);
      return row;
    },

    remove(tx, id) {
      const row = jobs.require(id);
      if (row.status === 'started') throw conflict(row, 'cancel it first');
      if (row.status !== 'finished') {
        const first = parents.waiting(row.seq).find((child) => child.on_parent_failure === 'wait');
        if (first) throw conflict(row, `job ${first.id} waits for it; remove that one first`);
        parents.block(tx, row, 'removed');
      }
      jobs.remove(tx, row);
      return row;
    },
  };
}

function isFinal(row: JobRow): boolean {
  return FINAL_STATUSES.includes(row.status);
}

function conflict(row: JobRow, why: string): MillError {
  return new MillError('conflict', `Job ${row.id} is ${row.status}: ${why}.`, {
    facts: { job: row.id, status: row.status },
  });
}
