/**
 * Memory that can still be used here: that of the machine, or what the control groups of this process leave. The page
 * cache counts as free in both, for the kernel gives it up: `process.availableMemory()` takes the cache of a container
 * for used memory, and a worker that copies files would soon believe that there is none.
 */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';

const GROUPS = '/sys/fs/cgroup';

/** Parts of memory.stat that the kernel gives up when memory is wanted. */
const RECLAIMABLE = ['inactive_file', 'active_file', 'slab_reclaimable'];

/** Bytes. */
export function availableMemory(): number {
  const machine = fieldKiB(readText('/proc/meminfo'), 'MemAvailable') ?? freemem();
  return Math.min(machine, ...groupFolders().map(leftIn));
}

/** The control group of this process and those around it; version 2, see the kernel's cgroup-v2 documentation. */
function groupFolders(): string[] {
  const own = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup'))?.[1];
  if (own === undefined) return [];
  const folders: string[] = [];
  for (let path = own; ; path = dirname(path)) {
    folders.push(join(GROUPS, path));
    if (path === '/') return folders;
  }
}

function leftIn(folder: string): number {
  const max = Number(readText(join(folder, 'memory.max')).trim() || Number.NaN);
  const current = Number(readText(join(folder, 'memory.current')).trim() || Number.NaN);
  if (!Number.isFinite(max) || !Number.isFinite(current)) return Number.POSITIVE_INFINITY;
  const stat = readText(join(folder, 'memory.stat'));
  const cache = RECLAIMABLE.reduce(
    (sum, name) => sum + Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0),
    0,
  );
  return Math.max(0, max - Math.max(0, current - cache));
}

function fieldKiB(text: string, name: string): number | null {
  const match = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text);
  return match ? Number(match[1]) * 1024 : null;
}

/** Empty where there is no such file: not Linux, or no control groups. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
