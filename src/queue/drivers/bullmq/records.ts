/** The job as its hash holds it, and as the port shows it. */
import type { JobPlan } from '../../../core/job-plan.ts';
import type { JobOrigin, JobRecord, JobRun, JobStatus, OnParentFailure, TimelineEntry } from '../../port.ts';
import type { RedisStore } from './redis.ts';

/** A hash as Redis answers it: name, value, name, value. */
export type FlatHash = string[];

export type Fields = Record<string, string>;

/** Before the name of a number that another job reported. */
export const REPORTED = 'reported:';

export function fieldsOf(flat: FlatHash): Fields {
  const fields: Fields = {};
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string;
  return fields;
}

/** The answer of a script that has changed the job: watchers that come later need not be told of it. */
export function changed(store: RedisStore, flat: FlatHash): JobRecord {
  const fields = fieldsOf(flat);
  store.knows(Number(fields.change));
  return toRecord(fields);
}

export function toRecord(fields: Fields): JobRecord {
  const text = (name: string): string | null => fields[name] ?? null;
  const number = (name: string): number => Number(fields[name] ?? 0);
  const time = (name: string): string | null => {
    const ms = fields[name];
    return ms === undefined ? null : iso(Number(ms));
  };
  const json = <T>(name: string): T | null => {
    const value = fields[name];
    return value === undefined ? null : (JSON.parse(value) as T);
  };
  const timeline = JSON.parse(`[${fields.timeline ?? ''}]`) as (Omit<TimelineEntry, 'at'> & { at: number })[];
  return {
    id: fields.id as string,
    status: fields.status as JobStatus,
    task: fields.task as string,
    input_path: text('input_path'),
    output_path: text('output_path'),
    params: json('params') ?? {},
    priority: number('priority'),
    attempts: number('attempts'),
    max_attempts: number('max_attempts'),
    timeout_seconds: fields.timeout_seconds === undefined ? null : number('timeout_seconds'),
    depends_on: json('depends_on') ?? [],
    on_parent_failure: (text('on_parent_failure') ?? 'wait') as OnParentFailure,
    idempotency_key: text('idempotency_key'),
    chain_depth: number('chain_depth'),
    owner: text('owner'),
    webhook_url: text('webhook_url'),
    ...(fields.origin && { origin: JSON.parse(fields.origin) as JobOrigin }),
    created_at: iso(number('created_at')),
    enqueued_at: time('enqueued_at'),
    scheduled_at: time('scheduled_at'),
    started_at: time('started_at'),
    ended_at: time('ended_at'),
    worker: text('worker'),
    cancel_requested: fields.cancel_requested === '1',
    reported_metrics: Object.fromEntries(
      Object.entries(fields)
        .filter(([name]) => name.startsWith(REPORTED))
        .map(([name, value]) => [name.slice(REPORTED.length), Number(value)]),
    ),
    run: runOf(fields),
    input_name: text('input_name'),
    input_size_bytes: fields.input_size_bytes === undefined ? null : number('input_size_bytes'),
    plan: json<JobPlan>('plan'),
    progress: fields.status === 'finished' ? { percent: 100 } : json('progress'),
    result: json('result'),
    error: json('error'),
    timeline: timeline.map((entry) => ({ ...entry, at: iso(entry.at) })),
  };
}

function runOf({ run_id: id, run_recipe: recipe, run_step: step, run_pass: pass }: Fields): JobRun | null {
  return id === undefined ? null : { id, recipe: recipe ?? null, step: step ?? '', pass: pass ?? null };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
