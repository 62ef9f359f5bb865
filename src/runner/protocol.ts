/**
 * What parent and child say to each other. Strict on both sides: the child works on hostile media, so the
 * parent believes nothing that does not fit; the child refuses what it does not know.
 */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { DEVICE_KINDS } from '../core/devices.ts';
import { ERRORS, type ErrorCode, type Failure } from '../core/errors.ts';
import type { Errand } from '../core/job.ts';
import { type JobPlan, READINGS } from '../core/job-plan.ts';
import type { Progress } from '../core/plan.ts';
import { MOST_TOGETHER } from './cancel-signal.ts';

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path');
const count = z.number().nonnegative();
const logLevel = z.enum(['info', 'warn', 'error']);
export type OrderLogLevel = z.output<typeof logLevel>;

/** One attempt of a job, complete: the child knows no queue, no storage and no configuration. */
export const workOrderSchema = z.strictObject({
  id: z.string().min(1),
  task: z.string().min(1),
  /** As people wrote them, with references to files already replaced by absolute paths of this host. */
  params: z.record(z.string(), z.unknown()),
  input: absolutePath.nullable(),
  /** The input is there by name and size only: its bytes must be asked for before they are read. */
  partial: z.strictObject({ size_bytes: count }).optional(),
  /** Name of the file or folder to create in `work`. */
  target: z.string().regex(/^(?!\.{1,2}$)[^/\0]+$/, 'must be a name without folders'),
  /** Empty folder for the output. */
  work: absolutePath,
  /** CPU threads the job may count on. */
  threads: z.int().min(1),
  network: z.strictObject({ allow: z.array(z.string()) }),
  /** The job is there to contact others; any other gets no network where the system can take it away. */
  online: z.boolean().optional(),
  /** Kinds of device whose encoders it may open; default all that work. */
  devices: z.array(z.string()).optional(),
  /** Kind of device that also decodes what its encoders take; default software decodes. */
  decode_on: z.enum(DEVICE_KINDS).optional(),
  /** Somebody wants to know how long the parts of the work take; default nobody. */
  timed: z.boolean().optional(),
});
export type WorkOrder = z.output<typeof workOrderSchema>;

const progressSchema = z.strictObject({
  percent: z.number().min(0).max(100).nullable(),
  stage: z.string().optional(),
  fps: count.optional(),
  speed: count.optional(),
  eta_seconds: count.optional(),
  bytes_done: count.optional(),
  bytes_per_second: count.optional(),
}) satisfies z.ZodType<Progress>;

const failureSchema = z.strictObject({
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  title: z.string(),
  detail: z.string(),
  next: z.string(),
  retryable: z.boolean(),
  facts: z.record(z.string(), z.unknown()).optional(),
}) satisfies z.ZodType<Failure>;

const planSchema = z.strictObject({
  source_kind: z.enum(['video', 'audio', 'image', 'other']).nullable(),
  source: z.string().nullable(),
  duration_s: z.number().nullable(),
  reads: z.enum(READINGS),
  steps: z.array(
    z.strictObject({
      kind: z.string(),
      stream: z.number().nullable(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
}) satisfies z.ZodType<JobPlan>;

/** A part of the work that is over: reading a header, one read through the source. */
const partSchema = z.strictObject({
  name: z.string(),
  /** Milliseconds since 1970, with fractions. */
  start_ms: z.number(),
  end_ms: z.number(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type OrderPart = z.output<typeof partSchema>;

const errandSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('enqueue'),
    task: z.string(),
    input_path: z.string().nullable(),
    output_path: z.string(),
    params: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal('report_metrics'),
    job_id: z.string(),
    metrics: z.record(z.string(), z.number()),
  }),
  z.strictObject({ kind: z.literal('purge_input') }),
]) satisfies z.ZodType<Errand>;

/** What a finished order has to show; the files lie in its work folder. */
const outcomeSchema = z.strictObject({
  report: z.strictObject({
    message: z.string(),
    data: z.record(z.string(), z.unknown()),
    warnings: z.array(z.string()),
    metrics: z.record(z.string(), z.number()),
    errands: z.array(errandSchema),
  }),
  outputs: z.array(z.strictObject({ name: z.string().min(1), size_bytes: count })),
  metrics: z.record(z.string(), z.number()),
});
export type Outcome = z.output<typeof outcomeSchema>;

const toChildSchema = z.discriminatedUnion('type', [
  /** Several: what they read of the same source is read once. */
  z.strictObject({ type: z.literal('run'), orders: z.array(workOrderSchema).min(1).max(MOST_TOGETHER) }),
  z.strictObject({ type: z.literal('cancel'), id: z.string() }),
  /** Answers a `need`: the bytes lie in the input now, or why they do not. */
  z.strictObject({
    type: z.literal('filled'),
    id: z.string(),
    number: z.int(),
    failure: failureSchema.nullable(),
  }),
  z.strictObject({ type: z.literal('exit') }),
]);
export type ToChild = z.output<typeof toChildSchema>;

const fromChildSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('started'), id: z.string() }),
  z.strictObject({ type: z.literal('progress'), id: z.string(), progress: progressSchema }),
  z.strictObject({ type: z.literal('log'), id: z.string(), level: logLevel, text: z.string() }),
  /** Bytes of a partial input, from `start` up to, not including, `end`. */
  z.strictObject({ type: z.literal('need'), id: z.string(), number: z.int(), start: count, end: count }),
  z.strictObject({ type: z.literal('plan'), id: z.string(), plan: planSchema }),
  z.strictObject({ type: z.literal('part'), id: z.string(), part: partSchema }),
  z.strictObject({ type: z.literal('vitals'), rss_bytes: count }),
  z.strictObject({ type: z.literal('done'), id: z.string(), outcome: outcomeSchema }),
  z.strictObject({ type: z.literal('failed'), id: z.string(), failure: failureSchema }),
]);
export type FromChild = z.output<typeof fromChildSchema>;

/** Null when it is not a message of this protocol. */
export function readFromChild(message: unknown): FromChild | null {
  return fromChildSchema.safeParse(message).data ?? null;
}

/** Throws when it is not a message of this protocol. */
export function readToChild(message: unknown): ToChild {
  return toChildSchema.parse(message);
}
