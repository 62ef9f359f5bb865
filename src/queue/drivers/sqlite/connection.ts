/**
 * One connection to the database file: WAL, so that readers never wait for a writer, in any process; every
 * failure as a {@link MillError}; and a lock held by another process is waited for, never reported as busy.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillError } from '../../../core/errors.ts';
import { migrate } from './schema.ts';

/** SQLite itself waits this long for a lock, and blocks the event loop meanwhile; then we wait beside the loop. */
const BLOCKING_WAIT_MS = 25;

/** Writes take milliseconds. Whoever holds the lock this long is stopped or broken. */
const LONGEST_WAIT_MS = 30_000;

/** The WAL is cut back to this after a burst; SQLite never does so by itself. */
const WAL_KEPT_BYTES = 16 * 1024 * 1024;

// https://www.sqlite.org/rescode.html, primary codes.
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_FULL = 13;

/** Opens the file, creates it and its folder when missing, and brings the tables up to date. */
export async function openDatabase(file: string): Promise<DatabaseSync> {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    const opened = new DatabaseSync(file, { timeout: BLOCKING_WAIT_MS });
    db = opened;
    // Heeded only by a file without tables; an older one does not shrink, it uses its free pages again.
    await whenFree(() => {
      opened.exec('PRAGMA auto_vacuum = INCREMENTAL');
    });
    await whenFree(() => {
      opened.exec('PRAGMA journal_mode = WAL');
    });
    opened.exec(`PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`);
    await whenFree(() => {
      opened.exec('BEGIN IMMEDIATE');
    });
    migrate(opened, file);
    opened.exec('COMMIT');
    return opened;
  } catch (error) {
    db?.close();
    throw databaseError(error);
  }
}

/**
 * Runs something synchronous on the database; while another process holds a lock it is tried again, with
 * jitter. Throws `queue_unavailable` after half a minute. `run` must have had no effect when it meets a lock.
 */
export async function whenFree<T>(run: () => T): Promise<T> {
  const start = performance.now();
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error)) throw databaseError(error);
      if (performance.now() - start > LONGEST_WAIT_MS) {
        throw new MillError(
          'queue_unavailable',
          `Another process has held the queue database for ${LONGEST_WAIT_MS / 1000} s.`,
          { cause: error },
        );
      }
      await sleep(2 + Math.random() * 18);
    }
  }
}

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** Anything thrown by the database, in our own words. */
export function databaseError(error: unknown): MillError {
  if (error instanceof MillError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (primaryCode(error) === SQLITE_FULL) {
    return new MillError('disk_full', 'There is no space left for the queue database.', { cause: error });
  }
  return new MillError('queue_unavailable', `The queue database failed: ${detail}.`, { cause: error });
}

function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  // The low byte; the rest tells kinds of the same failure.
  return typeof code === 'number' ? code & 0xff : null;
}
