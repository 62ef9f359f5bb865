/** A copy of a database while programs work on it: whole, checked, and one file. */
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';
import { databaseError } from './connection.ts';

/** All pages in one step: between two steps another process may write, and SQLite would begin again. */
const ALL_PAGES = 2 ** 31 - 1;

export interface BackupReport {
  file: string;
  size_bytes: number;
}

/**
 * The copy holds everything that was acknowledged when it began. It appears under its name when it is complete and
 * on the disk. Throws `queue_unavailable`, `disk_full`; `output_exists` when `target` is there and `replace` is not set.
 */
export async function backupDatabase(
  source: string,
  target: string,
  { replace = false }: { replace?: boolean } = {},
): Promise<BackupReport> {
  if (!replace && (await stat(target).catch(() => null))) {
    throw new MillError('output_exists', `There is already a file "${target}".`, { facts: { path: target } });
  }
  if (!(await stat(source).catch(() => null))) {
    throw new MillError('queue_unavailable', `There is no database ${source}.`);
  }
  const part = `${target}.part`;
  try {
    await rm(part, { force: true });
    const db = new DatabaseSync(source, { readOnly: true, timeout: 5000 });
    try {
      await backup(db, part, { rate: ALL_PAGES });
    } finally {
      db.close();
    }
    check(part);
    await sync(part);
    await rename(part, target);
    await sync(dirname(target));
    return { file: target, size_bytes: (await stat(target)).size };
  } catch (error) {
    for (const end of ['', '-wal', '-shm', '-journal']) await rm(part + end, { force: true });
    throw writeError(error, target) ?? databaseError(error);
  }
}

/** Throws `queue_unavailable` for a copy that is damaged, because its source is. */
function check(file: string): void {
  const db = new DatabaseSync(file);
  try {
    // Without its write-ahead log the copy is one file; the program that opens it makes a new one.
    db.exec('PRAGMA journal_mode = DELETE');
    const { integrity_check: found } = db.prepare('PRAGMA integrity_check').get() as {
      integrity_check: string;
    };
    if (found !== 'ok') throw new MillError('queue_unavailable', `The database is damaged: ${found}.`);
  } finally {
    db.close();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function writeError(error: unknown, target: string): MillError | null {
  const { code, errcode } = error as { code?: string; errcode?: number };
  if (code === 'ENOSPC') return new MillError('disk_full', undefined, { cause: error });
  // https://www.sqlite.org/rescode.html: READONLY, CANTOPEN.
  const unwritable =
    code === 'EACCES' || code === 'ENOENT' || code === 'EROFS' || errcode === 8 || errcode === 14;
  if (!unwritable) return null;
  return new MillError('output_not_writable', `The copy "${target}" cannot be written.`, { cause: error });
}
