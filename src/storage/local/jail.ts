/**
 * Where a name really leads. Symbolic links are followed by the operating system itself (`realpath`) as far as
 * anything exists, and the answer must lie inside a root; the rest cannot contain links, for it is not there.
 */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Area } from '../port.ts';
import { type Location, locate, outside } from '../reference.ts';
import { hasCode } from './faults.ts';

export interface Root {
  area: Area;
  /** As configured, made absolute. */
  configured: string;
  /** With its own links resolved. */
  real: string;
}

export interface Place {
  location: Location;
  /** Absolute, free of links. */
  host: string;
  /** `blocked`: a file stands where a folder is needed. */
  kind: 'file' | 'directory' | 'missing' | 'blocked';
}

/** The place of a name below a root. Throws `path_outside_storage` when it leads out, loops or is special. */
export async function findPlace(
  roots: readonly Root[],
  location: Location,
  reference: string,
): Promise<Place> {
  const root = roots.find(({ area }) => area === location.area);
  if (!root) throw outside(reference);
  const { real, missing, blocked } = await resolveLinks(join(root.real, ...location.segments), reference);
  const host = join(real, ...missing);
  const within = locationOf(roots, host, 'real');
  if (!within) throw outside(reference, 'It leads out of the storage.');
  // Again, for a link may lead to a hidden name.
  const checked = locate(within.area, within.segments, reference);
  if (blocked) return { location: checked, host, kind: 'blocked' };
  if (missing.length > 0) return { location: checked, host, kind: 'missing' };
  const stats = await lstat(host);
  if (!stats.isFile() && !stats.isDirectory()) throw outside(reference, 'It is neither a file nor a folder.');
  return { location: checked, host, kind: stats.isFile() ? 'file' : 'directory' };
}

/** The location a host path has by its text; the deepest root wins where one lies inside the other. */
export function locationOf(roots: readonly Root[], host: string, by: 'real' | 'configured'): Location | null {
  const deepestFirst = [...roots].sort((a, b) => b[by].length - a[by].length);
  for (const root of deepestFirst) {
    if (host === root[by]) return { area: root.area, segments: [] };
    if (host.startsWith(root[by].endsWith(sep) ? root[by] : root[by] + sep)) {
      return { area: root.area, segments: relative(root[by], host).split(sep) };
    }
  }
  return null;
}

async function resolveLinks(
  host: string,
  reference: string,
): Promise<{ real: string; missing: string[]; blocked: boolean }> {
  const missing: string[] = [];
  let blocked = false;
  for (let current = host; ; current = dirname(current)) {
    try {
      return { real: await realpath(current), missing, blocked };
    } catch (error) {
      if (hasCode(error, 'ELOOP')) throw outside(reference, 'Its links go in a circle.');
      if (hasCode(error, 'ENOTDIR')) blocked = true;
      else if (!hasCode(error, 'ENOENT') || current === dirname(current)) throw error;
      else if (await isLink(current)) throw outside(reference, 'It is a link to nothing.');
    }
    missing.unshift(basename(current));
  }
}

async function isLink(host: string): Promise<boolean> {
  try {
    return (await lstat(host)).isSymbolicLink();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
