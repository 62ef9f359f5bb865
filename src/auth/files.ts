/**
 * Whose the files of the storage are. Uploads and outputs belong to the key that made them; a folder's owner owns what
 * lies in it. Files that nobody has handed in through the API belong to nobody: only administrators use them.
 */
import { MillError } from '../core/errors.ts';
import type { Ledger } from '../ledger/port.ts';
import { type Caller, sees } from './caller.ts';

export interface FileOwners {
  /** Throws `input_not_found` for what is not the caller's, as if it were not there; `asked` is how the caller named it. */
  mustRead(caller: Caller, path: string, asked?: string): Promise<void>;
  /** Throws `output_exists` when the place belongs to somebody else, or something of nobody is there. */
  mustWrite(caller: Caller, path: string, isThere: boolean): Promise<void>;
  /** Paths that are to be written become the caller's. */
  claim(caller: Caller, paths: readonly string[]): Promise<void>;
  /** Bytes that the caller may still upload; infinite without a quota. `isThere` tells whether a file still exists. */
  room(caller: Caller, isThere: (path: string) => Promise<boolean>): Promise<number>;
  /** Notes an upload; the same one any number of times. Throws `input_not_found` for one of somebody else. */
  uploaded(caller: Caller, path: string, bytes: number): Promise<void>;
  /** Forgets a file that was removed. */
  removed(path: string): Promise<void>;
}

interface StoredFile {
  owner: string;
  /** Of an upload; outputs do not count. */
  bytes: number;
}

const BOOK = 'files';
const USAGE = 'usage';
/** Uploads that are looked at when a quota seems used up. */
const RECOUNTED = 1000;

export function fileOwners(ledger: Ledger): FileOwners {
  const uploadsOf = (owner: string) => `uploads of ${owner}`;

  /** Of the path, or of the nearest folder above it that has one. */
  async function ownerOf(path: string): Promise<string | null> {
    const parts = path.replace(/\/+$/, '').split('/');
    for (let length = parts.length; length > 3; length--) {
      const entry = await ledger.get<StoredFile>(BOOK, parts.slice(0, length).join('/'));
      if (entry) return entry.value.owner;
    }
    return null;
  }

  /** Files go by other ways too, such as a job that deletes its input: counts what is still there. */
  async function recount(owner: string, isThere: (path: string) => Promise<boolean>): Promise<number> {
    const book = uploadsOf(owner);
    for (const { id } of await ledger.list(book, { limit: RECOUNTED, order: 'ascending' })) {
      if (!(await isThere(id))) await forget(id);
    }
    return ledger.adjust(USAGE, owner, 0);
  }

  async function forget(path: string): Promise<void> {
    const entry = await ledger.get<StoredFile>(BOOK, path);
    if (!entry) return;
    const { owner, bytes } = entry.value;
    await ledger.remove(BOOK, path);
    if (await ledger.remove(uploadsOf(owner), path)) await ledger.adjust(USAGE, owner, -bytes);
  }

  return {
    async mustRead(caller, path, asked = path) {
      if (caller.admin || sees(caller, await ownerOf(path))) return;
      throw new MillError('input_not_found', `There is no file "${asked}".`);
    },
    async mustWrite(caller, path, isThere) {
      if (caller.admin) return;
      const owner = await ownerOf(path);
      if (owner === null ? !isThere : sees(caller, owner)) return;
      throw new MillError('output_exists', `"${path}" is not yours to write.`, { facts: { path } });
    },
    async claim({ owner }, paths) {
      if (owner === null) return;
      const entries = paths.map((path) => ({ id: path.replace(/\/+$/, ''), value: { owner, bytes: 0 } }));
      await ledger.addAll(BOOK, entries, Date.now());
    },
    async room({ owner, quotaBytes }, isThere) {
      if (owner === null || quotaBytes === null) return Number.POSITIVE_INFINITY;
      const used = await ledger.adjust(USAGE, owner, 0);
      if (used < quotaBytes) return quotaBytes - used;
      return Math.max(0, quotaBytes - (await recount(owner, isThere)));
    },
    async uploaded({ owner }, path, bytes) {
      if (owner === null) return;
      if (!(await ledger.add(BOOK, path, { owner, bytes } satisfies StoredFile, Date.now()))) {
        if ((await ownerOf(path)) === owner) return;
        throw new MillError('input_not_found', `There is no file "${path}".`);
      }
      await ledger.put(uploadsOf(owner), path, null, Date.now());
      await ledger.adjust(USAGE, owner, bytes);
    },
    removed: forget,
  };
}
