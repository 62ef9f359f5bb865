/** One job here and now, on the caller's own files: no queue, no storage. */
import { mkdtemp, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { MillError, toMillError } from '../core/errors.ts';
import type { AnyJob, Errand } from '../core/job.ts';
import {
  defaultExtension,
  inputReferences,
  mapInputs,
  outputTarget,
  type Params,
  type Registry,
} from '../core/registry.ts';
import type { JobResult } from '../queue/port.ts';
import type { Cage } from './cage.ts';
import { type ChildHost, createChildHost } from './child-host.ts';
import { mediaTypeOf } from './media-types.ts';
import { type HostSeat, shareHost } from './share-host.ts';
import type { RunOptions } from './supervise-order.ts';

export interface RunOnceOptions extends Partial<RunOptions> {
  registry: Registry;
  task: string;
  /** Default: none given. References to files are paths like `input`. */
  params?: Params;
  /** Any path, absolute or relative to the working directory; null for tasks that take none. */
  input: string | null;
  /**
   * Any path whose folder exists. A file that is there is replaced, a folder must be empty. Null: only the
   * result is wanted, and the output is thrown away.
   */
  output: string | null;
  /** CPU threads to count on; default all. */
  threads?: number;
  /** Hosts and CIDR ranges that may be contacted although they are private; default none. */
  network?: { allow: string[] };
  /** Default: a host of its own, ended afterwards. */
  host?: Pick<ChildHost, 'run'>;
  /** Tells it from others on the same host; default the name of the task. */
  id?: string;
  /** What the child of its own is kept from; default nothing. */
  cage?: Cage | null;
  /** URL of the module that the child takes its jobs from; default the generated registry. */
  registryModule?: string;
}

/** Hidden, and beside the output, so that publishing is a rename. */
const WORK_PREFIX = '.mediamill-';

/** Throws MillError. Nothing is left behind when it fails or is aborted. */
export async function runOnce(options: RunOnceOptions): Promise<JobResult> {
  const { registryModule, cage = null } = options;
  if (options.host) return await runOn(options.host, options);
  const host = createChildHost({ registryModule, cage });
  try {
    return await runOn(host, options);
  } finally {
    await host.close();
  }
}

async function runOn(host: Pick<ChildHost, 'run'>, options: RunOnceOptions): Promise<JobResult> {
  const started = performance.now();
  const { registry, task, params = {}, threads = availableParallelism(), network = { allow: [] } } = options;
  const job = registry.get(task);
  registry.check(task, params);
  if (job.queueOnly) throw needsQueue(task);
  if (job.input.kind !== 'none' && !job.input.optional && options.input === null)
    throw new MillError('input_required');
  const input = job.input.kind === 'none' ? null : options.input;
  const output = job.output.kind === 'none' ? null : options.output;
  const inputs = [...inputReferences(job, params), ...(input === null ? [] : [input])];
  const sizes = await Promise.all(inputs.map(sizeOf));
  const target = output === null ? null : await checkOutput(job, output, inputs);

  let work: string | null = null;
  try {
    work = await makeWork(target === null ? tmpdir() : dirname(target));
    const name = target === null ? task + defaultExtension(job, input, params) : basename(target);
    const order = {
      id: options.id ?? task,
      task,
      params: mapInputs(job, params, (path) => resolve(path)),
      input: input === null ? null : resolve(input),
      target: name,
      work,
      threads,
      network,
      ...(job.usesNetwork && { online: true }),
    };
    const { report, outputs, metrics } = await host.run(order, {
      ...options,
      timeoutMs: options.timeoutMs ?? Number.POSITIVE_INFINITY,
      memoryLimitBytes: options.memoryLimitBytes ?? Number.POSITIVE_INFINITY,
    });
    options.signal?.throwIfAborted();
    const published = target === null ? [] : outputs;
    if (target !== null) await rename(join(work, name), target);
    for (const errand of report.errands) await runErrandHere(errand, task, input);
    return {
      success: true,
      message: report.message,
      output_path: output,
      outputs: published.map((file) => ({ ...file, media_type: mediaTypeOf(file.name) })),
      metrics: {
        ...report.metrics,
        ...metrics,
        duration_ms: Math.round(performance.now() - started),
        input_size_bytes: sum(sizes),
        output_size_bytes: sum(published.map(({ size_bytes }) => size_bytes)),
      },
      data: report.data,
      warnings: report.warnings,
    };
  } catch (error) {
    throw options.signal?.aborted
      ? new MillError('canceled', undefined, { cause: error })
      : toMillError(error);
  } finally {
    if (work !== null) await rm(work, { recursive: true, force: true });
  }
}

/** Jobs that read the same file, which is read once for all of them. Each has its own end, as from {@link runOnce}. */
export function runOnceTogether(
  jobs: readonly Omit<RunOnceOptions, 'host' | 'id'>[],
  host: ChildHost,
): Promise<JobResult>[] {
  const seats = shareHost(host, jobs.length);
  return jobs.map(async (job, number) => {
    const seat = seats[number] as HostSeat;
    try {
      return await runOnce({ ...job, host: seat, id: `${number} ${job.task}` });
    } finally {
      seat.leave();
    }
  });
}

/** Throws `output_not_writable` or `disk_full`. */
async function makeWork(folder: string): Promise<string> {
  try {
    return await mkdtemp(join(folder, WORK_PREFIX));
  } catch (error) {
    const failure = toMillError(error);
    if (failure.code === 'disk_full') throw failure;
    throw new MillError('output_not_writable', `Nothing can be written into "${folder}".`, { cause: error });
  }
}

/** Without a queue there are no other jobs to start, to tell, or to ask. */
async function runErrandHere({ kind }: Errand, task: string, input: string | null): Promise<void> {
  if (kind === 'purge_input' && input !== null) return await rm(input);
  throw needsQueue(task);
}

function needsQueue(task: string): MillError {
  return new MillError(
    'invalid_request',
    `${task} needs a queue. Start the server and use \`mediamill enqueue ${task}\`.`,
  );
}

/** Bytes of a file, or of all files in a folder. Throws `input_not_found`. */
async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => null);
  if (!stats) throw new MillError('input_not_found', `There is no file "${path}".`);
  if (!stats.isDirectory()) return stats.size;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return sum(
    await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size)),
  );
}

/** Absolute path to rename to, links resolved. Throws `unsupported_output`, `output_exists`, `output_not_writable`. */
async function checkOutput(job: AnyJob, output: string, inputs: string[]): Promise<string> {
  const path = resolve(output);
  outputTarget(job, path);
  const folder = await realpath(dirname(path)).catch(() => null);
  if (folder === null) {
    throw new MillError(
      'output_not_writable',
      `There is no folder "${dirname(path)}" to write the output into.`,
    );
  }
  const target = await realpath(path).catch(() => join(folder, basename(path)));
  for (const input of inputs) {
    const source = await realpath(input);
    if (source === target)
      throw new MillError('output_exists', `The output "${output}" would replace the input.`);
    if (target.startsWith(source + sep)) {
      throw new MillError('invalid_request', `The output "${output}" would lie inside the input.`);
    }
  }
  const present = await stat(target).catch(() => null);
  if (!present || (job.output.kind === 'file' && present.isFile())) return target;
  const mayReplace = job.output.kind === 'directory' && present.isDirectory();
  if (mayReplace && (await readdir(target)).length === 0) return target;
  const what = mayReplace
    ? 'a folder with files in it'
    : present.isDirectory()
      ? 'a folder'
      : 'no ordinary file';
  throw new MillError('output_exists', `"${output}" is there already, and is ${what}.`);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
