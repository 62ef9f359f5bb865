/**
 * The queue port. Two drivers implement it; one contract suite (`test/contracts/queue.ts`) holds for both.
 *
 * Glossary
 * - *job*: one request to run a task; identified by `id`; never lost once `enqueue` has answered.
 * - *claim*: the right of one worker to run one attempt of a job, proven by its *fence* (worker + attempt).
 *   Every write of a worker carries its claim; a claim that is no longer current is refused with `lease_lost`.
 * - *lease*: how long a claim holds without renewal. The parent of the native process renews it, never the
 *   thread that works. An expired lease returns the job to the queue, or fails it when attempts are used up.
 * - *attempt*: one run of a job, counted when it is claimed.
 * - *status* (RQ's words): `queued` may be claimed now · `scheduled` becomes queued at a time (delay, or
 *   backoff before the next attempt) · `deferred` waits for other jobs · `started` is claimed ·
 *   `finished`, `failed`, `canceled` are final.
 * - *parent*, *child*: a job named in `depends_on`, and the job that names it. A child is `deferred` until all its
 *   parents have finished. A parent that fails or is canceled may still be retried: the child goes on waiting,
 *   and `blocked` in its timeline says for what.
 * - *cancel*: final at once for a job that waits; for a started one it is a request that its worker sees in
 *   the answer of the next `renew` and at once through `watch`, and the job becomes `canceled` when the worker
 *   says so (`fail`, with code `canceled` or any other), gives it back, or its lease runs out. A job that
 *   finishes first stays finished.
 */
import type { Failure } from '../core/errors.ts';
import type { Progress } from '../core/plan.ts';

export const JOB_STATUSES = [
  'queued',
  'scheduled',
  'deferred',
  'started',
  'finished',
  'failed',
  'canceled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];
export const FINAL_STATUSES: readonly JobStatus[] = ['finished', 'failed', 'canceled'];

/** A job as it is handed in. References are storage paths (`/data/input/a.mp4`), never paths of the host. */
export interface NewJob {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
  /** 0 (last) to 100 (first); default 50. Same priority: first in, first out. */
  priority?: number;
  /** Milliseconds before it may start; default 0. */
  delay_ms?: number;
  /** Most attempts, crashes and lost leases included; default 3. */
  attempts?: number;
  /** Wall-clock limit of one attempt; default from the configuration. */
  timeout_seconds?: number;
  /** Ids of jobs that must finish first; `invalid_request` for one that does not exist. */
  depends_on?: string[];
  /** A second enqueue with the same key answers with the first job. */
  idempotency_key?: string;
  /** How many jobs started one another before this one; default 0. */
  chain_depth?: number;
}

export interface JobOutputFile {
  /** Name below the output: the file's own name, or its path inside an output folder. */
  name: string;
  size_bytes: number;
  media_type: string;
}

export interface JobResult {
  success: true;
  message: string;
  output_path: string | null;
  outputs: JobOutputFile[];
  metrics: { duration_ms: number; input_size_bytes: number; output_size_bytes: number } & Record<
    string,
    number
  >;
  /** The task's own result. */
  data: Record<string, unknown>;
  warnings: string[];
}

export interface TimelineEntry {
  at: string;
  event:
    | 'enqueued'
    | 'claimed'
    | 'attempt_failed'
    | 'lease_expired'
    | 'blocked'
    | 'released'
    | 'retried'
    | 'cancel_requested'
    | 'finished'
    | 'failed'
    | 'canceled';
  attempt?: number;
  worker?: string;
  detail?: string;
}

/** The stored job. Times are ISO 8601 in UTC. */
export interface JobRecord {
  id: string;
  status: JobStatus;
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
  priority: number;
  attempts: number;
  max_attempts: number;
  timeout_seconds: number | null;
  depends_on: string[];
  idempotency_key: string | null;
  chain_depth: number;
  created_at: string;
  /** When it last became `queued`. */
  enqueued_at: string | null;
  /** When a `scheduled` job becomes `queued`. */
  scheduled_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  worker: string | null;
  cancel_requested: boolean;
  /** Numbers that other jobs reported about this one. */
  reported_metrics: Record<string, number>;
  progress: Progress | null;
  result: JobResult | null;
  error: Failure | null;
  timeline: TimelineEntry[];
}

/** What a worker holds while it runs an attempt. */
export interface Claim {
  job: JobRecord;
  worker: string;
  /** The attempt number; with `worker` the fence. */
  attempt: number;
  /**
   * Number of this claim among all claims of the job. Attempts are counted anew after `retry`, and not at all
   * after `release`; this tells such a claim from an earlier one of the same worker and attempt. Set by `claim`.
   */
  token?: number;
}

export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  started_at: string;
  /** Jobs it runs now. */
  jobs: string[];
  concurrency: number;
  state: 'running' | 'draining' | 'paused';
  /** Why it is paused. */
  detail?: string;
}

export interface ListQuery {
  status?: JobStatus[];
  task?: string;
  /** Text found in id, task, paths or error; at most 500 characters. Pages of a search may be short, even empty, and still have a cursor. */
  q?: string;
  /** 1…200, default 50. */
  limit?: number;
  /** From the last page's `next_cursor`. */
  cursor?: string;
}

export interface JobPage {
  /** Newest first. */
  jobs: JobRecord[];
  next_cursor: string | null;
}

export interface LogLine {
  /** Rising number of the line within its job. */
  seq: number;
  at: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
  attempt: number;
}

export type QueueEvent =
  | { type: 'job'; job: JobRecord }
  | { type: 'progress'; id: string; progress: Progress }
  | { type: 'removed'; id: string }
  | { type: 'log'; id: string; line: LogLine };

export interface Queue {
  /** Stored and durable when it resolves; all or none of a batch. Answers the records in order. Throws `invalid_request`. */
  enqueue(jobs: NewJob[]): Promise<JobRecord[]>;

  /** Takes the next job for this worker, or null when nothing may start now. */
  claim(worker: string, leaseMs: number): Promise<Claim | null>;
  /** Resolves when a job may have become claimable, or after a short while; never rejects on abort. */
  waitForWork(signal: AbortSignal): Promise<void>;
  /** Keeps the claim for another `leaseMs`; answers whether a cancel was requested. Throws `lease_lost`. */
  renew(claim: Claim, leaseMs: number): Promise<{ cancelRequested: boolean }>;
  /** Stores progress; watchers see it. Refused quietly (false) when the claim is not current. */
  progress(claim: Claim, progress: Progress): Promise<boolean>;
  log(claim: Claim, lines: { level: LogLine['level']; text: string }[]): Promise<void>;
  /** Throws `lease_lost`. A job whose cancel was requested still becomes `finished`: the work is done. */
  complete(claim: Claim, result: JobResult): Promise<JobRecord>;
  /** Ends the attempt: the job is scheduled again with backoff when `failure.retryable` and attempts are left, else failed; canceled for code `canceled`, and whenever a cancel was requested. Throws `lease_lost`. */
  fail(claim: Claim, failure: Failure): Promise<JobRecord>;
  /** Gives a claim back untouched; the attempt does not count. Throws `lease_lost`. */
  release(claim: Claim): Promise<void>;
  /** Returns jobs of expired leases and due schedules to the queue. Drivers also do this by themselves; answers how many moved. */
  recover(): Promise<number>;

  /** Throws `job_not_found`; `conflict` when the job has ended. */
  cancel(id: string): Promise<JobRecord>;
  /** Runs an ended job again under the same id, with attempts counted anew. Throws `job_not_found`, `conflict`. */
  retry(id: string): Promise<JobRecord>;
  /** Forgets an ended or waiting job. Throws `job_not_found`; `conflict` while started, or while children wait for it to finish. */
  remove(id: string): Promise<JobRecord>;

  /** Adds numbers to a job of any status; one of the same name is replaced. Throws `job_not_found`. */
  addMetrics(id: string, metrics: Record<string, number>): Promise<JobRecord>;

  get(id: string): Promise<JobRecord | null>;
  list(query: ListQuery): Promise<JobPage>;
  counts(query?: Pick<ListQuery, 'task' | 'q'>): Promise<Record<JobStatus, number>>;
  logs(id: string, after?: number): Promise<LogLine[]>;
  /**
   * Events of all jobs, from any process, from now on until the signal aborts. Progress may be thinned; a reader
   * that does not keep up, or watches from another process, may be spared states that a job has left already,
   * never the last one.
   */
  watch(signal: AbortSignal): AsyncIterable<QueueEvent>;
  /** Ids of jobs not yet ended that read or write this storage path, something below it, or a folder it lies in; paths in params included. */
  usersOf(path: string): Promise<string[]>;

  /** Announces a worker, and again whenever something about it changes; kept until `leaseMs` without a call. */
  announce(worker: WorkerInfo, leaseMs: number): Promise<void>;
  withdraw(workerId: string): Promise<void>;
  workers(): Promise<WorkerInfo[]>;

  /** Throws `queue_unavailable` when it does not work. */
  check(): Promise<void>;
  close(): Promise<void>;
}
