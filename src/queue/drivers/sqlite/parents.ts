/**
 * Jobs that wait for others. A child is `deferred` until every parent has finished. A parent that fails or is
 * canceled may be retried, so its children go on waiting, and their timeline says for what.
 */
import type { DatabaseSync } from 'node:sqlite';
import { unknownParent } from '../../new-job.ts';
import type { JobTable } from './jobs.ts';
import { addToTimeline, type JobRow } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Parents {
  /** The jobs named by `depends_on`. Throws `invalid_request` for one that does not exist. */
  find(ids: string[]): JobRow[];
  link(parents: JobRow[], child: number): void;
  unfinished(child: number): JobRow[];
  /** Deferred jobs that wait for this one. */
  waiting(parent: number): JobRow[];
  /** Tells the children of a job that has failed or was canceled what they wait for. */
  block(tx: Transaction, parent: JobRow): void;
}

export function parents(db: DatabaseSync, jobs: JobTable): Parents {
  const insertLink = db.prepare('INSERT OR IGNORE INTO dependency (parent, child) VALUES (?, ?)');
  const selectUnfinished = db.prepare(
    `SELECT parent AS seq FROM dependency JOIN job ON job.seq = parent
     WHERE child = ? AND job.status <> 'finished' ORDER BY parent`,
  );
  const selectWaiting = db.prepare(
    `SELECT child AS seq FROM dependency JOIN job ON job.seq = child
     WHERE parent = ? AND job.status = 'deferred' ORDER BY child`,
  );
  const rows = (found: unknown[]): JobRow[] =>
    (found as { seq: number }[]).map(({ seq }) => jobs.bySeq(seq) as JobRow);

  const waiting = (parent: number): JobRow[] => rows(selectWaiting.all(parent));

  return {
    find(ids) {
      return ids.map((id) => {
        const parent = jobs.byId(id);
        if (parent !== null) return parent;
        throw unknownParent(id);
      });
    },
    link(found, child) {
      for (const parent of found) insertLink.run(parent.seq, child);
    },
    unfinished: (child) => rows(selectUnfinished.all(child)),
    waiting,
    block(tx, parent) {
      for (const child of waiting(parent.seq)) {
        noteBlocked(tx, child, parent);
        jobs.save(tx, child);
      }
    },
  };
}

/** Says in the child's timeline that it waits for a parent that ended without success. */
export function noteBlocked(tx: Transaction, child: JobRow, parent: JobRow): void {
  const how = parent.status === 'failed' ? 'failed' : 'was canceled';
  addToTimeline(child, tx.now, {
    event: 'blocked',
    detail: `Job ${parent.id} (${parent.task}) ${how}. This job waits until that one is retried and finishes.`,
  });
}
