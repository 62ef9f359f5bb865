/** The job as it lies in the table, and as the port shows it. */
import type { Failure } from '../../../core/errors.ts';
import type { JobPlan } from '../../../core/job-plan.ts';
import type { Progress } from '../../../core/plan.ts';
import type {
  JobOrigin,
  JobRecord,
  JobResult,
  JobRun,
  JobStatus,
  OnParentFailure,
  TimelineEntry,
} from '../../port.ts';

export interface JobRow {
  seq: number;
  id: string;
  status: JobStatus;
  task: string;
  change: number;
  place: number;
  priority: number;
  attempts: number;
  max_attempts: number;
  claims: number;
  worker: string | null;
  lease_ms: number | null;
  beat: number;
  cancel_requested: 0 | 1;
  created_at: number;
  enqueued_at: number | null;
  scheduled_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  timeout_seconds: number | null;
  input_path: string | null;
  output_path: string | null;
  idempotency_key: string | null;
  chain_depth: number;
  input_name: string | null;
  input_size_bytes: number | null;
  /** JSON. */
  plan: string | null;
  owner: string | null;
  webhook_url: string | null;
  /** JSON. */
  origin: string | null;
  run_id: string | null;
  run_recipe: string | null;
  run_step: string | null;
  run_pass: string | null;
  error: string | null;
  depends_on: string;
  on_parent_failure: OnParentFailure;
  params: string;
  timeline: string;
  reported_metrics: string;
  result: string | null;
  /** From the table `progress`. */
  progress: string | null;
}

/** A job that fails over and over must not grow its row for ever; the first entries go. */
const MAX_TIMELINE = 200;

export function addToTimeline(row: JobRow, atMs: number, entry: Omit<TimelineEntry, 'at'>): void {
  const timeline = JSON.parse(row.timeline) as TimelineEntry[];
  timeline.push({ at: iso(atMs), ...entry });
  row.timeline = JSON.stringify(timeline.slice(-MAX_TIMELINE));
}

/** `live` is progress that was not stored yet. */
export function toRecord(row: JobRow, live?: Progress): JobRecord {
  return {
    id: row.id,
    status: row.status,
    task: row.task,
    input_path: row.input_path,
    output_path: row.output_path,
    params: JSON.parse(row.params) as Record<string, unknown>,
    priority: row.priority,
    attempts: row.attempts,
    max_attempts: row.max_attempts,
    timeout_seconds: row.timeout_seconds,
    depends_on: JSON.parse(row.depends_on) as string[],
    on_parent_failure: row.on_parent_failure,
    idempotency_key: row.idempotency_key,
    chain_depth: row.chain_depth,
    owner: row.owner,
    webhook_url: row.webhook_url,
    ...(row.origin && { origin: JSON.parse(row.origin) as JobOrigin }),
    created_at: iso(row.created_at),
    enqueued_at: isoOrNull(row.enqueued_at),
    scheduled_at: isoOrNull(row.scheduled_at),
    started_at: isoOrNull(row.started_at),
    ended_at: isoOrNull(row.ended_at),
    worker: row.worker,
    cancel_requested: row.cancel_requested === 1,
    reported_metrics: JSON.parse(row.reported_metrics) as Record<string, number>,
    run: runOf(row),
    input_name: row.input_name,
    input_size_bytes: row.input_size_bytes,
    plan: parseOrNull<JobPlan>(row.plan),
    progress: progressOf(row, live),
    result: parseOrNull<JobResult>(row.result),
    error: parseOrNull<Failure>(row.error),
    timeline: JSON.parse(row.timeline) as TimelineEntry[],
  };
}

function runOf({ run_id: id, run_recipe: recipe, run_step: step, run_pass: pass }: JobRow): JobRun | null {
  return id === null ? null : { id, recipe, step: step ?? '', pass };
}

function progressOf(row: JobRow, live: Progress | undefined): Progress | null {
  if (row.status === 'finished') return { percent: 100 };
  if (row.status === 'started' && live) return live;
  return parseOrNull<Progress>(row.progress);
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

function parseOrNull<T>(json: string | null): T | null {
  return json === null ? null : (JSON.parse(json) as T);
}
