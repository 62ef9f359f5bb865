import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SCOPES } from '../../auth/keys.ts';
import { SESSION_SECONDS } from '../../auth/sessions.ts';
import { MillError } from '../../core/errors.ts';
import { credentialsOf, keyOf, SESSION_COOKIE } from '../auth/authenticate.ts';
import type { App, Context } from '../context.ts';
import { failures } from '../schemas.ts';

const sessionSchema = z
  .object({
    required: z.boolean().describe('Does this server want a key at all?'),
    name: z.string().nullable().describe('Name of the key; null while nobody is logged in.'),
    scopes: z.array(z.enum(SCOPES)).describe('What may be done; empty while nobody is logged in.'),
  })
  .meta({ id: 'Session' });

export function sessionRoutes(app: App, { security, config }: Context): void {
  const { keys, sessions } = security;
  const tags = ['System'];
  /** Each try costs the client a turn: keys cannot be guessed, but they can be tried. */
  const rateLimit = { max: 20, timeWindow: 60_000, keyGenerator: byAddress };

  app.get(
    '/api/session',
    {
      schema: {
        tags,
        summary: 'Is a key needed, and who is logged in',
        response: { 200: sessionSchema, ...failures },
      },
    },
    async (request) => {
      if (!(await keys.required())) return { required: false, name: null, scopes: [...SCOPES] };
      const given = credentialsOf(request);
      const key = given && (await keyOf(security, given));
      return { required: true, name: key?.name ?? null, scopes: key ? key.scopes : [] };
    },
  );

  app.post(
    '/api/session',
    {
      config: config.server.rate_limit > 0 ? { rateLimit } : {},
      schema: {
        tags,
        summary: 'Log in with an API key',
        description: 'Sets a cookie that only this site gets, and no script can read, for seven days.',
        body: z.strictObject({ key: z.string().min(1).max(200) }),
        response: { 200: sessionSchema, ...failures },
      },
    },
    async (request, reply) => {
      const key = await keys.verify(request.body.key.trim());
      if (!key) throw new MillError('unauthorized', 'This API key is wrong, or was revoked.');
      setCookie(request, reply, await sessions.begin(key), SESSION_SECONDS);
      return { required: true, name: key.name, scopes: key.scopes };
    },
  );

  app.delete(
    '/api/session',
    { schema: { tags, summary: 'Log out', response: { 200: sessionSchema, ...failures } } },
    async (request, reply) => {
      const given = credentialsOf(request);
      if (given?.kind === 'session') await sessions.end(given.token);
      setCookie(request, reply, '', 0);
      return { required: await keys.required(), name: null, scopes: [] };
    },
  );
}

function setCookie(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

function byAddress({ ip }: FastifyRequest): string {
  return `login ${ip}`;
}
