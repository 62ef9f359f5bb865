/** A run of a recipe as people see it: put together from its jobs, which are all that is stored of it. */
import { z } from 'zod';
import { MillError } from '../core/errors.ts';
import { SOURCE } from '../core/recipe/recipe.ts';
import { FINAL_STATUSES, JOB_STATUSES, type JobRecord, type Queue } from '../queue/port.ts';
import { failureSchema } from './schemas.ts';

export const RUN_STATUSES = ['queued', 'started', 'finished', 'partly', 'failed', 'canceled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

const time = z.string().meta({ format: 'date-time' });

export const runSchema = z
  .object({
    id: z.string(),
    recipe: z
      .string()
      .nullable()
      .describe('Name and version, as web-video@3; null for one that was given inline.'),
    input_path: z.string().nullable(),
    input_name: z.string().nullable().describe('What the client called the input. Text, never a path.'),
    output_path: z.string().nullable().describe('Folder of the outputs.'),
    status: z
      .enum(RUN_STATUSES)
      .describe(
        '`queued`: nothing has begun. `started`: something is done, and not all has ended. Then, when all has ended: `finished`: every step. `partly`: some steps. `failed`, `canceled`: none.',
      ),
    percent: z.number().describe('0 to 100: the mean of the steps; what has ended counts in full.'),
    created_at: time,
    started_at: time.nullable(),
    ended_at: time.nullable().describe('Of the last step; null while one has not ended.'),
    steps: z
      .array(
        z.object({
          id: z.string(),
          task: z.string(),
          job_id: z.string(),
          status: z.enum(JOB_STATUSES),
          percent: z.number().nullable(),
          from: z.string().describe('`source`, or the step whose output it reads.'),
          pass: z
            .string()
            .nullable()
            .describe('Steps with the same pass read together; null for one that goes alone.'),
          output_path: z.string().nullable(),
          message: z.string().nullable().describe('What it says of its result.'),
          duration: z.number().nullable().describe('Seconds from its start to its end, or until now.'),
          error: failureSchema.nullable(),
        }),
      )
      .describe('Parents before children.'),
    passes: z.array(z.array(z.string())).describe('Ids of steps that are read together.'),
  })
  .meta({ id: 'RecipeRun' });

export type RunView = z.output<typeof runSchema>;

/** Oldest first. Throws `run_not_found`. */
export async function jobsOfRun(queue: Pick<Queue, 'list'>, id: string): Promise<JobRecord[]> {
  const { jobs } = await queue.list({ run: id, limit: 200 });
  if (jobs.length === 0) throw new MillError('run_not_found', `There is no run "${id}".`, { facts: { id } });
  return jobs.reverse();
}

/** `jobs` are all of one run, oldest first. */
export function viewOfRun(jobs: readonly JobRecord[], now: number): RunView {
  const [first] = jobs;
  if (!first?.run) throw new TypeError('A run has jobs.');
  const stepOf = new Map(jobs.map((job) => [job.id, job.run?.step ?? '']));
  const reader = jobs.find(({ depends_on, input_path }) => depends_on.length === 0 && input_path !== null);
  const ended = jobs.flatMap(({ ended_at }) => ended_at ?? []);
  const started = jobs.flatMap(({ started_at }) => started_at ?? []);
  const passes = Map.groupBy(
    jobs.filter(({ run }) => run?.pass !== null),
    ({ run }) => run?.pass,
  );
  return {
    id: first.run.id,
    recipe: first.run.recipe,
    input_path: reader?.input_path ?? null,
    input_name: reader?.input_name ?? null,
    output_path: folderOf(jobs),
    status: statusOf(jobs),
    percent: Math.round((10 * jobs.reduce((sum, job) => sum + percentOf(job), 0)) / jobs.length) / 10,
    created_at: first.created_at,
    started_at: started.sort()[0] ?? null,
    ended_at: jobs.every(hasEnded) ? (ended.sort().at(-1) ?? null) : null,
    steps: jobs.map((job) => ({
      id: job.run?.step ?? '',
      task: job.task,
      job_id: job.id,
      status: job.status,
      percent: job.status === 'started' ? (job.progress?.percent ?? null) : hasEnded(job) ? 100 : 0,
      from: job.depends_on.flatMap((id) => stepOf.get(id) ?? [])[0] ?? SOURCE,
      pass: job.run?.pass ?? null,
      output_path: job.output_path,
      message: job.result?.message ?? null,
      duration: secondsOf(job, now),
      error: job.error,
    })),
    passes: [...passes.values()].map((group) => group.map(({ run }) => run?.step ?? '')),
  };
}

function hasEnded({ status }: JobRecord): boolean {
  return FINAL_STATUSES.includes(status);
}

function percentOf(job: JobRecord): number {
  if (hasEnded(job)) return 100;
  return job.status === 'started' ? (job.progress?.percent ?? 0) : 0;
}

function statusOf(jobs: readonly JobRecord[]): RunStatus {
  const all = (status: string) => jobs.every((job) => job.status === status);
  if (all('finished')) return 'finished';
  if (!jobs.every(hasEnded)) {
    return jobs.some((job) => job.status === 'started' || hasEnded(job)) ? 'started' : 'queued';
  }
  if (jobs.some(({ status }) => status === 'finished')) return 'partly';
  // A step that fails because the one before it was canceled is none that failed by itself.
  const failed = jobs.some(({ status, error }) => status === 'failed' && error?.code !== 'parent_failed');
  return failed ? 'failed' : 'canceled';
}

function folderOf(jobs: readonly JobRecord[]): string | null {
  const output = jobs.find(({ output_path }) => output_path !== null)?.output_path;
  return output ? output.slice(0, output.lastIndexOf('/')) : null;
}

function secondsOf({ started_at, ended_at }: JobRecord, now: number): number | null {
  if (started_at === null) return null;
  const end = ended_at === null ? now : Date.parse(ended_at);
  return Math.max(0, Math.round(end - Date.parse(started_at)) / 1000);
}
