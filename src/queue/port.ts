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
 * - *run*, *pass*: the jobs that a recipe makes of one source, and those of them that can be done in one go.
 *   *Mates* are the jobs of a pass that are claimed together.
 * - *status* (RQ's words): `queued` may be claimed now · `scheduled` becomes queued at a time (delay, or
 *   backoff before the next attempt) · `deferred` waits for other jobs · `started` is claimed ·
 *   `finished`, `failed`, `canceled` are final.
 * - *parent*, *child*: a job named in `depends_on`, and the job that names it. A child is `deferred` until all its
 *   parents have finished. A parent that fails or is canceled may still be retried: the child goes on waiting,
 *   and `blocked` in its timeline says for what. A child that was handed in with `on_parent_failure: 'fail'` fails
 *   instead, with code `parent_failed`, in the same step; so do its own children, if they want the same.
 * - *paused*: the whole queue gives out nothing. What runs goes on, and jobs are still taken in.
 * - *wish*: what somebody wants of one worker, to run or to pause. It is kept with the worker's announcement, and
 *   the worker hears it through `watch` and in the answer of `announce`.
 * - *forget*: to remove ended jobs with everything that is kept of them, because they are old or many.
 * - *cancel*: final at once for a job that waits; for a started one it is a request that its worker sees in
 *   the answer of the next `renew` and at once through `watch`, and the job becomes `canceled` when the worker
 *   says so (`fail`, with code `canceled` or any other), gives it back, or its lease runs out. A job that
 *   finishes first stays finished.
 */
import type { Failure } from '../core/errors.ts';
import type { JobPlan } from '../core/job-plan.ts';
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

export const ON_PARENT_FAILURE = ['wait', 'fail'] as const;
/** `wait`: stays deferred, for the other job may be retried. `fail`: fails with `parent_failed`. */
export type OnParentFailure = (typeof ON_PARENT_FAILURE)[number];

/** Who asked for a change: a program through the API, the command line, or somebody at the page. */
export type Actor = 'api' | 'cli' | 'page';

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
  /** Ids of jobs that must finish first, or a `ref` of the same batch; `invalid_request` for one that does not exist. */
  depends_on?: string[];
  /** What becomes of it when a job it waits for fails, is canceled or removed; default `wait`. */
  on_parent_failure?: OnParentFailure;
  /** A name by which other jobs of the same batch can name this one in `depends_on`; it is not stored. */
  ref?: string;
  /** A second enqueue with the same key answers with the first job. */
  idempotency_key?: string;
  /** How many jobs started one another before this one; default 0. */
  chain_depth?: number;
  /** What the client called the input; text to be shown. */
  input_name?: string | null;
  /** Bytes of the input, where they are known already. */
  input_size_bytes?: number | null;
  /** Id of the API key that hands it in; default none. */
  owner?: string | null;
  /** Told when the job has ended; default nobody. */
  webhook_url?: string;
  /** Where it came from; default unknown. */
  origin?: JobOrigin;
  /** The run of a recipe that it is a step of; default none. */
  run?: JobRun;
}

/** A step of a recipe on one source; all steps of a run name the same `id`. */
export interface JobRun {
  id: string;
  /** Name of the recipe and its version, as `web-video@3`; null for one that was given inline. */
  recipe: string | null;
  /** Id of the step in the recipe. */
  step: string;
  /**
   * Steps of a run with the same `pass` read the same file and can be done in one go; a claim of one brings
   * claims of the others that are queued. Null for a step that goes alone.
   */
  pass: string | null;
}

/** By what a job can be found again in the logs and traces of whoever handed it in. */
export interface JobOrigin {
  /** Of the HTTP request, as in the server's log. */
  request_id?: string;
  /** W3C trace context that the spans of the job belong to. */
  traceparent?: string;
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
  /** Code of the failure that ended the attempt or the job. */
  code?: string;
  /** Who asked for it, where somebody did. */
  by?: Actor;
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
  on_parent_failure: OnParentFailure;
  idempotency_key: string | null;
  chain_depth: number;
  /** Id of the API key that handed it in; null when there was none. */
  owner: string | null;
  webhook_url: string | null;
  origin?: JobOrigin;
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
  /** The run of a recipe that it is a step of; null when it is none. */
  run: JobRun | null;
  /** What the client called the input; text to be shown, never a path. */
  input_name: string | null;
  /** Bytes of all inputs; null until they are known. */
  input_size_bytes: number | null;
  /** How the last attempt goes about it; null until that is known. */
  plan: JobPlan | null;
  progress: Progress | null;
  result: JobResult | null;
  error: Failure | null;
  timeline: TimelineEntry[];
}

/** One moment of a run. What was not known then is null. */
export interface RunSample {
  /** Seconds since the attempt began. */
  t_s: number;
  percent: number | null;
  fps: number | null;
  speed: number | null;
  /** Resident memory of the job's process. */
  memory_bytes: number | null;
}

/** What a worker finds out while it runs an attempt. */
export interface RunNotes {
  plan?: JobPlan;
  input_size_bytes?: number;
  /** Replaces what was stored before. */
  series?: RunSample[];
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
  /**
   * Claims of the jobs of the same pass that came along, for the same worker, in the order in which they would have
   * been next; absent when none did. Each is a claim like any other: renewed, reported on and ended on its own.
   */
  mates?: Claim[];
}

export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  started_at: string;
  /** Jobs it runs now. */
  jobs: string[];
  concurrency: number;
  /** Of these places, how many are taken: jobs that share a read take one together. Default one for each job. */
  busy?: number;
  state: 'running' | 'draining' | 'paused';
  /** Why it is paused, or what it waits for before it takes the next job. */
  detail?: string;
  /** Resident memory of the worker and its job processes. */
  memory_bytes?: number;
  /** Jobs one after the other that failed for reasons that point at the worker's machine. */
  failed_in_a_row?: number;
  /** The jobs it runs now, with what is done. */
  current?: { id: string; task: string; attempt: number; started_at: string }[];
}

/** What somebody wants of a worker. */
export interface WorkerWish {
  state: 'running' | 'paused';
  /** Rises with every wish; tells a new one from one that was heeded already. */
  number: number;
  reason?: string;
}

export interface PauseState {
  paused: boolean;
  reason: string | null;
  /** ISO 8601; null while the queue is not paused, or was paused by another tool. */
  since: string | null;
}

/** Which ended jobs are forgotten; null forgets none for that reason. */
export interface RetentionPolicy {
  /** Those that ended longer ago, milliseconds. */
  max_age_ms: number | null;
  /** The oldest, when more have ended. */
  max_jobs: number | null;
}

export interface ListQuery {
  status?: JobStatus[];
  task?: string;
  /** Only jobs of this API key. */
  owner?: string;
  /** Only the steps of this run of a recipe. */
  run?: string;
  /** ISO 8601: only jobs created then or later. */
  created_after?: string;
  /**
   * `newest` (default): newest first. `next`: jobs that wait, as they will be claimed: `queued` by priority and place,
   * then `scheduled` by their time, then `deferred`, the oldest first; `invalid_request` with a status that does not
   * wait. A job that moves on between two pages is in neither or in both.
   */
  order?: 'newest' | 'next';
  /** Text found in id, task, paths or error; at most 500 characters. Pages of a search may be short, even empty, and still have a cursor. */
  q?: string;
  /** 1…200, default 50. */
  limit?: number;
  /** From the last page's `next_cursor`. */
  cursor?: string;
}

export interface JobPage {
  /** In the order asked for. */
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

/** A job with a `webhook_url` as it was when it ended. */
export type EndedJob = Pick<
  JobRecord,
  | 'id'
  | 'status'
  | 'task'
  | 'input_path'
  | 'output_path'
  | 'attempts'
  | 'created_at'
  | 'started_at'
  | 'ended_at'
  | 'owner'
  | 'result'
  | 'error'
> & { webhook_url: string };

export interface OutboxEntry {
  /** Different for every end of every job: a job that is retried ends more than once. */
  id: string;
  job: EndedJob;
}

export type QueueEvent =
  | { type: 'job'; job: JobRecord }
  | { type: 'progress'; id: string; progress: Progress }
  | { type: 'removed'; id: string }
  | { type: 'log'; id: string; line: LogLine }
  | { type: 'queue'; state: PauseState }
  /** Something about the workers is different. `wish`: the worker of whom something new is wanted. */
  | { type: 'workers'; wish?: string };

export interface Queue {
  /**
   * Stored and durable when it resolves; all or none of a batch. Answers the records in order. Jobs of a batch may
   * name each other by `ref`, in any order. Throws `invalid_request`, also for refs that go round in a circle.
   */
  enqueue(jobs: NewJob[]): Promise<JobRecord[]>;

  /**
   * Takes the next job for this worker, or null when nothing may start now. With a step of a recipe that has a `pass`
   * come, in the same step, all jobs of the same run, pass and owner that are queued: see {@link Claim.mates}.
   */
  claim(worker: string, leaseMs: number): Promise<Claim | null>;
  /** Resolves when a job may have become claimable, or after a short while; never rejects on abort. */
  waitForWork(signal: AbortSignal): Promise<void>;
  /** Keeps the claim for another `leaseMs`; answers whether a cancel was requested. Throws `lease_lost`. */
  renew(claim: Claim, leaseMs: number): Promise<{ cancelRequested: boolean }>;
  /** Stores progress; watchers see it. Refused quietly (false) when the claim is not current. */
  progress(claim: Claim, progress: Progress): Promise<boolean>;
  log(claim: Claim, lines: { level: LogLine['level']; text: string }[]): Promise<void>;
  /** Keeps what was found out; the series is apart from the record. Refused quietly (false) when the claim is not current. */
  note(claim: Claim, notes: RunNotes): Promise<boolean>;
  /** Throws `lease_lost`. A job whose cancel was requested still becomes `finished`: the work is done. */
  complete(claim: Claim, result: JobResult): Promise<JobRecord>;
  /** Ends the attempt: the job is scheduled again with backoff when `failure.retryable` and attempts are left, else failed; canceled for code `canceled`, and whenever a cancel was requested. Throws `lease_lost`. */
  fail(claim: Claim, failure: Failure): Promise<JobRecord>;
  /** Gives a claim back untouched; the attempt does not count. Throws `lease_lost`. */
  release(claim: Claim): Promise<void>;
  /** Returns jobs of expired leases and due schedules to the queue. Drivers also do this by themselves; answers how many moved. */
  recover(): Promise<number>;

  /** Throws `job_not_found`; `conflict` when the job has ended. */
  cancel(id: string, by?: Actor): Promise<JobRecord>;
  /**
   * Runs an ended job again under the same id, with attempts counted anew; it waits again for what it depends on,
   * even with `on_parent_failure: 'fail'`. Throws `job_not_found`, `conflict`.
   */
  retry(id: string, by?: Actor): Promise<JobRecord>;
  /**
   * Forgets an ended or waiting job. Throws `job_not_found`; `conflict` while started, or while children wait for it
   * to finish that do not want to fail with it.
   */
  remove(id: string): Promise<JobRecord>;
  /**
   * Forgets ended jobs by the policy, the oldest first, a bounded number of them; never one that a deferred job names.
   * Answers how many, and whether there may be more. Only one process at a time does it; another forgets none.
   */
  forget(policy: RetentionPolicy): Promise<{ forgotten: number; more: boolean }>;

  /** From now on nothing is claimed, by any process, until `resume`; survives restarts. */
  pause(reason?: string): Promise<PauseState>;
  resume(): Promise<PauseState>;
  pauseState(): Promise<PauseState>;

  /** Adds numbers to a job of any status; one of the same name is replaced. Throws `job_not_found`. */
  addMetrics(id: string, metrics: Record<string, number>): Promise<JobRecord>;

  get(id: string): Promise<JobRecord | null>;
  list(query: ListQuery): Promise<JobPage>;
  counts(
    query?: Pick<ListQuery, 'task' | 'q' | 'owner' | 'run' | 'created_after'>,
  ): Promise<Record<JobStatus, number>>;
  logs(id: string, after?: number): Promise<LogLine[]>;
  /** How the last attempt went; empty when it told nothing. Throws `job_not_found`. */
  series(id: string): Promise<RunSample[]>;
  /**
   * Events of all jobs, from any process, from now on until the signal aborts. Progress may be thinned; a reader
   * that does not keep up, or watches from another process, may be spared states that a job has left already,
   * never the last one.
   */
  watch(signal: AbortSignal): AsyncIterable<QueueEvent>;
  /** Ids of jobs not yet ended that read or write this storage path, something below it, or a folder it lies in; paths in params included. */
  usersOf(path: string): Promise<string[]>;

  /**
   * Announces a worker, and again whenever something about it changes; kept until `leaseMs` without a call. Answers
   * the last wish of {@link Queue.wish}.
   */
  announce(worker: WorkerInfo, leaseMs: number): Promise<WorkerWish | null>;
  /** Tells a worker what is wanted of it. Throws `worker_not_found`. */
  wish(workerId: string, wish: Pick<WorkerWish, 'state' | 'reason'>): Promise<WorkerWish>;
  withdraw(workerId: string): Promise<void>;
  workers(): Promise<WorkerInfo[]>;

  /**
   * Ends of jobs with a `webhook_url` that nobody has taken over yet, the oldest first. An entry is stored in the same
   * step as the final state, and stays until `clearOutbox`; so it may be read more than once, but is never missed.
   */
  outbox(limit: number): Promise<OutboxEntry[]>;
  clearOutbox(entries: readonly string[]): Promise<void>;

  /** Throws `queue_unavailable` when it does not work. */
  check(): Promise<void>;
  close(): Promise<void>;
}
