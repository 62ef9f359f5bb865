/** Runs a job as the runner's child process would, but in this process: probe, plan, execute, report. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type ErrorCode, type Failure, toMillError } from '../../src/core/errors.ts';
import type { Progress } from '../../src/core/plan.ts';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { executeOrder } from '../../src/runner/execute-order.ts';
import type { Outcome } from '../../src/runner/protocol.ts';

export interface JobRequest {
  /** Path of the source; null for jobs without one. */
  input?: string | null;
  /** Name of the file or folder to make, such as `out.mp4`. */
  target: string;
  params?: Record<string, unknown>;
  /** CPU threads; 2 when absent. */
  threads?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface JobRun {
  report: Outcome['report'];
  /** Path of the target: the file, or the folder of a job that makes several. */
  output: string;
  /** Paths of all files it made, in the order of their names. */
  outputs: string[];
  /** The work folder, removed after the test. */
  folder: string;
  progress: Progress[];
}

const registry = createRegistry(jobs);
let orders = 0;

/** A folder that is removed after the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mill-job-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function runJob(task: string, request: JobRequest): Promise<JobRun> {
  return await runIn(await testFolder(), task, request);
}

/** As `runJob`, in a folder of the caller's. */
export async function runIn(work: string, task: string, request: JobRequest): Promise<JobRun> {
  const { input = null, target, params = {}, threads = 2, signal } = request;
  const progress: Progress[] = [];
  orders += 1;
  const outcome = await executeOrder(
    { id: `order-${orders}`, task, params, input, target, work, threads, network: { allow: [] } },
    {
      registry,
      loadEngine: () => import('../../src/engine/index.ts'),
      signal: signal ?? new AbortController().signal,
      progress(step) {
        progress.push(step);
        request.onProgress?.(step);
      },
      log() {},
    },
  );
  const output = join(work, target);
  const outputs = outcome.outputs.map(({ name }) => (name === target ? output : join(output, name)));
  return { report: outcome.report, output, outputs, folder: work, progress };
}

/** The failure of a job that must fail, with this code when one is given. */
export async function failJob(task: string, request: JobRequest, code?: ErrorCode): Promise<Failure> {
  const folder = await testFolder();
  const error = await runIn(folder, task, request).then(
    () => null,
    (reason: unknown) => toMillError(reason),
  );
  if (!error) throw new Error(`${task} must fail${code ? ` with ${code}` : ''}, and it did not`);
  const failure = error.toFailure();
  if (code) expect(failure.code, failure.detail).toBe(code);
  expect(failure.detail, "host paths are nobody's business").not.toContain(tmpdir());
  return failure;
}

/** The JSON that a job wrote as its output. */
export async function readJson<T = Record<string, unknown>>({ output }: JobRun): Promise<T> {
  return JSON.parse(await readFile(output, 'utf8')) as T;
}
