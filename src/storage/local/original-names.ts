/** Names that clients gave their uploads, one small file each, beside the uploads and hidden like all that is ours. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A name is written before its upload becomes visible: until then nobody else knows of it. */
const YOUNG_MS = 60 * 60 * 1000;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

export interface OriginalNames {
  keep(id: string, name: string | null): Promise<void>;
  /** Of an upload by its stored name; null when it had none, or is no upload. */
  of(storedName: string): Promise<string | null>;
  forget(storedName: string): Promise<void>;
  /** Removes names whose uploads are gone. `stored` are the names that are there. */
  sweep(stored: () => Promise<string[]>): Promise<void>;
}

export function originalNames(folder: string): OriginalNames {
  const place = (storedName: string): string | null => {
    const id = ID.exec(storedName)?.[0];
    return id === undefined ? null : join(folder, id);
  };

  return {
    async keep(id, name) {
      if (name === null) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, id), name, { mode: 0o640 });
    },
    async of(storedName) {
      const path = place(storedName);
      return path === null ? null : await readFile(path, 'utf8').catch(() => null);
    },
    async forget(storedName) {
      const path = place(storedName);
      if (path !== null) await rm(path, { force: true });
    },
    async sweep(stored) {
      const names = await readdir(folder).catch(() => []);
      if (names.length === 0) return;
      const present = new Set((await stored()).map((name) => ID.exec(name)?.[0]));
      for (const id of names) {
        const path = join(folder, id);
        if (present.has(id)) continue;
        const stats = await stat(path).catch(() => null);
        if (stats && stats.mtimeMs < Date.now() - YOUNG_MS) await rm(path, { force: true });
      }
    },
  };
}
