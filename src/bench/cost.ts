/**
 * What a piece of work costs: wall clock, CPU and peak memory of a process and everything below it, from Linux's
 * /proc (proc(5)). On other systems only the wall clock is known.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { MillError } from '../core/errors.ts';

export interface Cost {
  wall_s: number;
  /** User and system time; null where it cannot be told. */
  cpu_s: number | null;
  /** Most resident memory at a time, summed over the processes; null where it cannot be told. */
  peak_bytes: number | null;
}

/** USER_HZ: /proc counts CPU time in hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Resident memory rises by steps of whole pictures; what comes and goes within this is missed. */
const SAMPLE_EVERY_MS = 10;
/** Of what a command said, the end tells why it failed. */
const STDERR_CHARACTERS = 4000;

export interface Finished {
  cost: Cost;
  stdout: Buffer;
  stderr: string;
}

/** Runs commands one after another and sums what they cost. Throws when one fails. */
export async function runCommands(commands: readonly string[][], signal: AbortSignal): Promise<Finished> {
  const all: Finished[] = [];
  for (const command of commands) all.push(await runCommand(command, signal));
  const costs = all.map(({ cost }) => cost);
  return {
    cost: {
      wall_s: sum(costs.map((cost) => cost.wall_s)),
      cpu_s: sumKnown(costs.map((cost) => cost.cpu_s)),
      peak_bytes: costs.some(({ peak_bytes: peak }) => peak === null)
        ? null
        : Math.max(...costs.map(({ peak_bytes: peak }) => peak ?? 0)),
    },
    stdout: Buffer.concat(all.map(({ stdout }) => stdout)),
    stderr: all.map(({ stderr }) => stderr).join(''),
  };
}

async function runCommand([file = '', ...args]: string[], signal: AbortSignal): Promise<Finished> {
  const cpuBefore = childrenCpu();
  const started = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data) => stdout.push(data));
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const peak = watchTree(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const wall_s = (performance.now() - started) / 1000;
  const cpuAfter = childrenCpu();
  const peak_bytes = peak();
  if (code !== 0) {
    throw new MillError('internal', `${file} ended with ${code}: ${stderr.slice(-STDERR_CHARACTERS)}`);
  }
  return {
    cost: {
      wall_s,
      cpu_s: cpuAfter === null || cpuBefore === null ? null : cpuAfter - cpuBefore,
      peak_bytes,
    },
    stdout: Buffer.concat(stdout),
    stderr,
  };
}

/** The cost of work that a process which goes on living does. */
export async function costOf(pid: () => number | null, work: () => Promise<unknown>): Promise<Cost> {
  const process = pid();
  const cpuBefore = process === null ? null : cpuOf(process);
  if (process !== null) forgetPeak(process);
  const started = performance.now();
  await work();
  const wall_s = (performance.now() - started) / 1000;
  const same = process !== null && pid() === process;
  const cpuAfter = same ? cpuOf(process) : null;
  return {
    wall_s,
    cpu_s: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
    peak_bytes: same ? statusBytes(process, 'VmHWM') : null,
  };
}

/** CPU time of children that have ended and were waited for, theirs included: cutime and cstime of proc(5). */
function childrenCpu(): number | null {
  return cpuFields('self', 13, 14);
}

function cpuOf(pid: number): number | null {
  return cpuFields(String(pid), 11, 12);
}

/** Fields are counted behind the name of the process, which may hold spaces and brackets. */
function cpuFields(pid: string, ...fields: number[]): number | null {
  const stat = readProc(`${pid}/stat`);
  if (stat === null) return null;
  const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return sum(fields.map((field) => Number(values[field]))) / TICKS_PER_SECOND;
}

/** Begins to watch; the answer ends it and gives the peak. */
function watchTree(child: ChildProcess): () => number | null {
  let peak: number | null = null;
  const look = () => {
    if (child.pid === undefined) return;
    const now = treeBytes(child.pid);
    if (now > 0) peak = Math.max(peak ?? 0, now);
  };
  const timer = setInterval(look, SAMPLE_EVERY_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

function treeBytes(pid: number): number {
  const own = statusBytes(pid, 'VmRSS') ?? 0;
  return own + sum(childrenOf(pid).map(treeBytes));
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

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number | null {
  const kib = readProc(`${pid}/status`)?.match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** Sets VmHWM back to the present use. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Then the peak is that of the process's whole life: never too little.
  }
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

function sumKnown(values: readonly (number | null)[]): number | null {
  return values.some((value) => value === null) ? null : sum(values as number[]);
}
