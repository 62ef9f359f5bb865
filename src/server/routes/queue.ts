/** The queue as a whole and the workers on it: looked at, paused, resumed. */
import { z } from 'zod';
import { queueOf } from '../auth/own-queue.ts';
import type { App, Context } from '../context.ts';
import { countsSchema, failures, pauseSchema, workerSchema } from '../schemas.ts';

const LONGEST_REASON = 500;

const reasonBody = z
  .strictObject({
    reason: z.string().max(LONGEST_REASON).optional().describe('Shown wherever the pause is shown.'),
  })
  .nullish();

const workerId = z.object({ id: z.string().min(1).max(500) });
const accepted = z.object({
  worker_id: z.string(),
  state: z.enum(['running', 'paused']).describe('What is wanted of it; the worker follows within moments.'),
});

export function queueRoutes(app: App, { queue }: Context): void {
  app.get(
    '/api/queue',
    {
      schema: {
        tags: ['Queue'],
        summary: 'Is the queue paused, and what does it hold',
        response: { 200: z.intersection(pauseSchema, z.object({ counts: countsSchema })), ...failures },
      },
    },
    async ({ caller }) => {
      const [state, counts] = await Promise.all([queue.pauseState(), queueOf(queue, caller).counts()]);
      return { ...state, counts };
    },
  );

  app.post(
    '/api/queue/pause',
    {
      schema: {
        tags: ['Queue'],
        summary: 'Start nothing new',
        description:
          'For all workers, until it is resumed, also after a restart. Jobs that run go on, and new ones are taken in.',
        body: reasonBody,
        response: { 200: pauseSchema, ...failures },
      },
    },
    ({ body }) => queue.pause(body?.reason),
  );

  app.post(
    '/api/queue/resume',
    { schema: { tags: ['Queue'], summary: 'Start jobs again', response: { 200: pauseSchema, ...failures } } },
    () => queue.resume(),
  );

  app.get(
    '/api/workers',
    {
      schema: {
        tags: ['Queue'],
        summary: 'Workers that are alive',
        response: { 200: z.object({ workers: z.array(workerSchema) }), ...failures },
      },
    },
    async () => ({ workers: await queue.workers() }),
  );

  app.post(
    '/api/workers/:id/pause',
    {
      schema: {
        tags: ['Queue'],
        summary: 'Let one worker take no more jobs',
        description: 'Its running jobs go on. A worker that is started anew is not paused.',
        params: workerId,
        body: reasonBody,
        response: { 200: accepted, ...failures },
      },
    },
    async ({ params: { id }, body }) => {
      const { state } = await queue.wish(id, {
        state: 'paused',
        ...(body?.reason && { reason: body.reason }),
      });
      return { worker_id: id, state };
    },
  );

  app.post(
    '/api/workers/:id/resume',
    {
      schema: {
        tags: ['Queue'],
        summary: 'Let a paused worker take jobs again',
        description: 'Also one that paused itself after failures in a row.',
        params: workerId,
        response: { 200: accepted, ...failures },
      },
    },
    async ({ params: { id } }) => {
      const { state } = await queue.wish(id, { state: 'running' });
      return { worker_id: id, state };
    },
  );
}
