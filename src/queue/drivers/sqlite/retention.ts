/** Forgets ended jobs, a few in each transaction, so that claims between them need not wait. */
import type { DatabaseSync } from 'node:sqlite';
import type { RetentionPolicy } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import type { Transaction } from './transactions.ts';

/** Jobs and log lines that one transaction removes: a few milliseconds. */
const JOBS_AT_ONCE = 100;
const LINES_AT_ONCE = 10_000;

/** Free pages that stay in the file for the next jobs, and how many are given back at once. A page has 4 KiB. */
const FREE_PAGES_KEPT = 2048;
const PAGES_AT_ONCE = 512;

export interface Retention {
  forget(tx: Transaction, policy: RetentionPolicy): { forgotten: number; more: boolean };
}

export function retention(db: DatabaseSync, jobs: JobTable): Retention {
  const countEnded = db.prepare(
    "SELECT coalesce(sum(jobs), 0) AS n FROM tally WHERE status IN ('finished', 'failed', 'canceled')",
  );
  const selectOldest = db.prepare(
    `SELECT seq, id FROM job INDEXED BY job_ended_at
     WHERE ended_at IS NOT NULL AND ended_at < ?1 AND NOT EXISTS (
       SELECT 1 FROM dependency JOIN job AS child ON child.seq = dependency.child
       WHERE dependency.parent = job.seq AND child.status = 'deferred')
     ORDER BY ended_at LIMIT ?2`,
  );
  const freePages = db.prepare('PRAGMA freelist_count');

  return {
    forget(tx, { max_age_ms, max_jobs }) {
      let forgotten = 0;
      let lines = 0;
      const remove = (endedBefore: number, limit: number): void => {
        if (limit <= 0) return;
        for (const row of selectOldest.all(endedBefore, limit) as { seq: number; id: string }[]) {
          if (lines >= LINES_AT_ONCE) return;
          lines += jobs.remove(tx, row);
          forgotten += 1;
        }
      };
      if (max_age_ms !== null) remove(tx.now - max_age_ms, JOBS_AT_ONCE);
      if (max_jobs !== null) {
        const excess = (countEnded.get() as { n: number }).n - max_jobs;
        remove(Number.MAX_SAFE_INTEGER, Math.min(excess, JOBS_AT_ONCE - forgotten));
      }
      const free = (freePages.get() as { freelist_count: number }).freelist_count;
      if (forgotten > 0 && free > FREE_PAGES_KEPT) db.exec(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
      return { forgotten, more: forgotten >= JOBS_AT_ONCE || lines >= LINES_AT_ONCE };
    },
  };
}
