import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { App, Context } from '../context.ts';
import { failures, jobIdSchema, jobSchema } from '../schemas.ts';
import { getJob } from './jobs.ts';

const removeQuery = z.strictObject({
  files: z.stringbool().optional().describe('`true` deletes what the job has written, too; default false.'),
});

export function jobActionRoutes(app: App, { queue, storage }: Context): void {
  app.post(
    '/api/jobs/:id/cancel',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Cancel a job',
        description: 'A waiting job is canceled at once; a started one as soon as its worker has stopped it.',
        params: jobIdSchema,
        response: { 200: jobSchema, ...failures },
      },
    },
    ({ params }) => queue.cancel(params.id),
  );

  app.post(
    '/api/jobs/:id/retry',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Run an ended job again',
        description: 'Under the same id, with attempts counted anew.',
        params: jobIdSchema,
        response: { 200: jobSchema, ...failures },
      },
    },
    ({ params }) => queue.retry(params.id),
  );

  app.delete(
    '/api/jobs/:id',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Forget a job',
        description: 'A started job must be canceled first.',
        params: jobIdSchema,
        querystring: removeQuery,
        response: {
          200: z.object({ removed: z.literal(true), job_id: z.string(), files_removed: z.boolean() }),
          ...failures,
        },
      },
    },
    async ({ params, query }) => {
      const { id } = params;
      // Only what this job has published: what else stands at that path is not its own.
      const output = query.files ? ((await getJob(queue, id)).result?.output_path ?? null) : null;
      if (output) await refuseWhileUsed(output, id);
      await queue.remove(id);
      const files_removed = output !== null && (await storage.remove(output));
      return { removed: true as const, job_id: id, files_removed };
    },
  );

  async function refuseWhileUsed(path: string, id: string): Promise<void> {
    const others = (await queue.usersOf(path)).filter((user) => user !== id);
    if (others.length === 0) return;
    throw new MillError('in_use', `"${path}" is still needed by ${others.length} other job(s).`, {
      facts: { jobs: others },
    });
  }
}
