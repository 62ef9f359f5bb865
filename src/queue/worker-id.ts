/**
 * Names of workers, `host:pid:place:birth:random`, made so that another process of the same place can tell
 * whether the worker's process still exists: a claim of a killed process need not wait for its lease.
 * - *place*: boot and process-id namespace (see this-host.ts); only ids of our own place are judged.
 * - *birth*: start time of the process in kernel ticks, base 36; tells a process from a later one with the
 *   same number. `-` where the system does not tell.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostName, placeName } from './this-host.ts';

const UNKNOWN = '-';

export interface WorkerIdentity {
  host: string;
  pid: number;
  /** Null when the worker could not know its place. */
  place: string | null;
  birth: string | null;
}

/** A new name for a worker in this process; every call gives another. */
export function workerId(): string {
  const birth = readProcess(process.pid)?.birth ?? UNKNOWN;
  return [hostName(), process.pid, placeName() ?? UNKNOWN, birth, randomBytes(3).toString('hex')].join(':');
}

/** Null for names that were not made by {@link workerId}. */
export function parseWorkerId(id: string): WorkerIdentity | null {
  const match = /^([A-Za-z0-9.-]+):(\d{1,10}):([0-9a-f]{8}|-):([0-9a-z]+|-):[0-9a-f]{6}$/.exec(id);
  if (!match) return null;
  const [, host, pid, place, birth] = match as unknown as [string, string, string, string, string];
  return {
    host,
    pid: Number(pid),
    place: place === UNKNOWN ? null : place,
    birth: birth === UNKNOWN ? null : birth,
  };
}

/** `gone` is only said with certainty; a worker elsewhere, or one we may not look at, is `unknown`. */
export type Liveness = 'alive' | 'gone' | 'unknown';

/** Does the process of this worker still exist? A stopped (SIGSTOP) process is alive. */
export function workerLiveness(id: string): Liveness {
  const worker = parseWorkerId(id);
  if (worker === null || worker.pid === 0 || worker.place === null || worker.place !== placeName()) {
    return 'unknown';
  }
  // Signal 0 sees processes that a /proc mounted with hidepid does not show.
  if (!processExists(worker.pid)) return 'gone';
  const found = readProcess(worker.pid);
  if (found === null || worker.birth === null) return 'unknown';
  return found.birth === worker.birth && !found.exited ? 'alive' : 'gone';
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** State and start time from `/proc/<pid>/stat`, see proc_pid_stat(5): fields 3 and 22. */
function readProcess(pid: number): { birth: string; exited: boolean } | null {
  if (process.platform !== 'linux') return null;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The program's name in field 2 may hold spaces and parentheses; the last one ends it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19]);
  if (!Number.isSafeInteger(ticks)) return null;
  // A zombie was killed and only waits for its parent to notice.
  return { birth: ticks.toString(36), exited: fields[0] === 'Z' || fields[0] === 'X' };
}
