import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { JOB_STATUSES, type JobRecord, type Queue } from '../../queue/port.ts';
import type { App, Context } from '../context.ts';
import { countsSchema, failures, jobIdSchema, jobSchema, logLineSchema } from '../schemas.ts';

const statuses = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((one) => one.split(',')))
  .pipe(z.array(z.enum(JOB_STATUSES)));

const listQuery = z.strictObject({
  status: statuses.optional().describe('One or more, separated by commas.'),
  task: z.string().max(100).optional(),
  q: z.string().max(200).optional().describe('Text in id, task, paths or error.'),
  limit: z.coerce.number().int().min(1).max(200).optional().describe('Default 50.'),
  cursor: z.string().max(500).optional().describe('next_cursor of the page before.'),
});

export async function getJob(queue: Pick<Queue, 'get'>, id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (!job) throw new MillError('job_not_found', `There is no job "${id}".`, { facts: { id } });
  return job;
}

export function jobRoutes(app: App, { queue }: Context): void {
  app.get(
    '/api/jobs',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'List jobs, newest first',
        description: 'counts are of all jobs that match task and q, whatever their status.',
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
    async ({ query }) => {
      const { task, q } = query;
      const [page, counts] = await Promise.all([queue.list(query), queue.counts({ task, q })]);
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
