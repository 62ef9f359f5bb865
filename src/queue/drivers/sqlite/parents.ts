/**
 * Jobs that wait for others. A child is `deferred` until every parent has finished. A parent that fails or is
 * canceled may be retried, so its children go on waiting, and their timeline says for what; or they fail with it, if
 * that was asked for.
 */
import type { DatabaseSync } from 'node:sqlite';
import { unknownParent } from '../../new-job.ts';
import { blockedDetail, type ParentFacts, parentFailure } from '../../parent-failure.ts';
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
  /** The job has failed, was canceled or is about to be removed: tells its children, or fails them with it. */
  block(tx: Transaction, parent: JobRow, end?: 'removed'): void;
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
    block(tx, first, end) {
      const ended = [first];
      for (let parent = ended.shift(); parent; parent = ended.shift()) {
        for (const child of waiting(parent.seq)) {
          const how = parent === first ? end : undefined;
          if (child.on_parent_failure === 'fail') {
            failWith(tx, child, parent, how);
            ended.push(child);
          } else {
            noteBlocked(tx, child, parent, how);
          }
          jobs.save(tx, child);
        }
      }
    },
  };
}

/** Ends a job that waits because of a parent. Does not save, nor tell its own children. */
export function failWith(tx: Transaction, child: JobRow, parent: JobRow, end?: 'removed'): void {
  const failure = parentFailure(factsOf(parent, end));
  child.status = 'failed';
  child.ended_at = tx.now;
  child.scheduled_at = null;
  child.error = JSON.stringify(failure);
  addToTimeline(child, tx.now, { event: 'failed', detail: failure.detail, code: failure.code });
}

function factsOf(parent: JobRow, end?: 'removed'): ParentFacts {
  return {
    id: parent.id,
    task: parent.task,
    end: end ?? (parent.status === 'failed' ? 'failed' : 'canceled'),
  };
}

/** Says in the child's timeline that it waits for a parent that ended without success. */
export function noteBlocked(tx: Transaction, child: JobRow, parent: JobRow, end?: 'removed'): void {
  addToTimeline(child, tx.now, { event: 'blocked', detail: blockedDetail(factsOf(parent, end)) });
}
