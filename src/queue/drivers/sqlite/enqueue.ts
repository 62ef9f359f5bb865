/** How a job enters the queue: for the first time, again after a retry, or when what it waited for is there. */
import type { DatabaseSync } from 'node:sqlite';
import { batchOrder } from '../../batch-order.ts';
import { jobId } from '../../job-id.ts';
import { pathsIn, settingsOf } from '../../new-job.ts';
import type { NewJob } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import { failWith, noteBlocked, type Parents } from './parents.ts';
import { addToTimeline, type JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Entrance {
  /**
   * Stores jobs, answers them in the same order; for one whose idempotency key is known, the earlier one. Throws
   * `invalid_request`.
   */
  enqueue(tx: Transaction, batch: NewJob[]): JobRow[];
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

  function enqueue(tx: Transaction, batch: NewJob[]): JobRow[] {
    const rows: JobRow[] = [];
    const ids = new Map<string, string>();
    for (const index of batchOrder(batch)) {
      const job = batch[index] as NewJob;
      const row = enqueueOne(tx, {
        ...job,
        depends_on: job.depends_on?.map((name) => ids.get(name) ?? name),
      });
      if (job.ref !== undefined) ids.set(job.ref, row.id);
      rows[index] = row;
    }
    return rows;
  }

  function enqueueOne(tx: Transaction, job: NewJob): JobRow {
    const { priority, delay_ms, attempts } = settingsOf(job, defaultAttempts);
    const known =
      job.idempotency_key === undefined ? null : jobs.byKey(job.idempotency_key, job.owner ?? null);
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
      input_name: job.input_name ?? null,
      input_size_bytes: job.input_size_bytes ?? null,
      plan: null,
      owner: job.owner ?? null,
      webhook_url: job.webhook_url ?? null,
      origin: job.origin ? JSON.stringify(job.origin) : null,
      run_id: job.run?.id ?? null,
      run_recipe: job.run?.recipe ?? null,
      run_step: job.run?.step ?? null,
      run_pass: job.run?.pass ?? null,
      error: null,
      depends_on: JSON.stringify(job.depends_on ?? []),
      on_parent_failure: job.on_parent_failure ?? 'wait',
      params: JSON.stringify(job.params),
      timeline: '[]',
      reported_metrics: '{}',
      result: null,
      progress: null,
    };
    addToTimeline(row, tx.now, { event: 'enqueued' });
    const lost = waitsFor.filter(({ status }) => status === 'failed' || status === 'canceled');
    if (lost[0] && row.on_parent_failure === 'fail') {
      failWith(tx, row, lost[0]);
    } else {
      for (const parent of lost) noteBlocked(tx, row, parent);
      if (waitsFor.some((parent) => parent.status !== 'finished')) row.status = 'deferred';
      else settle(tx, row);
    }
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
