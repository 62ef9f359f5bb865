/** Log lines of jobs, numbered within each job over all its attempts. */
import type { DatabaseSync } from 'node:sqlite';
import type { Claim, LogLine } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import { iso } from './rows.ts';
import type { Transaction } from './transactions.ts';

/** Of a job that writes more, the newest lines are kept. */
const LINES_KEPT = 5000;

/** Characters of one line that are kept. */
const LONGEST_LINE = 8000;

export interface Logs {
  append(tx: Transaction, claim: Claim, lines: Pick<LogLine, 'level' | 'text'>[]): void;
  /** Lines with numbers above `after`, oldest first. Throws `job_not_found`. */
  of(id: string, after: number): LogLine[];
}

export function logs(db: DatabaseSync, jobs: JobTable): Logs {
  const selectLast = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM log WHERE job = ?');
  const insert = db.prepare(
    'INSERT INTO log (job, seq, change, at, level, attempt, text) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const prune = db.prepare('DELETE FROM log WHERE job = ? AND seq <= ?');
  const select = db.prepare(
    'SELECT seq, at, level, text, attempt FROM log WHERE job = ? AND seq > ? ORDER BY seq',
  );

  return {
    append(tx, claim, lines) {
      const row = jobs.held(claim);
      let { seq } = selectLast.get(row.seq) as { seq: number };
      for (const { level, text } of lines) {
        seq += 1;
        insert.run(row.seq, seq, tx.nextChange(), tx.now, level, claim.attempt, text.slice(0, LONGEST_LINE));
      }
      prune.run(row.seq, seq - LINES_KEPT);
    },
    of(id, after) {
      const rows = select.all(jobs.require(id).seq, after) as unknown as (Omit<LogLine, 'at'> & {
        at: number;
      })[];
      return rows.map(({ seq, at, level, text, attempt }) => ({ seq, at: iso(at), level, text, attempt }));
    },
  };
}
