/**
 * What the API answers: documented here, checked on the way out. Loose objects, so that a new field of a port
 * arrives at the client before it is described.
 */
import { z } from 'zod';
import { ERRORS, type ErrorCode, type Failure } from '../core/errors.ts';
import { JOB_GROUPS } from '../core/job.ts';
import type { Progress } from '../core/plan.ts';
import type { TaskDescription } from '../core/registry.ts';
import {
  JOB_STATUSES,
  type JobRecord,
  type JobResult,
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

const failure: z.ZodType<Failure> = z
  .looseObject({
    code,
    title: z.string(),
    detail: z.string(),
    next: z.string(),
    retryable: z.boolean(),
    facts: z.record(z.string(), z.unknown()).optional(),
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
});

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
    idempotency_key: z.string().nullable(),
    chain_depth: z.number().describe('How many jobs started one another before this one.'),
    created_at: time,
    enqueued_at: time.nullable(),
    scheduled_at: time.nullable(),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    worker: z.string().nullable(),
    cancel_requested: z.boolean(),
    reported_metrics: z.record(z.string(), z.number()).describe('Numbers stored by report_metrics.'),
    progress: progress.nullable(),
    result: result.nullable(),
    error: failure.nullable(),
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
    state: z.enum(['running', 'draining', 'paused']),
    detail: z.string().optional(),
  })
  .meta({ id: 'Worker' });

export const jobIdSchema = z.object({ id: z.string().min(1).max(200) });
