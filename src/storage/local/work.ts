/** Work folders of attempts below one folder of this machine; the same for every driver. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { systemCode } from './faults.ts';
import { ownedName } from './leftovers.ts';
import { opendirOrNone } from './walk.ts';

/** Names of attempts that are also names of folders. */
const ATTEMPT = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$/;

export async function createWorkFolder(root: string, attempt: string): Promise<string> {
  if (!ATTEMPT.test(attempt)) throw new MillError('internal', `"${attempt}" cannot name a work folder.`);
  const work = join(root, attempt);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true, mode: 0o750 });
  return work;
}

export async function removeWorkFolder(root: string, work: string): Promise<void> {
  if (!work.startsWith(`${root}/`)) throw new MillError('internal', 'This is not a work folder.');
  await rm(work, { recursive: true, force: true });
}

/** Removes those of attempts that no longer live; answers how many. */
export async function sweepWorkFolders(
  root: string,
  isAlive: (attempt: string) => Promise<boolean>,
): Promise<number> {
  let removed = 0;
  for await (const entry of await opendirOrNone(root)) {
    if (await isAlive(entry.name)) continue;
    await rm(join(root, entry.name), { recursive: true, force: true });
    removed++;
  }
  return removed;
}

/** Throws `storage_unavailable`. */
export async function checkWritable(folder: string): Promise<void> {
  const probe = join(folder, ownedName());
  try {
    await mkdir(folder, { recursive: true });
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (error) {
    throw new MillError('storage_unavailable', `The storage cannot be written: ${systemCode(error)}.`, {
      cause: error,
    });
  }
}
