import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { JOB_STATUSES, type JobRecord, type Queue } from '../../queue/port.ts';
import { queueOf } from '../auth/own-queue.ts';
import type { App, Context } from '../context.ts';
import { countsSchema, failures, jobIdSchema, jobSchema, logLineSchema } from '../schemas.ts';

const statuses = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((one) => one.split(',')))
  .pipe(z.array(z.enum(JOB_STATUSES)));

const sampleSchema = z
  .object({
    t_s: z.number().describe('Seconds since the attempt began.'),
    percent: z.number().nullable(),
    fps: z.number().nullable(),
    speed: z.number().nullable().describe('Media seconds per second.'),
    memory_bytes: z.number().nullable().describe("Resident memory of the job's process."),
  })
  .meta({ id: 'RunSample' });

export const createdAfter = z.iso
  .datetime({ offset: true })
  .optional()
  .describe('Only jobs created then or later, such as 2026-01-31T00:00:00Z.');

const listQuery = z.strictObject({
  status: statuses.optional().describe('One or more, separated by commas.'),
  task: z.string().max(100).optional(),
  q: z.string().max(200).optional().describe('Text in id, task, paths or error.'),
  run: z.string().min(1).max(100).optional().describe('Id of a run of a recipe: only its steps.'),
  created_after: createdAfter,
  order: z
    .enum(['newest', 'next'])
    .optional()
    .describe(
      'newest (default), or next: jobs that wait, in the order in which they will be claimed. Those that are queued come first, by priority and place; then those that are scheduled, by their time; then those that are deferred, the oldest first. Refused together with a status that does not wait; without status it lists all three.',
    ),
  limit: z.coerce.number().int().min(1).max(200).optional().describe('Default 50.'),
  cursor: z.string().max(500).optional().describe('next_cursor of the page before.'),
});

export async function getJob(queue: Pick<Queue, 'get'>, id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (!job) throw new MillError('job_not_found', `There is no job "${id}".`, { facts: { id } });
  return job;
}

export function jobRoutes(app: App, { queue, registry }: Context): void {
  app.get(
    '/api/jobs',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'List jobs, newest first, or those that wait in their order',
        description: 'counts are of all jobs that match task, q and run, whatever their status and age.',
        querystring: listQuery,
        response: {
          200: z.object({
            jobs: z.array(jobSchema),
            next_cursor: z.string().nullable(),
            counts: countsSchema,
          }),
          ...failures,
        },
      },
    },
    async ({ query, caller }) => {
      const { task, q, run } = query;
      const own = queueOf(queue, caller);
      const [page, counts] = await Promise.all([own.list(query), own.counts({ task, q, run })]);
      return { ...page, counts };
    },
  );

  app.get(
    '/api/jobs/:id',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'One job',
        params: jobIdSchema,
        response: { 200: jobSchema, ...failures },
      },
    },
    ({ params }) => getJob(queue, params.id),
  );

  app.get(
    '/api/jobs/counts',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'How many jobs there are',
        description:
          'By status, and with `by=task` also of each task that has any. Of the jobs that match everything that is given.',
        querystring: listQuery
          .pick({ task: true, q: true, run: true, created_after: true })
          .extend({ by: z.literal('task').optional() }),
        response: {
          200: z.object({ status: countsSchema, task: z.record(z.string(), countsSchema).optional() }),
          ...failures,
        },
      },
    },
    async ({ query, caller }) => {
      const own = queueOf(queue, caller);
      const { by, ...filter } = query;
      const status = await own.counts(filter);
      if (by !== 'task') return { status };
      const names = registry.jobs.map(({ name }) => name).filter((name) => name === (filter.task ?? name));
      const found = await Promise.all(
        names.map(async (name) => [name, await own.counts({ ...filter, task: name })] as const),
      );
      const some = found.filter(([, counts]) => Object.values(counts).some((count) => count > 0));
      return { status, task: Object.fromEntries(some) };
    },
  );

  app.get(
    '/api/jobs/:id/series',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'How the last attempt of a job went, over time',
        description:
          'For curves of speed and memory; at most 240 points, further apart in long runs. Told every few seconds while it runs, and kept after its end; empty for runs of less than a second.',
        params: jobIdSchema,
        response: { 200: z.object({ samples: z.array(sampleSchema) }), ...failures },
      },
    },
    async ({ params }) => ({ samples: await queue.series(params.id) }),
  );

  app.get(
    '/api/jobs/:id/logs',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Lines the job has logged',
        params: jobIdSchema,
        querystring: z.strictObject({
          after: z.coerce.number().int().min(0).optional().describe('Only lines with a greater seq.'),
        }),
        response: { 200: z.object({ lines: z.array(logLineSchema) }), ...failures },
      },
    },
    async ({ params, query }) => {
      await getJob(queue, params.id);
      return { lines: await queue.logs(params.id, query.after) };
    },
  );
}
