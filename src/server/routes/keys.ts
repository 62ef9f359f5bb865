import { z } from 'zod';
import { SCOPES } from '../../auth/keys.ts';
import { MillError } from '../../core/errors.ts';
import { checkWebhookUrl } from '../../webhooks/url.ts';
import type { App, Context } from '../context.ts';
import { failures, jobIdSchema } from '../schemas.ts';

const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    created_at: z.string(),
    last_used_at: z.string().nullable().describe('To the minute.'),
    revoked_at: z.string().nullable(),
    webhook_url: z.string().nullable(),
    quota_bytes: z.number().nullable(),
  })
  .meta({ id: 'ApiKey' });

const newKey = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).default(['read', 'submit']),
  webhook_url: z.string().max(2048).nullish().describe('Told of each job of this key that names no other.'),
  quota_bytes: z.int().min(1).nullish().describe('Most bytes of uploads; default no limit.'),
});

export function keyRoutes(app: App, { security, config }: Context): void {
  const { keys } = security;
  const tags = ['System'];

  app.get(
    '/api/keys',
    {
      schema: {
        tags,
        summary: 'API keys, without what they are',
        response: { 200: z.object({ keys: z.array(keySchema) }), ...failures },
      },
    },
    async () => ({ keys: await keys.list() }),
  );

  app.post(
    '/api/keys',
    {
      schema: {
        tags,
        summary: 'Make an API key',
        description: 'Answers the key itself, once. The first key is made with `mediamill keys create`.',
        body: newKey,
        response: {
          200: z.object({ key: keySchema, token: z.string(), webhook_secret: z.string() }),
          ...failures,
        },
      },
    },
    async ({ body, caller }) => {
      // Else the first one to find an open server could lock everybody else out.
      if (caller.owner === null) {
        throw new MillError(
          'forbidden',
          'The first key is made on the machine itself, with `mediamill keys create`.',
        );
      }
      if (body.webhook_url) checkWebhookUrl(body.webhook_url, config.network.allow);
      return keys.create(body);
    },
  );

  app.delete(
    '/api/keys/:id',
    {
      schema: {
        tags,
        summary: 'Revoke an API key',
        description: 'At once, with all of its sessions.',
        params: jobIdSchema,
        response: { 200: keySchema, ...failures },
      },
    },
    ({ params }) => keys.revoke(params.id),
  );
}
