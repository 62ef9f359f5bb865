/**
 * What the API answers: documented here, checked on the way out. Loose objects, so that a new field of a port
 * arrives at the client before it is described.
 */
import { z } from 'zod';
import { ERRORS, type ErrorCode, type Failure } from '../core/errors.ts';
import { JOB_GROUPS } from '../core/job.ts';
import { type JobPlan, READINGS } from '../core/job-plan.ts';
import type { Progress } from '../core/plan.ts';
import type { TaskDescription } from '../core/registry.ts';
import {
  JOB_STATUSES,
  type JobRecord,
  type JobResult,
  type JobRun,
  ON_PARENT_FAILURE,
  type PauseState,
  type TimelineEntry,
  type WorkerInfo,
} from '../queue/port.ts';

const time = z.string().meta({ format: 'date-time' });
const status = z.enum(JOB_STATUSES);
const code = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

export const problemSchema = z
  .looseObject({
    type: z.string().describe('A URN that names the kind of problem.'),
    title: z.string(),
    status: z.int(),
    code: code.describe('From the table of errors; never reused for another meaning.'),
    detail: z.string().describe('What happened this time.'),
    next: z.string().describe('What to do about it.'),
    error: z.string().describe('The same as detail.'),
  })
  .meta({ id: 'Problem' });

/** Answers of any route that fails. */
export const failures = {
  '4xx': {
    description: 'The request cannot be served',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
  '5xx': {
    description: 'The server failed',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
};

export const failureSchema: z.ZodType<Failure> = z
  .looseObject({
    code,
    title: z.string(),
    detail: z.string(),
    next: z.string(),
    retryable: z.boolean(),
    facts: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Of a source that breaks off: at_s, announced_s, found_s, announced_frames, found_frames, stream. attempts_same_place: attempts that ended like this one.',
      ),
    log: z.array(z.string()).optional().describe("FFmpeg's last lines, or those of the job's process."),
    suggestions: z
      .array(
        z.looseObject({
          title: z.string(),
          reason: z.string(),
          kind: z
            .enum(['retry', 'retry_with', 'run_task', 'open'])
            .describe(
              '`retry_with`: again with these params, output_path and timeout_seconds. `run_task`: that task on the same source. `open`: what only a person can do.',
            ),
          target: z
            .enum(['upload', 'task', 'params', 'system', 'job'])
            .optional()
            .describe('What `open` opens.'),
          task: z.string().optional(),
          params: z.record(z.string(), z.unknown()).optional(),
          output_path: z.string().optional().describe('Empty: let the program name it.'),
          timeout_seconds: z.number().optional(),
          primary: z.boolean().describe('The one to try first; at most one is.'),
        }),
      )
      .optional()
      .describe('Ways out, best first.'),
  })
  .meta({ id: 'Failure' });

const progress: z.ZodType<Progress> = z
  .looseObject({
    percent: z.number().nullable().describe('0 to 100; null while the total is unknown.'),
    stage: z.string().optional(),
    fps: z.number().optional(),
    speed: z.number().optional().describe('Media seconds per second.'),
    eta_seconds: z.number().optional(),
    bytes_done: z.number().optional(),
  })
  .meta({ id: 'Progress' });

export const jobPlanSchema: z.ZodType<JobPlan> = z
  .looseObject({
    source_kind: z.enum(['video', 'audio', 'image', 'other']).nullable(),
    source: z.string().nullable().describe('Such as `1:05 · H.264 1920×1080 · 25 fps · AAC stereo`.'),
    duration_s: z.number().nullable(),
    reads: z.enum(READINGS).describe('How much of the source is touched; `file` for tasks on bytes.'),
    steps: z.array(
      z.looseObject({
        kind: z.string().describe('Such as video, audio, copy, images, loudness.'),
        stream: z.number().nullable(),
        from: z.string().nullable().describe('Codec in the source.'),
        to: z.string().nullable().describe('Encoder or format.'),
        detail: z.string().nullable(),
      }),
    ),
  })
  .describe('How the last attempt goes about it; null until that is known.')
  .meta({ id: 'JobPlan' });

const outputFile = z.object({ name: z.string(), size_bytes: z.number(), media_type: z.string() });

const result: z.ZodType<JobResult> = z
  .looseObject({
    success: z.literal(true),
    message: z.string(),
    output_path: z.string().nullable(),
    outputs: z.array(outputFile),
    metrics: z
      .looseObject({
        duration_ms: z.number(),
        input_size_bytes: z.number(),
        output_size_bytes: z.number(),
      })
      .catchall(z.number())
      .describe('With further numbers of the task.') as z.ZodType<JobResult['metrics']>,
    data: z.record(z.string(), z.unknown()).describe("The task's own result."),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'JobResult' });

const timelineEntry: z.ZodType<TimelineEntry> = z.looseObject({
  at: time,
  event: z.string() as unknown as z.ZodType<TimelineEntry['event']>,
  attempt: z.number().optional(),
  worker: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional().describe('Of the failure that ended the attempt or the job.'),
  by: z.enum(['api', 'cli', 'page']).optional().describe('Who asked for it.'),
});

const jobRun: z.ZodType<JobRun> = z
  .looseObject({
    id: z.string().describe('The same for all steps of the run; GET /api/jobs?run= lists them.'),
    recipe: z
      .string()
      .nullable()
      .describe('Name of the recipe and its version, as web-video@3; null for one that was given inline.'),
    step: z.string().describe('Id of the step in the recipe.'),
    pass: z
      .string()
      .nullable()
      .describe('Steps of a run with the same pass read the source together; null for one that goes alone.'),
  })
  .describe('The run of a recipe that the job is a step of; null when it is none.')
  .meta({ id: 'JobRun' });

export const jobSchema: z.ZodType<JobRecord> = z
  .looseObject({
    id: z.string(),
    status,
    task: z.string(),
    input_path: z.string().nullable(),
    output_path: z.string().nullable(),
    params: z.record(z.string(), z.unknown()),
    priority: z.number(),
    attempts: z.number().describe('Attempts begun.'),
    max_attempts: z.number(),
    timeout_seconds: z.number().nullable(),
    depends_on: z.array(z.string()),
    on_parent_failure: z.enum(ON_PARENT_FAILURE),
    idempotency_key: z.string().nullable(),
    chain_depth: z.number().describe('How many jobs started one another before this one.'),
    owner: z.string().nullable().describe('Id of the API key that handed it in.'),
    webhook_url: z.string().nullable().describe('Told when the job has ended.'),
    created_at: time,
    enqueued_at: time.nullable(),
    scheduled_at: time.nullable(),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    worker: z.string().nullable(),
    cancel_requested: z.boolean(),
    reported_metrics: z.record(z.string(), z.number()).describe('Numbers stored by report_metrics.'),
    run: jobRun.nullable(),
    input_name: z.string().nullable().describe('What the client called the input. Text, never a path.'),
    input_size_bytes: z.number().nullable().describe('Of all inputs; null until they are known.'),
    plan: jobPlanSchema.nullable(),
    progress: progress.nullable(),
    result: result.nullable(),
    error: failureSchema.nullable(),
    timeline: z.array(timelineEntry),
  })
  .meta({ id: 'Job' });

export const countsSchema = z.record(status, z.number()).meta({ id: 'Counts' });

export const acceptedSchema = z.object({ job_id: z.string(), status }).meta({ id: 'Accepted' });

export const uploadSchema = z
  .object({
    file_id: z.string(),
    filename: z.string().describe('Generated; the extension comes from the content.'),
    path: z.string(),
    size_bytes: z.number(),
    sha256: z.string(),
    original_name: z
      .string()
      .nullish()
      .describe('What the client called it, without folders and control characters. Text, never a path.'),
  })
  .meta({ id: 'Upload' });

const task: z.ZodType<TaskDescription> = z
  .looseObject({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    params: z.record(z.string(), z.unknown()).describe('JSON Schema.'),
    input: z.looseObject({ kind: z.enum(['media', 'file', 'file_or_directory', 'none']) }),
    output: z.looseObject({ kind: z.enum(['file', 'directory', 'none']), extensions: z.array(z.string()) }),
    example: z.looseObject({
      params: z.record(z.string(), z.unknown()),
      result: z.record(z.string(), z.unknown()).optional().describe('Data of the result, long lists cut.'),
    }),
  })
  .meta({ id: 'Task' });

export const tasksSchema = z.record(z.enum(JOB_GROUPS), z.array(task));

export const logLineSchema = z
  .object({
    seq: z.number(),
    at: time,
    level: z.string(),
    text: z.string(),
    attempt: z.number(),
  })
  .meta({ id: 'LogLine' });

export const workerSchema: z.ZodType<WorkerInfo> = z
  .looseObject({
    id: z.string(),
    host: z.string(),
    pid: z.number(),
    started_at: time,
    jobs: z.array(z.string()),
    concurrency: z.number(),
    busy: z
      .number()
      .optional()
      .describe('Of these places, how many are taken; jobs that share a read take one together.'),
    state: z.enum(['running', 'draining', 'paused']),
    detail: z
      .string()
      .optional()
      .describe('Why it is paused, or what it waits for before it takes the next job.'),
    memory_bytes: z.number().optional().describe('Resident memory of the worker and its job processes.'),
    failed_in_a_row: z
      .number()
      .optional()
      .describe('Jobs one after the other that failed for reasons that point at its machine.'),
    current: z
      .array(z.looseObject({ id: z.string(), task: z.string(), attempt: z.number(), started_at: time }))
      .optional()
      .describe('The jobs it runs now.'),
  })
  .meta({ id: 'Worker' });

export const pauseSchema: z.ZodType<PauseState> = z
  .looseObject({
    paused: z.boolean().describe('Nothing new is started; what runs goes on, and jobs are taken in.'),
    reason: z.string().nullable(),
    since: time.nullable(),
  })
  .meta({ id: 'QueueState' });

export const jobIdSchema = z.object({ id: z.string().min(1).max(200) });
