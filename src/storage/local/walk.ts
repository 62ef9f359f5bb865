import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './faults.ts';

export interface WalkedFile {
  /** Relative to the folder, with `/`. */
  name: string;
  size_bytes: number;
}

/** Files below a folder. Hidden names, links and devices are not seen. */
export async function* walkFiles(folder: string, prefix = ''): AsyncGenerator<WalkedFile> {
  for await (const entry of await opendir(folder)) {
    if (entry.name.startsWith('.')) continue;
    const host = join(folder, entry.name);
    if (entry.isDirectory()) yield* walkFiles(host, `${prefix}${entry.name}/`);
    else if (entry.isFile()) yield { name: prefix + entry.name, size_bytes: (await lstat(host)).size };
  }
}

/** Entries below a folder whose name begins with `prefix`, as host paths; other hidden folders are not entered. */
export async function* walkNamed(
  folder: string,
  prefix: string,
): AsyncGenerator<{ name: string; host: string }> {
  for await (const entry of await opendir(folder)) {
    const host = join(folder, entry.name);
    if (entry.name.startsWith(prefix)) yield { name: entry.name, host };
    else if (entry.isDirectory() && !entry.name.startsWith('.')) yield* walkNamed(host, prefix);
  }
}

/** The entries of a folder; none when there is no such folder. */
export async function opendirOrNone(folder: string): Promise<Dir | never[]> {
  try {
    return await opendir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
