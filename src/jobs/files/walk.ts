/** The files of a folder, in an order that does not depend on the file system. */
import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { throwIfAborted } from './abort.ts';
import { readFailure } from './input.ts';

/** More is no folder of media but a mistake; the list has to fit in memory. */
const MAX_ENTRIES = 1_000_000;

export interface FolderEntry {
  kind: 'file' | 'directory';
  path: string;
  /** Below the folder, with `/`. */
  relative: string;
  stats: Stats;
}

export interface FolderListing {
  /** Parents before their children, names in code-unit order. */
  entries: FolderEntry[];
  /** Relative paths of links, sockets, pipes and devices: never followed, never opened. */
  skipped: string[];
}

export async function listFolder(folder: string, signal: AbortSignal): Promise<FolderListing> {
  const listing: FolderListing = { entries: [], skipped: [] };
  try {
    await visit(folder, '', listing, signal);
  } catch (error) {
    throw readFailure((error as NodeJS.ErrnoException).path ?? folder, error);
  }
  return listing;
}

async function visit(
  folder: string,
  prefix: string,
  listing: FolderListing,
  signal: AbortSignal,
): Promise<void> {
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    throwIfAborted(signal);
    const path = join(folder, name);
    const relative = `${prefix}${name}`;
    const stats = await lstat(path);
    if (stats.isFile()) listing.entries.push({ kind: 'file', path, relative, stats });
    else if (stats.isDirectory()) {
      listing.entries.push({ kind: 'directory', path, relative, stats });
      await visit(path, `${relative}/`, listing, signal);
    } else listing.skipped.push(relative);
    if (listing.entries.length + listing.skipped.length > MAX_ENTRIES) {
      throw new MillError('invalid_request', `The folder has more than ${MAX_ENTRIES} entries.`);
    }
  }
}

/** Sentences for the `warnings` of a result; at most a few names. */
export function skippedWarnings(skipped: readonly string[]): string[] {
  if (skipped.length === 0) return [];
  const shown = skipped.slice(0, 5).map((name) => `"${name}"`);
  const more = skipped.length > shown.length ? ` and ${skipped.length - shown.length} more` : '';
  return [`Left out because they are links or special files: ${shown.join(', ')}${more}.`];
}
