/** What happened in the queue, in order, from any process, as far as the tables still tell. */
import type { DatabaseSync } from 'node:sqlite';
import type { Progress } from '../../../core/plan.ts';
import type { LogLine, QueueEvent } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import type { Pause } from './pause.ts';
import { iso, toRecord } from './rows.ts';

export interface Change {
  number: number;
  /** Null when there is nothing to tell any more. */
  event: QueueEvent | null;
}

export interface Changes {
  /** Number of the last change. */
  last(): number;
  /** The changes after a number, at most `limit`. Of several changes of one job only the last is left. */
  after(number: number, limit: number): Change[];
}

interface ChangeRow {
  change: number;
  kind: 'job' | 'progress' | 'log' | 'removed' | 'workers' | 'wish' | 'pause_change';
  job: number | null;
  id: string | null;
}

/** `live` is progress that was not stored yet. */
export function changes(
  db: DatabaseSync,
  jobs: JobTable,
  pause: Pick<Pause, 'state'>,
  live: (id: string) => Progress | undefined,
): Changes {
  const selectLast = db.prepare("SELECT value FROM state WHERE key = 'change'");
  const selectAfter = db.prepare(
    `SELECT change, 'job' AS kind, seq AS job, NULL AS id FROM job WHERE change > ?1
     UNION ALL SELECT change, 'progress', job, NULL FROM progress WHERE change > ?1
     UNION ALL SELECT change, 'log', job, NULL FROM log WHERE change > ?1
     UNION ALL SELECT change, 'removed', NULL, id FROM removed WHERE change > ?1
     UNION ALL SELECT value, key, NULL, NULL FROM state WHERE key IN ('workers', 'pause_change') AND value > ?1
     UNION ALL SELECT wish ->> 'number', 'wish', NULL, id FROM worker WHERE wish ->> 'number' > ?1
     ORDER BY change LIMIT ?2`,
  );
  const selectProgress = db.prepare(
    'SELECT id, value FROM progress JOIN job ON seq = progress.job WHERE progress.job = ?',
  );
  const selectLog = db.prepare(
    'SELECT id, log.seq, at, level, attempt, text FROM log JOIN job ON job.seq = log.job WHERE log.change = ?',
  );

  function eventOf({ change, kind, job, id }: ChangeRow): QueueEvent | null {
    if (kind === 'removed') return { type: 'removed', id: id as string };
    if (kind === 'workers') return { type: 'workers' };
    if (kind === 'wish') return { type: 'workers', wish: id as string };
    if (kind === 'pause_change') return { type: 'queue', state: pause.state() };
    if (kind === 'job') {
      const row = jobs.bySeq(job as number);
      return row && { type: 'job', job: toRecord(row, live(row.id)) };
    }
    if (kind === 'log') {
      const line = selectLog.get(change) as (Omit<LogLine, 'at'> & { id: string; at: number }) | undefined;
      if (!line) return null;
      const { id: of, seq, at, level, attempt, text } = line;
      return { type: 'log', id: of, line: { seq, at: iso(at), level, text, attempt } };
    }
    const stored = selectProgress.get(job) as { id: string; value: string } | undefined;
    // Of jobs that run here every report was told already, and this one is not the newest.
    if (!stored || live(stored.id)) return null;
    return { type: 'progress', id: stored.id, progress: JSON.parse(stored.value) as Progress };
  }

  return {
    last: () => (selectLast.get() as { value: number }).value,
    after(number, limit) {
      const rows = selectAfter.all(number, limit) as unknown as ChangeRow[];
      return rows.map((row) => ({ number: row.change, event: eventOf(row) }));
    },
  };
}
