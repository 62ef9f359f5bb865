/** What a piece of work costs: wall clock, and CPU and peak memory where the system tells them. */
import { spawn } from 'node:child_process';
import { MillError } from '../core/errors.ts';
import { endedChildrenCpu, forgetPeak, gone, watchTree } from './process-tree.ts';

export interface Cost {
  wall_s: number;
  /** User and system time; null where it cannot be told. */
  cpu_s: number | null;
  /** Most resident memory at a time of the process and all below it; null where it cannot be told. */
  peak_bytes: number | null;
}

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
  return {
    cost: inSequence(all.map(({ cost }) => cost)),
    stdout: Buffer.concat(all.map(({ stdout }) => stdout)),
    stderr: all.map(({ stderr }) => stderr).join(''),
  };
}

/** Time and CPU add up; of the memory the most counts. */
function inSequence(costs: readonly Cost[]): Cost {
  const known = (field: 'cpu_s' | 'peak_bytes') => {
    const values = costs.map((cost) => cost[field]);
    return values.every((value) => value !== null) ? values : null;
  };
  const peaks = known('peak_bytes');
  const cpus = known('cpu_s');
  return {
    wall_s: sum(costs.map((cost) => cost.wall_s)),
    cpu_s: cpus && sum(cpus),
    peak_bytes: peaks && Math.max(...peaks),
  };
}

async function runCommand([file = '', ...args]: string[], signal: AbortSignal): Promise<Finished> {
  const cpuBefore = endedChildrenCpu();
  const started = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data) => stdout.push(data));
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const used = watchTree(child.pid ?? null);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  }).finally(used);
  const wall_s = (performance.now() - started) / 1000;
  // Of a process that has ended the system knows better than any look at it.
  const cpuAfter = endedChildrenCpu();
  if (code !== 0) {
    throw new MillError('internal', `${file} ended with ${code}: ${stderr.slice(-STDERR_CHARACTERS)}`);
  }
  return {
    cost: {
      wall_s,
      cpu_s: cpuAfter === null || cpuBefore === null ? null : cpuAfter - cpuBefore,
      peak_bytes: used().peak_bytes,
    },
    stdout: Buffer.concat(stdout),
    stderr,
  };
}

/** The cost of work in a process that was there before. It may end with the work. */
export async function costOf(pid: () => number | null, work: () => Promise<unknown>): Promise<Cost> {
  const worker = pid();
  if (worker !== null) forgetPeak(worker);
  const used = watchTree(worker);
  const started = performance.now();
  try {
    await work();
    return { wall_s: (performance.now() - started) / 1000, ...used() };
  } finally {
    used();
    if (worker !== null && pid() !== worker) await gone(worker);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
