/**
 * From what a client asks for to a job in the queue: the one way in, for single jobs, batches, uploads and the
 * command line. Checked in this order, so that the first complaint is the most useful: task, params, paths,
 * name of the output.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from '../auth/caller.ts';
import { sees } from '../auth/caller.ts';
import type { FileOwners } from '../auth/files.ts';
import { MillError } from '../core/errors.ts';
import type { AnyJob } from '../core/job.ts';
import {
  defaultExtension,
  inputReferences,
  mapInputs,
  outputTarget,
  type Params,
  type Registry,
} from '../core/registry.ts';
import { type JobOrigin, type JobRecord, type NewJob, ON_PARENT_FAILURE, type Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';
import { checkWebhookUrl } from '../webhooks/url.ts';

const YEAR_MS = 366 * 24 * 3600 * 1000;
const WEEK_S = 7 * 24 * 3600;
const PATH_CHARACTERS = 4096;
/** Jobs of one batch: about the size at which one transaction stops getting cheaper per job. */
export const MAX_BATCH = 1000;

const path = z.string().max(PATH_CHARACTERS);

/** Options of a job beside its task, params and paths; the same wherever a job is handed in. */
export const jobOptions = {
  priority: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('0 (last) to 100 (first); default 50. Equals run in the order they came.'),
  delay_ms: z.int().min(0).max(YEAR_MS).optional().describe('Milliseconds before it may start; default 0.'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Most attempts, crashes and lost workers included; default from [queue] attempts.'),
  timeout_seconds: z
    .number()
    .min(1)
    .max(WEEK_S)
    .optional()
    .describe('Wall-clock limit of one attempt; default from [processing] timeout_seconds.'),
  depends_on: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe(
      'Ids of jobs that must finish first, in a batch also refs. Inputs below /data/output may then not exist yet.',
    ),
  on_parent_failure: z
    .enum(ON_PARENT_FAILURE)
    .optional()
    .describe(
      'When a job in depends_on fails, is canceled or removed: `wait` (default) until it is retried and finishes, or `fail` as well.',
    ),
  idempotency_key: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A second request with the same key answers with the first job.'),
  webhook_url: z
    .string()
    .max(2048)
    .optional()
    .describe(
      'http or https address that is told, signed, when the job has ended; default that of the API key.',
    ),
};

export const submissionSchema = z
  .strictObject({
    task: z.string().min(1).max(100).describe('Name of the task; GET /api/tasks lists them.'),
    input_path: path.nullish().describe('A file_id, /data/input/…, input/…, or an output of another job.'),
    output_path: path.nullish().describe('Default: /data/output/<uuid>_output with the fitting extension.'),
    params: z.record(z.string(), z.unknown()).nullish().describe('Parameters of the task; default none.'),
    ...jobOptions,
  })
  .meta({ id: 'Submission' });

export type Submission = z.output<typeof submissionSchema>;

/** A job of a batch. */
export const batchSubmissionSchema = submissionSchema
  .safeExtend({
    ref: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        'must be up to 64 letters, digits, dots, dashes or underscores',
      )
      .optional()
      .describe(
        'A name for this job, by which others of the batch can name it in depends_on. It is not kept.',
      ),
  })
  .meta({ id: 'BatchSubmission' });

type BatchSubmission = z.output<typeof batchSubmissionSchema>;

export interface SubmitPorts {
  registry: Registry;
  storage: Storage;
  queue: Pick<Queue, 'enqueue' | 'get'>;
  /** Most attempts of a job that does not say otherwise. */
  attempts: number;
  /** Private hosts and ranges that a webhook_url may lead to; default none. */
  webhookAllow?: readonly string[];
  /** Whose the jobs are, and what they may touch; default nobody's, and everything. */
  access?: { caller: Caller; files: FileOwners };
  /** Stored with the jobs; default nothing. */
  origin?: JobOrigin;
}

/** Checks and enqueues; all or none. `outputId` names a default output, and must be unique. */
export async function submitJobs(
  ports: SubmitPorts,
  submissions: BatchSubmission[],
  outputId?: string,
): Promise<JobRecord[]> {
  const jobs: NewJob[] = [];
  for (const [index, submission] of submissions.entries()) {
    try {
      jobs.push(await prepareJob(ports, submission, outputId));
    } catch (error) {
      throw submissions.length > 1 && error instanceof MillError ? ofBatch(error, index) : error;
    }
  }
  await checkParents(ports, jobs);
  await claimOutputs(ports, jobs);
  return ports.queue.enqueue(jobs);
}

/** A job of somebody else is no more there to wait for than one that never was. */
async function checkParents({ access, queue }: SubmitPorts, jobs: readonly NewJob[]): Promise<void> {
  if (!access || access.caller.admin) return;
  const refs = new Set(jobs.flatMap(({ ref }) => ref ?? []));
  const named = new Set(jobs.flatMap(({ depends_on = [] }) => depends_on).filter((id) => !refs.has(id)));
  for (const id of named) {
    const parent = await queue.get(id);
    if (parent && sees(access.caller, parent.owner)) continue;
    throw new MillError('invalid_request', `depends_on names job ${id}, which does not exist.`, {
      facts: { field: 'depends_on', job: id },
    });
  }
}

/** The places that the jobs will write become the caller's. */
export async function claimOutputs({ access }: SubmitPorts, jobs: readonly NewJob[]): Promise<void> {
  const outputs = jobs.flatMap(({ output_path }) => output_path ?? []);
  await access?.files.claim(access.caller, outputs);
}

/** The job as it will be stored, with canonical paths. Touches nothing. */
export async function prepareJob(
  ports: SubmitPorts,
  submission: BatchSubmission,
  outputId: string = randomUUID(),
): Promise<NewJob> {
  const { registry, storage } = ports;
  const { task, input_path, output_path, params: rawParams, ...options } = submission;
  const job = registry.get(task);
  const given = registry.check(task, rawParams ?? {});
  const mayComeLater = (options.depends_on?.length ?? 0) > 0;
  const input = await resolveInput(storage, job, input_path || null, mayComeLater);
  const { params, references } = await resolveParams(storage, job, given, mayComeLater);
  const output = await resolveOutput(storage, job, output_path || null, { input, params, id: outputId });
  if (output && [input, ...references].includes(output)) {
    throw new MillError('output_exists', `The output would replace the input "${output}".`, {
      facts: { path: output },
    });
  }
  if (options.webhook_url) checkWebhookUrl(options.webhook_url, ports.webhookAllow ?? []);
  const webhook = options.webhook_url ?? ports.access?.caller.webhookUrl;
  await checkAccess(ports, { input, asked: input_path ?? '', references, output });
  const known = input === null ? null : await storage.stat(input);
  return {
    task,
    input_path: input,
    output_path: output,
    params,
    ...options,
    input_name: input === null ? null : ((await storage.originalName?.(input)) ?? null),
    input_size_bytes: known?.kind === 'file' ? known.size_bytes : null,
    ...(webhook && { webhook_url: webhook }),
    ...(ports.access?.caller.owner && { owner: ports.access.caller.owner }),
    attempts: options.attempts ?? ports.attempts,
    ...(ports.origin && { origin: ports.origin }),
  };
}

interface CheckedPaths {
  input: string | null;
  /** How the caller named the input. */
  asked: string;
  references: string[];
  output: string | null;
}

/** What is somebody else's can neither be read nor replaced. */
async function checkAccess(
  { access, storage }: SubmitPorts,
  { input, asked, references, output }: CheckedPaths,
): Promise<void> {
  if (!access || access.caller.admin) return;
  const inputs = input === null ? references : [input, ...references];
  for (const path of inputs) await access.files.mustRead(access.caller, path, path === input ? asked : path);
  if (output === null) return;
  await access.files.mustWrite(access.caller, output, (await storage.stat(output)) !== null);
}

async function resolveInput(
  storage: Storage,
  job: AnyJob,
  reference: string | null,
  mayComeLater: boolean,
): Promise<string | null> {
  const { kind } = job.input;
  // Callers that fill in every field of a job give one here too; it means nothing.
  if (kind === 'none') return null;
  if (reference === null) {
    if (job.input.optional) return null;
    throw new MillError('input_required', `${job.name} needs an input_path.`, {
      facts: { field: 'input_path' },
    });
  }
  const found = await resolveRead(storage, reference, mayComeLater);
  if (kind !== 'file_or_directory' && (await storage.stat(found))?.kind === 'directory') {
    throw new MillError('invalid_request', `"${found}" is a folder; ${job.name} needs a file.`, {
      facts: { field: 'input_path' },
    });
  }
  return found;
}

/** An input; one that an earlier job of the chain has yet to write need not be there. */
async function resolveRead(storage: Storage, reference: string, mayComeLater: boolean): Promise<string> {
  try {
    return await storage.resolve(reference, 'read');
  } catch (error) {
    if (!mayComeLater || !(error instanceof MillError) || error.code !== 'input_not_found') throw error;
    const later = await storage.resolve(reference, 'write').catch(() => null);
    if (later?.startsWith('/data/output/')) return later;
    throw error;
  }
}

async function resolveParams(
  storage: Storage,
  job: AnyJob,
  params: Params,
  mayComeLater: boolean,
): Promise<{ params: Params; references: string[] }> {
  const canonical = new Map<string, string>();
  for (const reference of inputReferences(job, params)) {
    canonical.set(reference, await resolveRead(storage, reference, mayComeLater));
  }
  return {
    params: mapInputs(job, params, (reference) => canonical.get(reference) ?? reference),
    references: [...canonical.values()],
  };
}

async function resolveOutput(
  storage: Storage,
  job: AnyJob,
  reference: string | null,
  { input, params, id }: { input: string | null; params: Params; id: string },
): Promise<string | null> {
  const { kind } = job.output;
  if (kind === 'none') {
    if (reference === null) return null;
    throw new MillError('invalid_request', `${job.name} writes no output.`, {
      facts: { field: 'output_path' },
    });
  }
  const extension = kind === 'file' ? defaultExtension(job, input, params) : '';
  const output = await storage.resolve(reference ?? `/data/output/${id}_output${extension}`, 'write');
  outputTarget(job, output);
  const standing = await storage.stat(output);
  if (standing && standing.kind !== kind) {
    throw new MillError(
      'output_exists',
      standing.kind === 'directory'
        ? `"${output}" is a folder; ${job.name} writes a file.`
        : `"${output}" is a file; ${job.name} writes a folder.`,
      { facts: { path: output } },
    );
  }
  return output;
}

function ofBatch(error: MillError, index: number): MillError {
  return new MillError(error.code, `jobs[${index}]: ${error.message}`, {
    facts: { ...error.facts, index },
    cause: error,
  });
}
