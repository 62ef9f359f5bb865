/**
 * Temporary names that say who made them, so that a later process can tell what a dead one left behind from
 * what a living one is writing.
 */
import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasCode } from './faults.ts';

/** Whatever nobody has touched for this long is left over, wherever it was made. */
const STALE_MS = 24 * 60 * 60 * 1000;
/** Clocks of file systems tick a little apart from ours. */
const CLOCK_SLACK_MS = 2000;

const OWNED = /^[0-9a-f-]{36}\.([0-9a-f]{12})\.(\d+)$/;

/** `<uuid>.<machine>.<pid>` */
export function ownedName(): string {
  return `${randomUUID()}.${machine()}.${process.pid}`;
}

/** Is this what a dead process, or an earlier one with our number, left behind? */
export function isLeftover(name: string, host: string): boolean {
  let changed: number;
  try {
    changed = lstatSync(host).mtimeMs;
  } catch {
    return false; // Gone meanwhile.
  }
  if (changed < Date.now() - STALE_MS) return true;
  const [, maker, pid] = OWNED.exec(name) ?? [];
  if (maker !== machine()) return false;
  if (Number(pid) === process.pid) return changed < performance.timeOrigin - CLOCK_SLACK_MS;
  return !isRunning(Number(pid));
}

/** Tells apart what has process numbers of its own: hosts and containers. */
function machine(): string {
  let space = '';
  try {
    space = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: the host name alone must do.
  }
  return createHash('sha256').update(`${hostname()} ${space}`).digest('hex').slice(0, 12);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
