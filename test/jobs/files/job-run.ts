/** Runs one job on bytes as the runner would: a fresh work folder, params through the schema, progress kept. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type ErrorCode, MillError } from '../../../src/core/errors.ts';
import type { SourceFacts } from '../../../src/core/facts.ts';
import type { AnyFileJob, JobReport } from '../../../src/core/job.ts';
import type { Progress } from '../../../src/core/plan.ts';
import { createRegistry, outputTarget } from '../../../src/core/registry.ts';

export interface RunRequest {
  input?: string | null;
  /** Name of the output. */
  output: string;
  params?: Record<string, unknown>;
  allow?: string[];
  signal?: AbortSignal;
  probe?: (path: string) => Promise<SourceFacts>;
  onProgress?: (progress: Progress) => void;
}

export interface JobRun {
  report: JobReport;
  /** Path of what was written, if anything was. */
  output: string;
  progress: Progress[];
  logs: string[];
}

/** A folder that is removed after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mediamill-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function runJob(job: AnyFileJob, request: RunRequest): Promise<JobRun> {
  const work = await tempFolder();
  const params = createRegistry([job]).parse(job.name, request.params ?? {});
  const progress: Progress[] = [];
  const logs: string[] = [];
  const context = {
    input: request.input ?? null,
    target: outputTarget(job, request.output),
    work,
    signal: request.signal ?? new AbortController().signal,
    network: { allow: request.allow ?? [] },
    probe: request.probe ?? (() => Promise.reject(new MillError('unsupported_media'))),
    progress: (step: Progress) => {
      progress.push(step);
      request.onProgress?.(step);
    },
    log: (_level: string, text: string) => logs.push(text),
  };
  try {
    const report = await job.run(context, params);
    expect(await readdir(work)).toEqual((await readdir(work)).filter((name) => name === request.output));
    JSON.stringify([report.data, report.document]);
    return { report, output: join(work, request.output), progress, logs };
  } catch (error) {
    expect(await readdir(work), 'a failed job leaves nothing').toEqual([]);
    throw error;
  }
}

/** The failure of a job that must fail. */
export async function failureOf(work: Promise<unknown>, code: ErrorCode): Promise<MillError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  expect(error, `must fail with ${code}`).toBeInstanceOf(MillError);
  const failure = error as MillError;
  expect(failure.code, failure.message).toBe(code);
  expect(failure.message, 'no host paths').not.toMatch(/mediamill-test-/);
  return failure;
}

export async function randomFile(folder: string, name: string, size: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, randomBytes(size));
  return path;
}

export async function folderOf(files: Record<string, string | Buffer>): Promise<string> {
  const folder = join(await tempFolder(), 'folder');
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
  }
  return folder;
}

export async function sameBytes(a: string, b: string): Promise<boolean> {
  return (await readFile(a)).equals(await readFile(b));
}
