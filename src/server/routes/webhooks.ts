import { z } from 'zod';
import { sees } from '../../auth/caller.ts';
import { MillError } from '../../core/errors.ts';
import { DELIVERY_STATUSES, type Delivery } from '../../webhooks/delivery.ts';
import type { App, Context } from '../context.ts';
import { failures, jobIdSchema } from '../schemas.ts';

const deliverySchema = z
  .object({
    id: z.string().describe('Sent as `webhook-id`; the same in every attempt and replay.'),
    job_id: z.string(),
    event: z.string().describe('`job.finished`, `job.failed` or `job.canceled`.'),
    url: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    created_at: z.string(),
    next_attempt_at: z.string().nullable(),
    attempts: z.array(
      z.object({
        at: z.string(),
        http_status: z.number().nullable(),
        duration_ms: z.number(),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Delivery' });

const listQuery = z.strictObject({
  status: z.enum(DELIVERY_STATUSES).optional(),
  job: z.string().max(200).optional().describe('Only of this job.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(100).optional().describe('next_cursor of the page before.'),
});

export function webhookRoutes(app: App, { deliveries }: Context): void {
  const tags = ['Webhooks'];

  app.get(
    '/api/webhooks/deliveries',
    {
      schema: {
        tags,
        summary: 'Webhooks that were told, or are to be told; newest first',
        querystring: listQuery,
        response: {
          200: z.object({ deliveries: z.array(deliverySchema), next_cursor: z.string().nullable() }),
          ...failures,
        },
      },
    },
    async ({ query, caller }) => {
      const page = await deliveries.list({
        ...query,
        ...(caller.admin ? {} : { owner: caller.owner ?? '' }),
      });
      return { ...page, deliveries: page.deliveries.map(shown) };
    },
  );

  app.get(
    '/api/webhooks/deliveries/:id',
    {
      schema: {
        tags,
        summary: 'One delivery, with what is sent',
        params: jobIdSchema,
        response: { 200: deliverySchema.extend({ payload: z.unknown() }), ...failures },
      },
    },
    async ({ params, caller }) => {
      const delivery = await deliveries.get(params.id);
      mustSee(delivery, sees(caller, delivery.owner));
      return { ...shown(delivery), payload: JSON.parse(delivery.body) };
    },
  );

  app.post(
    '/api/webhooks/deliveries/:id/replay',
    {
      schema: {
        tags,
        summary: 'Tell it again',
        description: 'The same words with the same id and a new signature, as soon as possible.',
        params: jobIdSchema,
        response: { 200: deliverySchema, ...failures },
      },
    },
    async ({ params, caller }) => {
      const delivery = await deliveries.get(params.id);
      mustSee(delivery, sees(caller, delivery.owner));
      return shown(await deliveries.replay(params.id));
    },
  );
}

function mustSee({ id }: Delivery, may: boolean): void {
  if (!may) throw new MillError('delivery_not_found', `There is no delivery "${id}".`);
}

function shown({
  body: _,
  tries: __,
  owner: ___,
  ...delivery
}: Delivery): Omit<Delivery, 'body' | 'tries' | 'owner'> {
  return delivery;
}
