/** A job as the API tells it: the parts that are printed. */
import type { Failure } from '../core/errors.ts';
import type { Progress } from '../core/plan.ts';
import { paint } from './output.ts';
import { progressWords } from './progress-line.ts';
import { duration, size } from './wording.ts';

export interface JobView {
  id: string;
  status: string;
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  attempts: number;
  max_attempts: number;
  progress: Progress | null;
  result: ResultView | null;
  error: Failure | null;
}

export interface ResultView {
  message: string;
  output_path: string | null;
  outputs: { name: string; size_bytes: number }[];
  metrics: Record<string, number>;
  warnings: string[];
}

const COLOURS = {
  queued: 'blue',
  scheduled: 'blue',
  deferred: 'magenta',
  started: 'cyan',
  finished: 'green',
  failed: 'red',
  canceled: 'dim',
} as const;

export function hasEnded({ status }: Pick<JobView, 'status'>): boolean {
  return status === 'finished' || status === 'failed' || status === 'canceled';
}

export function statusWord(status: string): string {
  return status in COLOURS ? paint(COLOURS[status as keyof typeof COLOURS], status) : status;
}

/** What there is to say of it in one line: how far it is, what came out, or what went wrong. */
export function outcome(job: JobView): string {
  if (job.error) return `${job.error.detail} (${job.error.code})`;
  if (job.result) return job.result.message;
  return job.progress ? progressWords(job.progress).join('  ') : '';
}

/** Lines of the long form, as [name, value]; what there is not is left out. */
export function describeJob(job: JobView, now: number): [string, string][] {
  const { result, error } = job;
  const lines: [string, string | null | undefined][] = [
    ['id', job.id],
    ['status', statusWord(job.status)],
    ['task', job.task],
    ['input', job.input_path],
    ['output', job.output_path],
    ['params', Object.keys(job.params).length > 0 ? JSON.stringify(job.params) : null],
    ['created', job.created_at],
    ['started', job.started_at],
    ['ended', job.ended_at],
    [
      'took',
      job.started_at &&
        duration((Date.parse(job.ended_at ?? '') || now) / 1000 - Date.parse(job.started_at) / 1000),
    ],
    ['attempts', `${job.attempts} of ${job.max_attempts}`],
    ['progress', job.progress && !hasEnded(job) ? progressWords(job.progress).join('  ') : null],
    ['result', result?.message],
    ...(result?.outputs ?? []).map((file): [string, string] => [
      'file',
      `${file.name}  ${size(file.size_bytes)}`,
    ]),
    ...(result?.warnings ?? []).map((text): [string, string] => ['warning', text]),
    ['error', error && `${error.detail} (${error.code})`],
    ['next', error?.next],
  ];
  return lines.filter((line): line is [string, string] => Boolean(line[1]));
}
