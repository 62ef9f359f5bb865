/**
 * The tables, as numbered steps: a database at step n (`user_version`) gets the steps after n, all in one
 * transaction. A step that was ever released is never edited; changes are further steps.
 *
 * Times are milliseconds of the wall clock since 1970. JSON is kept as text.
 */
import type { DatabaseSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';

/** "Mill" in ASCII: tells our database from any other SQLite file. */
const APPLICATION_ID = 0x4d696c6c;

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE job (
    -- Order of creation; never used twice.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    task TEXT NOT NULL,
    -- Number of the job's last change among all changes of the queue; watchers read what lies beyond theirs.
    change INTEGER NOT NULL,
    -- Order among jobs of the same priority: the change that put it into the queue.
    place INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    -- Claims ever; unlike attempts never counted anew.
    claims INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_ms INTEGER,
    -- Rises with every claim and renewal; observers judge a lease by how long it stands still.
    beat INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    enqueued_at INTEGER,
    scheduled_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    timeout_seconds REAL,
    input_path TEXT,
    output_path TEXT,
    idempotency_key TEXT,
    chain_depth INTEGER NOT NULL,
    error TEXT,
    depends_on TEXT NOT NULL,
    params TEXT NOT NULL,
    timeline TEXT NOT NULL,
    -- Numbers that other jobs reported about this one.
    reported_metrics TEXT NOT NULL,
    result TEXT
  ) STRICT;
  CREATE UNIQUE INDEX job_idempotency ON job (idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX job_next ON job (priority DESC, place) WHERE status = 'queued';
  CREATE INDEX job_due ON job (scheduled_at) WHERE status = 'scheduled';
  CREATE INDEX job_change ON job (change);
  CREATE INDEX job_status ON job (status);
  CREATE INDEX job_status_task ON job (status, task);
  CREATE INDEX job_task ON job (task);
  CREATE INDEX job_input ON job (input_path) WHERE ended_at IS NULL;
  CREATE INDEX job_output ON job (output_path) WHERE ended_at IS NULL;

  -- How many jobs there are; kept by the triggers, since counting 100,000 rows for every page takes too long.
  CREATE TABLE tally (
    status TEXT NOT NULL,
    task TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    PRIMARY KEY (status, task)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
    INSERT INTO tally VALUES (new.status, new.task, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER job_moved AFTER UPDATE OF status ON job WHEN old.status <> new.status BEGIN
    UPDATE tally SET jobs = jobs - 1 WHERE status = old.status AND task = old.task;
    INSERT INTO tally VALUES (new.status, new.task, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
    UPDATE tally SET jobs = jobs - 1 WHERE status = old.status AND task = old.task;
  END;

  -- Storage paths named inside params, such as a watermark's.
  CREATE TABLE param_path (
    path TEXT NOT NULL,
    job INTEGER NOT NULL,
    PRIMARY KEY (path, job)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX param_path_job ON param_path (job);

  CREATE TABLE dependency (
    parent INTEGER NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (parent, child)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dependency_child ON dependency (child);

  -- Apart from the job, whose row is larger and has more indexes.
  CREATE TABLE progress (
    job INTEGER PRIMARY KEY,
    change INTEGER NOT NULL,
    value TEXT NOT NULL
  ) STRICT;
  CREATE INDEX progress_change ON progress (change);

  CREATE TABLE log (
    job INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    change INTEGER NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (job, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX log_change ON log (change);

  -- What watchers of other processes must still hear of; pruned.
  CREATE TABLE removed (
    change INTEGER PRIMARY KEY,
    id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE worker (
    id TEXT PRIMARY KEY,
    lease_ms INTEGER NOT NULL,
    beat INTEGER NOT NULL,
    info TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value ANY NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO state VALUES ('change', 0);
  `,
  `
  -- Id of the API key that handed the job in; a key sees its own jobs, and idempotency keys are each key's own.
  ALTER TABLE job ADD COLUMN owner TEXT;
  ALTER TABLE job ADD COLUMN webhook_url TEXT;
  CREATE INDEX job_owner ON job (owner, status, task) WHERE owner IS NOT NULL;
  DROP INDEX job_idempotency;
  CREATE UNIQUE INDEX job_idempotency ON job (idempotency_key, coalesce(owner, ''))
    WHERE idempotency_key IS NOT NULL;

  -- Ends of jobs that a webhook shall tell of; filled in the transaction that ends the job.
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER job_ended AFTER UPDATE OF status ON job
  WHEN new.webhook_url IS NOT NULL AND new.status IN ('finished', 'failed', 'canceled')
    AND old.status NOT IN ('finished', 'failed', 'canceled')
  BEGIN
    INSERT INTO outbox (job) VALUES (json_object(
      'id', new.id, 'status', new.status, 'task', new.task, 'input_path', new.input_path,
      'output_path', new.output_path, 'attempts', new.attempts, 'created_at', new.created_at,
      'started_at', new.started_at, 'ended_at', new.ended_at, 'owner', new.owner,
      'webhook_url', new.webhook_url, 'result', json(new.result), 'error', json(new.error)));
  END;
  `,
  `
  ALTER TABLE job ADD COLUMN on_parent_failure TEXT NOT NULL DEFAULT 'wait';
  CREATE INDEX job_ended_at ON job (ended_at) WHERE ended_at IS NOT NULL;
  -- JSON: state, reason, and as its number the change that brought it.
  ALTER TABLE worker ADD COLUMN wish TEXT;
  `,
  `
  -- JSON: request and trace the job came from.
  ALTER TABLE job ADD COLUMN origin TEXT;
  `,
  `
  ALTER TABLE job ADD COLUMN input_name TEXT;
  ALTER TABLE job ADD COLUMN input_size_bytes INTEGER;
  -- JSON: how the last attempt goes about it.
  ALTER TABLE job ADD COLUMN plan TEXT;
  -- JSON: moments of the last attempt.
  CREATE TABLE series (
    job INTEGER PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- The run of a recipe that the job is a step of; jobs of one pass are claimed together.
  ALTER TABLE job ADD COLUMN run_id TEXT;
  ALTER TABLE job ADD COLUMN run_recipe TEXT;
  ALTER TABLE job ADD COLUMN run_step TEXT;
  ALTER TABLE job ADD COLUMN run_pass TEXT;
  CREATE INDEX job_run ON job (run_id) WHERE run_id IS NOT NULL;
  CREATE INDEX job_pass ON job (run_id, run_pass) WHERE status = 'queued' AND run_pass IS NOT NULL;
  `,
];

/**
 * Brings the database to the newest step; data is kept. Call inside a transaction. Throws `queue_unavailable`
 * for a database of a newer program, or of another program.
 */
export function migrate(db: DatabaseSync, file: string, steps: readonly string[] = MIGRATIONS): void {
  const version = pragma(db, 'user_version');
  if (version > steps.length) {
    throw new MillError(
      'queue_unavailable',
      `The queue database ${file} was written by a newer version of Media Mill (format ${version}; this one knows ${steps.length}). Update Media Mill, or use another database.`,
      { facts: { found: version, known: steps.length } },
    );
  }
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
  const foreign = version === 0 ? tables.n > 0 : pragma(db, 'application_id') !== APPLICATION_ID;
  if (foreign) {
    throw new MillError(
      'queue_unavailable',
      `${file} is a database of another program. Choose another file in [queue] database.`,
    );
  }
  if (version === steps.length) return;
  for (const step of steps.slice(version)) db.exec(step);
  db.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${APPLICATION_ID}`);
}

function pragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] as number;
}
