/** How a job enters the queue: for the first time, again after a retry, or when what it waited for is there. */
import type { DatabaseSync } from 'node:sqlite';
import { jobId } from '../../job-id.ts';
import { pathsIn, settingsOf } from '../../new-job.ts';
import type { NewJob } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import { noteBlocked, type Parents } from './parents.ts';
import { addToTimeline, type JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Entrance {
  /** Stores a job; answers the earlier one when the idempotency key is known. */
  enqueue(tx: Transaction, job: NewJob): JobRow;
  /** Sets the status a waiting job must have now: deferred, scheduled or queued. Does not save. */
  settle(tx: Transaction, row: JobRow): void;
  /** Lets the children of a finished job enter. */
  admitChildren(tx: Transaction, parent: JobRow): void;
  /** Lets scheduled jobs enter whose time has come; answers how many. */
  admitDue(tx: Transaction): number;
}

export function entrance(
  db: DatabaseSync,
  jobs: JobTable,
  parents: Parents,
  defaultAttempts: number,
): Entrance {
  const insertPath = db.prepare('INSERT OR IGNORE INTO param_path (path, job) VALUES (?, ?)');

  function settle(tx: Transaction, row: JobRow): void {
    if (parents.unfinished(row.seq).length > 0) {
      row.status = 'deferred';
    } else if (row.scheduled_at !== null && row.scheduled_at > tx.now) {
      row.status = 'scheduled';
    } else {
      row.status = 'queued';
      row.enqueued_at = tx.now;
      row.scheduled_at = null;
    }
  }

  function enqueue(tx: Transaction, job: NewJob): JobRow {
    const { priority, delay_ms, attempts } = settingsOf(job, defaultAttempts);
    const known = job.idempotency_key === undefined ? null : jobs.byKey(job.idempotency_key);
    if (known !== null) return known;

    const waitsFor = parents.find(job.depends_on ?? []);
    const change = tx.nextChange();
    const row: JobRow = {
      seq: 0,
      id: jobId(tx.now),
      status: 'queued',
      task: job.task,
      change,
      place: change,
      priority,
      attempts: 0,
      max_attempts: attempts,
      claims: 0,
      worker: null,
      lease_ms: null,
      beat: 0,
      cancel_requested: 0,
      created_at: tx.now,
      enqueued_at: null,
      scheduled_at: delay_ms > 0 ? tx.now + delay_ms : null,
      started_at: null,
      ended_at: null,
      timeout_seconds: job.timeout_seconds ?? null,
      input_path: job.input_path,
      output_path: job.output_path,
      idempotency_key: job.idempotency_key ?? null,
      chain_depth: job.chain_depth ?? 0,
      error: null,
      depends_on: JSON.stringify(job.depends_on ?? []),
      params: JSON.stringify(job.params),
      timeline: '[]',
      reported_metrics: '{}',
      result: null,
      progress: null,
    };
    addToTimeline(row, tx.now, { event: 'enqueued' });
    for (const parent of waitsFor) {
      if (parent.status === 'failed' || parent.status === 'canceled') noteBlocked(tx, row, parent);
    }
    if (waitsFor.some((parent) => parent.status !== 'finished')) row.status = 'deferred';
    else settle(tx, row);
    row.seq = jobs.insert(row);
    parents.link(waitsFor, row.seq);
    for (const path of pathsIn(job.params)) insertPath.run(path, row.seq);
    return row;
  }

  return {
    enqueue,
    settle,
    admitChildren(tx, parent) {
      for (const child of parents.waiting(parent.seq)) {
        settle(tx, child);
        if (child.status !== 'deferred') jobs.save(tx, child);
      }
    },
    admitDue(tx) {
      const due = jobs.due(tx.now);
      for (const row of due) {
        settle(tx, row);
        jobs.save(tx, row);
      }
      return due.length;
    },
  };
}
