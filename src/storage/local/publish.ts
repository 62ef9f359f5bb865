/**
 * Makes a finished file or folder visible in one step: nobody ever sees half of it, and once it is there a
 * power cut does not take it away.
 */
import { cp, lstat, mkdir, open, opendir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { hasCode } from './faults.ts';
import { ownedName } from './leftovers.ts';

/** Prefix of what is moved aside or copied beside a target; hidden, and swept when left over. */
export const ASIDE = '.mill-';
/** Files synced at a time; folders of thousands of frames are the case to think of. */
const SYNCS_AT_A_TIME = 8;

type Kind = 'file' | 'directory';

/** `target` is a real host path inside a root. Throws `output_exists` when a file and a folder would swap. */
export async function publishTo(local: string, target: string): Promise<void> {
  const kind = await kindOf(local);
  if (!kind) throw new MillError('internal', 'There is nothing to publish.');
  const standing = await kindOf(target);
  if (standing && standing !== kind) {
    throw new MillError(
      'output_exists',
      `There is already a ${word(standing)} of that name; this is a ${word(kind)}.`,
    );
  }
  const folder = dirname(target);
  await makeFolders(folder);
  await syncTree(local, kind);
  await moveInto(local, target, kind, standing);
  await syncFolder(folder);
}

export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

async function moveInto(local: string, target: string, kind: Kind, standing: Kind | null): Promise<void> {
  try {
    await replace(local, target, kind, standing);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    const copy = join(dirname(target), ASIDE + ownedName());
    try {
      await cp(local, copy, { recursive: kind === 'directory', errorOnExist: true, force: false });
      await syncTree(copy, kind);
      await replace(copy, target, kind, standing);
    } catch (failed) {
      await rm(copy, { recursive: true, force: true });
      throw failed;
    }
    await rm(local, { recursive: true, force: true });
  }
}

async function replace(local: string, target: string, kind: Kind, standing: Kind | null): Promise<void> {
  if (kind === 'file' || !standing) return rename(local, target);
  const old = join(dirname(target), ASIDE + ownedName());
  await rename(target, old);
  try {
    await rename(local, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** Makes missing folders and writes their names to disk. */
async function makeFolders(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (!first) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncTree(path: string, kind: Kind): Promise<void> {
  if (kind === 'file') {
    await using handle = await open(path, 'r');
    return handle.sync();
  }
  const children: { path: string; kind: Kind }[] = [];
  for await (const entry of await opendir(path)) {
    if (!entry.isFile() && !entry.isDirectory()) {
      throw new MillError('output_verification_failed', 'The output folder has a link or a device in it.');
    }
    children.push({ path: join(path, entry.name), kind: entry.isFile() ? 'file' : 'directory' });
  }
  while (children.length > 0) {
    await Promise.all(children.splice(0, SYNCS_AT_A_TIME).map((child) => syncTree(child.path, child.kind)));
  }
  await syncFolder(path);
}

async function kindOf(path: string): Promise<Kind | null> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    if (stats.isDirectory()) return 'directory';
    throw new MillError('output_exists', 'A link or a device is in the way.');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function word(kind: Kind): string {
  return kind === 'file' ? 'file' : 'folder';
}
