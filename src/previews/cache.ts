/**
 * Finished previews on the disk: those nobody asked for longest go when there are too many. Losing one costs the
 * time to make it again and nothing else, so nothing here is ever synced.
 *
 * Layout, below the folder: `<2 hex>/<key>.<ext>`, and in `work` what is being made.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PreviewFile } from './port.ts';

/** After making room there is some left, so that not every new preview makes room again. */
const KEPT_SHARE = 0.9;
/** Times of use are noted only so often: the order among recent ones is of no interest. */
const NOTE_USE_MS = 10 * 60 * 1000;
/** Nothing takes this long to make; what is older was left behind by a process that died. */
const STALE_WORK_MS = 2 * 60 * 60 * 1000;
/** Folder of what is being made, below that of the cache. */
export const WORK = 'work';

export interface PreviewCache {
  /** Name of a preview: of what, in which state, with which options. */
  key(parts: readonly (string | number | undefined)[]): string;
  /** Null when it is not there. */
  find(key: string, extension: string): Promise<PreviewFile | null>;
  /** Takes a finished file of the work folder. */
  keep(key: string, extension: string, local: string): Promise<PreviewFile>;
  /** Small facts; null when there are none, or when they are older than `maxAgeMs`. */
  recall<T>(key: string, maxAgeMs?: number): Promise<T | null>;
  remember(key: string, value: unknown): Promise<void>;
  /** A new empty folder on the same disk; the caller removes it. */
  work(): Promise<string>;
}

const MEDIA_TYPES: Record<string, string> = {
  webp: 'image/webp',
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  jpg: 'image/jpeg',
};

export function openCache(folder: string, maxBytes: number): PreviewCache {
  let bytes: Promise<number> | null = null;
  let sweeping: Promise<number> | null = null;

  const place = (key: string, extension: string) => join(folder, key.slice(0, 2), `${key}.${extension}`);

  async function added(size: number): Promise<void> {
    bytes ??= firstLook();
    const total = (await bytes) + size;
    bytes = Promise.resolve(total);
    if (total <= maxBytes || sweeping) return;
    sweeping = makeRoom(folder, maxBytes * KEPT_SHARE).finally(() => {
      sweeping = null;
    });
    bytes = sweeping;
  }

  async function firstLook(): Promise<number> {
    await removeStaleWork(join(folder, WORK));
    return await makeRoom(folder, maxBytes);
  }

  async function describe(path: string, extension: string): Promise<PreviewFile | null> {
    const stats = await stat(path).catch(() => null);
    if (!stats?.isFile()) return null;
    if (stats.mtimeMs < Date.now() - NOTE_USE_MS) {
      const now = new Date();
      await utimes(path, now, stats.mtime).catch(() => {});
    }
    return {
      name: `preview.${extension}`,
      media_type: MEDIA_TYPES[extension] ?? 'application/octet-stream',
      size_bytes: stats.size,
      modified_at: stats.mtime.toISOString(),
      // Opened before the first byte is promised: a sweep may take the name away at any time.
      read: async (range) => (await open(path, 'r')).createReadStream({ ...range }),
    };
  }

  async function put(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await write(temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  return {
    key: (parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40),
    find: (key, extension) => describe(place(key, extension), extension),
    async keep(key, extension, local) {
      const path = place(key, extension);
      await mkdir(dirname(path), { recursive: true });
      await rename(local, path);
      const file = await describe(path, extension);
      if (!file) throw new TypeError('A preview vanished as it was stored.');
      await added(file.size_bytes);
      return file;
    },
    async recall<T>(key: string, maxAgeMs = Number.POSITIVE_INFINITY) {
      const path = place(key, 'json');
      try {
        if (Number.isFinite(maxAgeMs) && (await stat(path)).mtimeMs < Date.now() - maxAgeMs) return null;
        return JSON.parse(await readFile(path, 'utf8')) as T;
      } catch {
        return null;
      }
    },
    async remember(key, value) {
      const text = JSON.stringify(value);
      await put(place(key, 'json'), (temporary) => writeFile(temporary, text));
      await added(text.length);
    },
    async work() {
      const work = join(folder, WORK, randomUUID());
      await mkdir(work, { recursive: true, mode: 0o750 });
      return work;
    },
  };
}

/** Removes what was not used longest until `most` bytes are left; answers how many there are. */
async function makeRoom(folder: string, most: number): Promise<number> {
  const files: { path: string; size: number; usedMs: number }[] = [];
  for (const shelf of await readdir(folder).catch(() => [])) {
    if (shelf === WORK) continue;
    for (const name of await readdir(join(folder, shelf)).catch(() => [])) {
      const path = join(folder, shelf, name);
      const stats = await stat(path).catch(() => null);
      if (stats?.isFile())
        files.push({ path, size: stats.size, usedMs: Math.max(stats.atimeMs, stats.mtimeMs) });
    }
  }
  let total = files.reduce((sum, { size }) => sum + size, 0);
  files.sort((a, b) => a.usedMs - b.usedMs);
  for (const { path, size } of files) {
    if (total <= most) break;
    await rm(path, { force: true });
    total -= size;
  }
  return total;
}

async function removeStaleWork(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => null);
    if (stats && stats.mtimeMs < Date.now() - STALE_WORK_MS) await rm(path, { recursive: true, force: true });
  }
}
