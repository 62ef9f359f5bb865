/** Runs jobs for the corpus, one at a time, in the program's own warm child process. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Failure, toMillError } from '../../src/core/errors.ts';
import { createRegistry, defaultExtension, type Params, type Registry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { createChildHost } from '../../src/runner/child-host.ts';

const TIMEOUT_MS = 15 * 60 * 1000;
const MEMORY_LIMIT_BYTES = 2 * 1024 ** 3;

export type CallResult =
  | { ok: true; data: Record<string, unknown>; output: string; warnings: string[] }
  | { ok: false; failure: Failure; leftovers: string[] };

export interface Caller {
  readonly registry: Registry;
  /** Does the task exist, and does it take this parameter? */
  knows(task: string, parameter?: string): boolean;
  /**
   * Runs a job, or gives the result of the same call before. `extension` (with its dot) is that of the output; the
   * task's default for the input when absent.
   */
  call(task: string, input: string, params?: Params, extension?: string): Promise<CallResult>;
  /** Removes the outputs of all calls so far and forgets them. */
  forget(): void;
  close(): Promise<void>;
}

export function createCaller(): Caller {
  const registry = createRegistry(jobs);
  const host = createChildHost();
  const root = mkdtempSync(join(tmpdir(), 'mediamill-corpus-'));
  const done = new Map<string, Promise<CallResult>>();

  async function run(task: string, input: string, params: Params, extension?: string): Promise<CallResult> {
    const work = join(root, randomUUID());
    mkdirSync(work);
    const job = registry.get(task);
    const target = `${task}${job.output.kind === 'file' ? (extension ?? defaultExtension(job, input)) : ''}`;
    const order = { id: randomUUID(), task, params, input, target, work, network: { allow: [] } };
    try {
      const { report } = await host.run(
        { ...order, threads: availableParallelism() },
        { timeoutMs: TIMEOUT_MS, memoryLimitBytes: MEMORY_LIMIT_BYTES },
      );
      return { ok: true, data: report.data, output: join(work, target), warnings: report.warnings };
    } catch (error) {
      return { ok: false, failure: toMillError(error).toFailure(), leftovers: readdirSync(work) };
    }
  }

  return {
    registry,
    knows(task, parameter) {
      const job = registry.jobs.find(({ name }) => name === task);
      return job !== undefined && (parameter === undefined || parameter in job.params.shape);
    },
    call(task, input, params = {}, extension) {
      const key = JSON.stringify([task, input, params, extension]);
      const result = done.get(key) ?? run(task, input, params, extension);
      done.set(key, result);
      return result;
    },
    forget() {
      done.clear();
      for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
    },
    async close() {
      await host.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
