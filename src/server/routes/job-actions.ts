import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { JOB_STATUSES } from '../../queue/port.ts';
import { actorOf } from '../actor.ts';
import { queueOf } from '../auth/own-queue.ts';
import { ACTIONS, actOn, MAX_IDS } from '../bulk-actions.ts';
import type { App, Context } from '../context.ts';
import { failures, jobIdSchema, jobSchema } from '../schemas.ts';
import { createdAfter, getJob } from './jobs.ts';

const removeQuery = z.strictObject({
  files: z.stringbool().optional().describe('`true` deletes what the job has written, too; default false.'),
});

const actionsBody = z
  .strictObject({
    action: z.enum(ACTIONS),
    ids: z.array(z.string().min(1).max(200)).min(1).max(MAX_IDS).optional().describe('These jobs.'),
    filter: z
      .strictObject({
        status: z
          .array(z.enum(JOB_STATUSES))
          .min(1)
          .optional()
          .describe(
            'Default: for `cancel` all that have not ended, for `retry` failed, for `delete` all that have ended.',
          ),
        task: z.string().max(100).optional(),
        q: z.string().max(200).optional().describe('Text in id, task, paths or error.'),
        created_after: createdAfter,
        ended_before: z.iso
          .datetime({ offset: true })
          .optional()
          .describe('Only jobs that had ended by then. For those who look first and act later.'),
      })
      .optional()
      .describe('All jobs that match.'),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: 'give either ids or filter',
  });

const actionsAnswer = z.object({
  done: z.number(),
  ids: z.array(z.string()).describe(`Of what was done, ${MAX_IDS} at most.`),
  refused: z
    .array(z.object({ id: z.string(), code: z.string(), detail: z.string() }))
    .describe(`Jobs with which it could not be done, and why, ${MAX_IDS} at most.`),
});

export function jobActionRoutes(app: App, { queue, storage }: Context): void {
  app.post(
    '/api/jobs/actions',
    {
      schema: {
        tags: ['Jobs'],
        summary: 'Cancel, retry or delete many jobs',
        description: 'By their ids, or all that match a filter. Each job is done or refused for itself.',
        body: actionsBody,
        response: { 200: actionsAnswer, ...failures },
      },
    },
    (request) => actOn(queueOf(queue, request.caller), request.body, actorOf(request)),
  );

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
    (request) => queue.cancel(request.params.id, actorOf(request)),
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
    (request) => queue.retry(request.params.id, actorOf(request)),
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
