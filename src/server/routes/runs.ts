import type { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { FINAL_STATUSES, type JobRecord } from '../../queue/port.ts';
import { actorOf } from '../actor.ts';
import { queueOf } from '../auth/own-queue.ts';
import { actOn } from '../bulk-actions.ts';
import type { App, Context } from '../context.ts';
import { runRequestSchema, submitRun, uncheckedRunRequest } from '../recipe-run.ts';
import { originOf } from '../request-tracer.ts';
import { jobsOfRun, runSchema, viewOfRun } from '../run-view.ts';
import { failures, jobIdSchema } from '../schemas.ts';
import { validatorCompiler } from '../validation.ts';

const answer = { 200: runSchema, ...failures };

export function runRoutes(app: App, context: Context): void {
  const { queue, registry, storage, recipes, config, security } = context;
  const tags = ['Recipes'];

  app.post(
    '/api/recipes/run',
    {
      validatorCompiler: () => validatorCompiler({ schema: uncheckedRunRequest } as never),
      schema: {
        tags,
        summary: 'Run a recipe on a file',
        description:
          'Every step becomes a job of its own; steps that read the same file are done in one pass. All jobs are durable when this answers, or none. A webhook_url is told of every step.',
        body: runRequestSchema,
        response: { 202: runSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { caller } = request;
      const own = queueOf(queue, caller);
      const jobs = await submitRun(
        {
          registry,
          storage,
          recipes,
          queue: own,
          attempts: config.queue.attempts,
          webhookAllow: config.network.allow,
          access: { caller, files: security.files },
          origin: originOf(request),
        },
        request.body,
      );
      reply.code(202);
      return viewOfRun(jobs, Date.now());
    },
  );

  app.get(
    '/api/runs/:id',
    { schema: { tags, summary: 'A run of a recipe', params: jobIdSchema, response: answer } },
    async ({ params, caller }) => viewOfRun(await jobsOfRun(queueOf(queue, caller), params.id), Date.now()),
  );

  app.post(
    '/api/runs/:id/retry',
    {
      schema: {
        tags,
        summary: 'Do the steps again that failed or were canceled',
        description: 'What has finished stays as it is. 409 `conflict` when there is no such step.',
        params: jobIdSchema,
        response: answer,
      },
    },
    (request) =>
      change(
        request,
        'retry',
        ({ status }) => status === 'failed' || status === 'canceled',
        'No step has failed.',
      ),
  );

  app.post(
    '/api/runs/:id/cancel',
    {
      schema: {
        tags,
        summary: 'Cancel what has not ended of a run',
        description: 'What has finished stays. 409 `conflict` when all steps have ended.',
        params: jobIdSchema,
        response: answer,
      },
    },
    (request) =>
      change(request, 'cancel', ({ status }) => !FINAL_STATUSES.includes(status), 'All steps have ended.'),
  );

  async function change(
    request: Parameters<typeof actorOf>[0] & {
      params: { id: string };
      caller: Parameters<typeof queueOf>[1];
    },
    action: 'retry' | 'cancel',
    concerns: (job: JobRecord) => boolean,
    otherwise: string,
  ): Promise<z.output<typeof runSchema>> {
    const own = queueOf(queue, request.caller);
    const { id } = request.params;
    const ids = (await jobsOfRun(own, id)).filter(concerns).map((job) => job.id);
    if (ids.length === 0) throw new MillError('conflict', otherwise, { facts: { id } });
    // A step is canceled before the one it waits for, and retried after it.
    for (const job of action === 'cancel' ? ids.toReversed() : ids) {
      await actOn(own, { action, ids: [job] }, actorOf(request));
    }
    return viewOfRun(await jobsOfRun(own, id), Date.now());
  }
}
