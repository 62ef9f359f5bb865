/** What is measured of a server, one figure a function. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, familyOf, residentBytes } from '../../src/bench/process-tree.ts';
import { percentile } from '../queue/figures.ts';
import type { Program } from './program.ts';

export interface Latency {
  path: string;
  requests: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
}

export interface Memory {
  /** Of the server and all below it; what they share counts for each. */
  rss_bytes: number;
  /** Shared memory counted once; null where the system does not tell. */
  pss_bytes: number | null;
  processes: number;
}

export interface Rate {
  jobs: number;
  per_second: number;
  /** Of the server and its job processes together. */
  cpu_ms_per_job: number;
}

const PROBE = 'probe_media_file';
/** Longer than any of them: the encoders must not run dry while the server is asked. */
const ENCODER_JOBS = 200;
/** Between two requests, so that the server is asked, not flooded. */
const PAUSE_MS = 10;
const SETTLE_MS = 5000;

/** Seconds from the start of the program to the end of the first job that it was given. */
export async function firstJob(program: Program): Promise<number> {
  await program.enqueue(PROBE, {}, '.json', 1);
  await program.finished(PROBE, 1);
  return (performance.now() - program.started) / 1000;
}

/** With a job process for each worker there and nothing to do. */
export async function idleMemory(program: Program, workers: number): Promise<Memory> {
  const before = (await program.counts(PROBE)).finished ?? 0;
  const jobs = workers * 10;
  await program.enqueue(PROBE, {}, '.json', jobs);
  await program.finished(PROBE, before + jobs);
  await sleep(SETTLE_MS);
  const family = familyOf(program.pid);
  const shares = family.map(proportionalBytes);
  return {
    rss_bytes: residentBytes(program.pid),
    pss_bytes: shares.every((share) => share !== null) ? shares.reduce((all, one) => all + one, 0) : null,
    processes: family.length,
  };
}

/** From the first request to the end of the last job. */
export async function probes(program: Program, jobs: number): Promise<Rate> {
  const before = (await program.counts(PROBE)).finished ?? 0;
  const cpu = cpuSeconds(program.pid);
  const started = performance.now();
  await program.enqueue(PROBE, {}, '.json', jobs);
  await program.finished(PROBE, before + jobs);
  return {
    jobs,
    per_second: jobs / ((performance.now() - started) / 1000),
    cpu_ms_per_job: (1000 * (cpuSeconds(program.pid) - cpu)) / jobs,
  };
}

/** While every worker encodes; one request at a time, the paths in turn. */
export async function latencies(
  program: Program,
  paths: readonly string[],
  requests: number,
  workers: number,
): Promise<Latency[]> {
  const encoder = 'transcode_h264_to_h265';
  await program.enqueue(encoder, { preset: 'slow' }, '.mp4', ENCODER_JOBS);
  while (((await program.counts(encoder)).started ?? 0) < workers) await sleep(50);
  await sleep(SETTLE_MS / 2);
  const times = new Map(paths.map((path) => [path, [] as number[]]));
  for (let request = 0; request < requests; request += 1) {
    for (const [path, taken] of times) {
      const started = performance.now();
      await program.get(path);
      taken.push(performance.now() - started);
      await sleep(PAUSE_MS);
    }
  }
  const { started = 0, queued = 0, failed = 0 } = await program.counts(encoder);
  if (queued === 0 || started < workers || failed > 0)
    throw new TypeError(`the workers were not busy throughout: ${started} at work, ${failed} failed`);
  return [...times].map(([path, taken]) => ({
    path,
    requests,
    p50_ms: percentile(taken, 0.5),
    p99_ms: percentile(taken, 0.99),
    max_ms: Math.max(...taken),
  }));
}

function proportionalBytes(pid: number): number | null {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
  } catch {
    return null;
  }
}
