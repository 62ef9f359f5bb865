/** Reads and writes single jobs. What a change means is decided in enqueue.ts, attempts.ts and control.ts. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';
import type { Claim } from '../../port.ts';
import type { JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export type NewRow = Omit<JobRow, 'seq' | 'progress'>;

/** A running attempt, as far as its lease is concerned. */
export interface HeldJob {
  seq: number;
  id: string;
  worker: string;
  beat: number;
  lease_ms: number;
}

export interface JobTable {
  byId(id: string): JobRow | null;
  /** Throws `job_not_found`. */
  require(id: string): JobRow;
  bySeq(seq: number): JobRow | null;
  /** Idempotency keys are each owner's own. */
  byKey(idempotencyKey: string, owner: string | null): JobRow | null;
  /** The job of a claim. Throws `lease_lost` when the claim is no longer current. */
  held(claim: Claim): JobRow;
  isCurrent(claim: Claim): boolean;
  insert(row: NewRow): number;
  /** Stores what may change of a job, as a new change. */
  save(tx: Transaction, row: JobRow): void;
  /** With all that is kept of it; answers how many log lines went. */
  remove(tx: Transaction, row: Pick<JobRow, 'seq' | 'id'>): number;
  /** The queued job that is next. */
  next(): JobRow | null;
  /** Queued jobs of the same run, pass and owner, in their order. */
  mates(row: JobRow): JobRow[];
  /** Scheduled jobs whose time has come, a bounded number of them. */
  due(now: number): JobRow[];
  anyDue(now: number): boolean;
  /** May `next` or `due` find something? */
  anyClaimable(now: number): boolean;
  allHeld(): HeldJob[];
  /** Keeps a lease without the job being seen as changed. */
  renew(claim: Claim, leaseMs: number): { cancelRequested: boolean };
  saveProgress(tx: Transaction, seq: number, json: string): void;
  clearProgress(seq: number): void;
}

/** Due jobs that one transaction moves at most. */
const DUE_AT_ONCE = 500;

/** Removals that watchers of other processes can still learn of, in changes. */
const REMOVALS_KEPT = 100_000;

/** `INDEXED BY` where the planner would rather sort: it then fails instead of becoming slow. */
const select = (index = ''): string =>
  `SELECT job.*, progress.value AS progress FROM job ${index} LEFT JOIN progress ON progress.job = job.seq`;

const SAVED =
  'status change place attempts claims worker lease_ms beat cancel_requested enqueued_at scheduled_at started_at ended_at error timeline reported_metrics result'.split(
    ' ',
  );

const INSERTED = [
  ...SAVED,
  ...'id task priority max_attempts created_at timeout_seconds input_path output_path idempotency_key chain_depth input_name input_size_bytes plan owner webhook_url origin run_id run_recipe run_step run_pass depends_on on_parent_failure params'.split(
    ' ',
  ),
];

export function jobTable(db: DatabaseSync): JobTable {
  const statement = (sql: string): StatementSync => {
    const prepared = db.prepare(sql);
    prepared.setAllowUnknownNamedParameters(true);
    return prepared;
  };
  const selectId = statement(`${select()} WHERE job.id = ?`);
  const selectSeq = statement(`${select()} WHERE job.seq = ?`);
  const selectKey = statement(`${select()} WHERE job.idempotency_key = ? AND coalesce(job.owner, '') = ?`);
  const selectNext = statement(
    `${select('INDEXED BY job_next')} WHERE status = 'queued' ORDER BY priority DESC, place LIMIT 1`,
  );
  const selectDue = statement(
    `${select('INDEXED BY job_due')} WHERE status = 'scheduled' AND scheduled_at <= ? ORDER BY scheduled_at LIMIT ${DUE_AT_ONCE}`,
  );
  const selectMates = statement(
    `${select('INDEXED BY job_pass')} WHERE status = 'queued' AND run_pass IS NOT NULL
     AND run_id = ? AND run_pass = ? AND owner IS ? ORDER BY priority DESC, place`,
  );
  const existsQueued = statement("SELECT 1 FROM job WHERE status = 'queued' LIMIT 1");
  const existsDue = statement("SELECT 1 FROM job WHERE status = 'scheduled' AND scheduled_at <= ? LIMIT 1");
  const selectHeld = statement(
    "SELECT seq, id, worker, beat, lease_ms FROM job WHERE status = 'started' ORDER BY seq",
  );
  const insert = statement(
    `INSERT INTO job (${INSERTED.join(', ')}) VALUES (${INSERTED.map((name) => `$${name}`).join(', ')})`,
  );
  const update = statement(
    `UPDATE job SET ${SAVED.map((name) => `${name} = $${name}`).join(', ')} WHERE seq = $seq`,
  );
  const updateBeat = statement('UPDATE job SET beat = beat + 1, lease_ms = ? WHERE seq = ?');
  const upsertProgress = statement(
    `INSERT INTO progress (job, change, value) VALUES (?, ?, ?)
     ON CONFLICT (job) DO UPDATE SET change = excluded.change, value = excluded.value`,
  );
  const deleteProgress = statement('DELETE FROM progress WHERE job = ?');
  const deleteLog = statement('DELETE FROM log WHERE job = ?');
  const deleteAll = [
    deleteProgress,
    statement('DELETE FROM series WHERE job = ?'),
    statement('DELETE FROM param_path WHERE job = ?'),
    statement('DELETE FROM dependency WHERE parent = ?'),
    statement('DELETE FROM dependency WHERE child = ?'),
    statement('DELETE FROM job WHERE seq = ?'),
  ];
  const insertRemoved = statement('INSERT INTO removed (change, id) VALUES (?, ?)');
  const pruneRemoved = statement('DELETE FROM removed WHERE change < ?');

  const one = (query: StatementSync, ...values: (string | number)[]): JobRow | null =>
    (query.get(...values) as unknown as JobRow | undefined) ?? null;

  const anyDue = (now: number): boolean => existsDue.get(now) !== undefined;

  const current = (claim: Claim): JobRow | null => {
    const row = one(selectId, claim.job.id);
    return row !== null && holds(row, claim) ? row : null;
  };

  const held = (claim: Claim): JobRow => {
    const row = current(claim);
    if (row !== null) return row;
    throw new MillError(
      'lease_lost',
      `Attempt ${claim.attempt} of job ${claim.job.id} no longer belongs to ${claim.worker}.`,
      { facts: { job: claim.job.id, worker: claim.worker, attempt: claim.attempt } },
    );
  };

  return {
    byId: (id) => one(selectId, id),
    require(id) {
      const row = one(selectId, id);
      if (row === null) throw new MillError('job_not_found', `There is no job ${id}.`);
      return row;
    },
    bySeq: (seq) => one(selectSeq, seq),
    byKey: (key, owner) => one(selectKey, key, owner ?? ''),
    held,
    isCurrent: (claim) => current(claim) !== null,
    insert: (row) => Number(insert.run({ ...row }).lastInsertRowid),
    save(tx, row) {
      row.change = tx.nextChange();
      update.run({ ...row });
    },
    remove(tx, { seq, id }) {
      const lines = Number(deleteLog.run(seq).changes);
      for (const query of deleteAll) query.run(seq);
      const change = tx.nextChange();
      insertRemoved.run(change, id);
      pruneRemoved.run(change - REMOVALS_KEPT);
      return lines;
    },
    next: () => one(selectNext),
    mates: ({ run_id: run, run_pass: pass, owner }) =>
      run === null || pass === null ? [] : (selectMates.all(run, pass, owner) as unknown as JobRow[]),
    due: (now) => selectDue.all(now) as unknown as JobRow[],
    anyDue,
    anyClaimable: (now) => existsQueued.get() !== undefined || anyDue(now),
    allHeld: () => selectHeld.all() as unknown as HeldJob[],
    renew(claim, leaseMs) {
      const row = held(claim);
      updateBeat.run(leaseMs, row.seq);
      return { cancelRequested: row.cancel_requested === 1 };
    },
    saveProgress: (tx, seq, json) => void upsertProgress.run(seq, tx.nextChange(), json),
    clearProgress: (seq) => void deleteProgress.run(seq),
  };
}

/** The fence: the same worker, the same attempt, and the same claim where the claim says which it is. */
function holds(row: JobRow, { worker, attempt, token }: Claim): boolean {
  return (
    row.status === 'started' &&
    row.worker === worker &&
    row.attempts === attempt &&
    (token === undefined || row.claims === token)
  );
}
