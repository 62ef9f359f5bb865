/** CPU and memory of a process and everything below it, from Linux's /proc (proc(5)). Elsewhere nothing is known. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TreeUse {
  /** User and system time since the watch began, ended children that were waited for included. */
  cpu_s: number | null;
  /** Most resident memory at a time, summed over the processes; what they share counts for each of them. */
  peak_bytes: number | null;
}

/** USER_HZ: /proc counts CPU time in hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** The kernel keeps the peak of each process; between two looks only the sum of several can be missed. */
const LOOK_EVERY_MS = 20;
/** Who belongs to the tree is looked up every so many looks: it costs more, and it changes seldom. */
const FAMILY_EVERY = 5;
/** A process that was asked to end and does not holds nobody up for longer. */
const LONGEST_END_MS = 5000;

/** Begins to watch; the answer ends it and tells what was used until then, also when the process is gone by now. */
export function watchTree(pid: number | null): () => TreeUse {
  if (pid === null) return () => ({ cpu_s: null, peak_bytes: null });
  const before = cpuOf(pid);
  const peaks = new Map<number, number>();
  let family = [pid];
  let looks = 0;
  let most = 0;
  let cpu: number | null = null;
  const look = () => {
    if (looks++ % FAMILY_EVERY === 0) family = familyOf(pid);
    const memory = family.map((member) => ({ member, ...memoryOf(member) }));
    for (const { member, peak } of memory) peaks.set(member, Math.max(peaks.get(member) ?? 0, peak));
    most = Math.max(most, sum(memory.map(({ now }) => now)), ...peaks.values());
    cpu = cpuOf(pid) ?? cpu;
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return {
      cpu_s: before === null || cpu === null ? null : cpu - before,
      peak_bytes: most === 0 ? null : most,
    };
  };
}

/** CPU time of children of this process that have ended and were waited for, theirs included. */
export function endedChildrenCpu(): number | null {
  return cpuFields('self', ENDED_CHILDREN);
}

/** Resolves when the process is gone, so that its CPU time is not taken for that of the next. */
export async function gone(pid: number): Promise<void> {
  const started = performance.now();
  while (existsSync(`/proc/${pid}`) && performance.now() - started < LONGEST_END_MS) await sleep(5);
}

/** Sets the peak that the kernel keeps back to the present use. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that of the process's whole life: never too little.
  }
}

/** Resident memory of a process and everything below it at this moment. */
export function residentBytes(pid: number): number {
  return sum(familyOf(pid).map((member) => memoryOf(member).now));
}

/** CPU time so far of a process and everything below it, those that have ended included; 0 where it is not told. */
export function cpuSeconds(pid: number): number {
  return sum(familyOf(pid).map((member) => cpuOf(member) ?? 0));
}

/** Fields of /proc/…/stat behind the name: utime and stime; cutime and cstime. */
const OWN = [11, 12];
const ENDED_CHILDREN = [13, 14];

function cpuOf(pid: number): number | null {
  return cpuFields(String(pid), [...OWN, ...ENDED_CHILDREN]);
}

/** Fields are counted behind the name of the process, which may hold spaces and brackets. */
function cpuFields(pid: string, fields: readonly number[]): number | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return sum(fields.map((field) => Number(values[field]))) / TICKS_PER_SECOND;
}

/** The process and all below it. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      (readProc(`${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Zero for a process that is gone. */
function memoryOf(pid: number): { now: number; peak: number } {
  const status = readProc(`${pid}/status`) ?? '';
  return { now: bytesIn(status, /^VmRSS:\s+(\d+) kB/m), peak: bytesIn(status, /^VmHWM:\s+(\d+) kB/m) };
}

function bytesIn(status: string, pattern: RegExp): number {
  return Number(pattern.exec(status)?.[1] ?? 0) * 1024;
}

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return null;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
