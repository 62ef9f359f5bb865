/**
 * Everything that an embedded queue holds, for another queue to take over. While it is open no other process can
 * use the database: nothing can be added behind the back of the move, and nothing can be run twice.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';
import { pathsIn } from '../../new-job.ts';
import { FINAL_STATUSES, type JobStatus } from '../../port.ts';
import type { TakenJob } from '../../taken-job.ts';
import { databaseError, isBusy } from './connection.ts';
import { migrate } from './schema.ts';

/** Columns by which the database keeps order and leases; another queue has its own. */
const OWN_COLUMNS = new Set(['seq', 'change', 'place', 'lease_ms', 'beat', 'timeline', 'reported_metrics']);

export interface Takeout extends Disposable {
  /** When everything was moved to another queue before, and where; null if never. */
  readonly moved: { at: string; to: string } | null;
  counts(): { waiting: number; ended: number; started: number; untold: number; paused: boolean };
  /** In the order of their creation: parents before children. */
  jobs(): Iterable<TakenJob>;
  /** Notes in the database that all of it is elsewhere now. */
  finish(to: string): void;
}

/** Throws `queue_unavailable`; `conflict` while another process uses the database. */
export function openTakeout(file: string): Takeout {
  const db = openAlone(file);
  const number = (sql: string): number => (db.prepare(sql).get() as { n: number }).n;
  const state = (key: string): string | undefined =>
    (db.prepare('SELECT value FROM state WHERE key = ?').get(key) as { value: string } | undefined)?.value;
  const ended = FINAL_STATUSES.map((status) => `'${status}'`).join(', ');

  return {
    moved: JSON.parse(state('moved') ?? 'null') as Takeout['moved'],
    counts: () => ({
      waiting: number(`SELECT count(*) AS n FROM job WHERE status NOT IN (${ended}, 'started')`),
      ended: number(`SELECT count(*) AS n FROM job WHERE status IN (${ended})`),
      started: number("SELECT count(*) AS n FROM job WHERE status = 'started'"),
      untold: number('SELECT count(*) AS n FROM outbox'),
      paused: state('pause') !== undefined,
    }),
    *jobs() {
      const places = new Map(
        (db.prepare('SELECT seq FROM job ORDER BY place').all() as { seq: number }[]).map(
          ({ seq }, index) => [seq, index + 1],
        ),
      );
      const select = db.prepare('SELECT * FROM job ORDER BY seq');
      const progress = db.prepare('SELECT value FROM progress WHERE job = ?');
      const parents = db.prepare(
        'SELECT job.id FROM dependency JOIN job ON job.seq = dependency.parent WHERE child = ? ORDER BY job.seq',
      );
      const log = db.prepare('SELECT seq, at, level, attempt, text FROM log WHERE job = ? ORDER BY seq');
      for (const row of select.iterate() as Iterable<Record<string, string | number | null>>) {
        const seq = row.seq as number;
        const paths = [row.input_path, row.output_path, ...pathsIn(JSON.parse(row.params as string))];
        yield {
          id: row.id as string,
          status: row.status as JobStatus,
          place: places.get(seq) ?? 0,
          columns: Object.fromEntries(
            Object.entries(row).flatMap(([name, value]) =>
              value === null || OWN_COLUMNS.has(name) ? [] : [[name, String(value)]],
            ),
          ),
          timeline: JSON.parse(row.timeline as string),
          reported_metrics: JSON.parse(row.reported_metrics as string),
          progress: (progress.get(seq) as { value: string } | undefined)?.value ?? null,
          parents: (parents.all(seq) as { id: string }[]).map(({ id }) => id),
          paths: [...new Set(paths.filter((path) => typeof path === 'string'))],
          log: log.all(seq) as unknown as TakenJob['log'],
        };
      }
    },
    finish(to) {
      const value = JSON.stringify({ at: new Date().toISOString(), to });
      db.prepare("INSERT OR REPLACE INTO state (key, value) VALUES ('moved', ?)").run(value);
    },
    [Symbol.dispose]: () => db.close(),
  };
}

/** In WAL mode this lock is to be had only while nobody else has the file open, idle connections included. */
function openAlone(file: string): DatabaseSync {
  if (!existsSync(file)) throw new MillError('queue_unavailable', `There is no database ${file}.`);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 1000 });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE');
    migrate(db, file);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db?.close();
    if (!isBusy(error)) throw databaseError(error);
    throw new MillError('conflict', `Another program uses the queue database ${file}.`, {
      facts: { next: 'Stop the server and the workers first; they would go on with jobs that have moved.' },
      cause: error,
    });
  }
}
