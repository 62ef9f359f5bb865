/**
 * The ledger of an embedded installation: one SQLite file beside the queue's database, shared by all processes of
 * the machine. What is written is on the disk before the call resolves.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillError } from '../../core/errors.ts';
import type { Ledger, LedgerEntry, ListRange } from '../port.ts';

/** "Ledg" in ASCII: tells this file from any other SQLite file. */
const APPLICATION_ID = 0x4c656467;
const BLOCKING_WAIT_MS = 25;
const LONGEST_WAIT_MS = 10_000;
// https://www.sqlite.org/rescode.html, primary codes.
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

const TABLES = `
  CREATE TABLE IF NOT EXISTS entry (
    book TEXT NOT NULL,
    id TEXT NOT NULL,
    place REAL NOT NULL,
    version INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (book, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entry_place ON entry (book, place, id);
`;

interface Row {
  id: string;
  place: number;
  version: number;
  value: string;
}

export interface SqliteLedgerOptions {
  /** Path of the file; it and its folder are created when missing. */
  database: string;
}

/** Throws `queue_unavailable` when the file cannot be used or belongs to another program. */
export default async function openSqliteLedger({ database }: SqliteLedgerOptions): Promise<Ledger> {
  const db = await open(database);
  const select = db.prepare('SELECT id, place, version, value FROM entry WHERE book = ? AND id = ?');
  const upsert = db.prepare(
    `INSERT INTO entry (book, id, place, version, value) VALUES (?, ?, ?, 1, ?)
     ON CONFLICT DO UPDATE SET place = excluded.place, value = excluded.value, version = version + 1`,
  );
  const insert = db.prepare(
    'INSERT OR IGNORE INTO entry (book, id, place, version, value) VALUES (?, ?, ?, 1, ?)',
  );
  const update = db.prepare(
    'UPDATE entry SET place = ?, value = ?, version = version + 1 WHERE book = ? AND id = ? AND version = ?',
  );
  const remove = db.prepare('DELETE FROM entry WHERE book = ? AND id = ?');
  const list = (direction: 'ASC' | 'DESC') =>
    db.prepare(
      `SELECT id, place, version, value FROM entry WHERE book = ? AND place >= ? AND place <= ?
       ORDER BY place ${direction}, id ${direction} LIMIT ?`,
    );
  const ascending = list('ASC');
  const descending = list('DESC');
  const count = db.prepare('SELECT count(*) AS n FROM entry WHERE book = ?');
  const adjust = db.prepare(
    `INSERT INTO entry (book, id, place, version, value) VALUES (?1, ?2, 0, 1, max(0, ?3))
     ON CONFLICT DO UPDATE SET value = max(0, CAST(value AS INTEGER) + ?3), version = version + 1
     RETURNING CAST(value AS INTEGER) AS sum`,
  );

  return {
    get: (book, id) =>
      whenFree(() => {
        const row = select.get(book, id) as unknown as Row | undefined;
        return row ? toEntry(row) : null;
      }),
    put: (book, id, value, place = 0) =>
      whenFree(() => void upsert.run(book, id, place, JSON.stringify(value))),
    add: (book, id, value, place = 0) =>
      whenFree(() => insert.run(book, id, place, JSON.stringify(value)).changes === 1),
    addAll: (book, entries, place) =>
      whenFree(() => {
        db.exec('BEGIN IMMEDIATE');
        try {
          for (const { id, value } of entries) insert.run(book, id, place, JSON.stringify(value));
          db.exec('COMMIT');
        } catch (error) {
          if (db.isTransaction) db.exec('ROLLBACK');
          throw error;
        }
      }),
    replace: (book, seen, value, place = seen.place) =>
      whenFree(() => update.run(place, JSON.stringify(value), book, seen.id, seen.version).changes === 1),
    remove: (book, id) => whenFree(() => remove.run(book, id).changes === 1),
    list: <T>(book: string, { from, to, limit, order }: ListRange) =>
      whenFree(() => {
        const statement = order === 'ascending' ? ascending : descending;
        const rows = statement.all(
          book,
          from ?? Number.MIN_SAFE_INTEGER,
          to ?? Number.MAX_SAFE_INTEGER,
          limit,
        );
        return (rows as unknown as Row[]).map((row) => toEntry<T>(row));
      }),
    count: (book) => whenFree(() => (count.get(book) as { n: number }).n),
    adjust: (book, id, by) => whenFree(() => (adjust.get(book, id, by) as { sum: number }).sum),
    async close() {
      if (db.isOpen) db.close();
    },
  };
}

async function open(database: string): Promise<DatabaseSync> {
  let db: DatabaseSync | undefined;
  try {
    const file = resolve(database);
    mkdirSync(dirname(file), { recursive: true });
    const opened = new DatabaseSync(file, { timeout: BLOCKING_WAIT_MS });
    db = opened;
    // Hashes of keys and secrets of webhooks: for nobody else on this machine.
    chmodSync(file, 0o600);
    await whenFree(() => opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'));
    await whenFree(() => {
      refuseForeign(opened, database);
      opened.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
    });
    return opened;
  } catch (error) {
    db?.close();
    throw inOurWords(error);
  }
}

function refuseForeign(db: DatabaseSync, database: string): void {
  const { n } = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
  const { application_id: id } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  if (n === 0 || id === APPLICATION_ID) return;
  throw new MillError('queue_unavailable', `${database} is a database of another program.`);
}

/** SQLite waits a moment for a lock of another process, then we wait beside the event loop. */
async function whenFree<T>(run: () => T): Promise<T> {
  const start = performance.now();
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (codeOf(error) !== SQLITE_BUSY || performance.now() - start > LONGEST_WAIT_MS)
        throw inOurWords(error);
      await sleep(2 + Math.random() * 18);
    }
  }
}

function toEntry<T>({ value, ...row }: Row): LedgerEntry<T> {
  return { ...row, value: JSON.parse(value) as T };
}

function inOurWords(error: unknown): MillError {
  if (error instanceof MillError) return error;
  if (codeOf(error) === SQLITE_FULL) {
    return new MillError('disk_full', 'There is no space left for the database of keys.', { cause: error });
  }
  const said = error instanceof Error ? error.message : String(error);
  return new MillError('queue_unavailable', `The database of keys failed: ${said}.`, { cause: error });
}

function codeOf(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : null;
}
