/** Finds out who asks: by an API key in a header, or by the session cookie of the page. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ANYBODY, type Caller, callerOf, mayDo } from '../../auth/caller.ts';
import type { ApiKey } from '../../auth/keys.ts';
import { MillError } from '../../core/errors.ts';
import type { Security } from '../context.ts';
import { accessOf } from './access.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null on routes that are open to everybody. */
    caller: Caller;
  }
}

export const SESSION_COOKIE = 'mediamill_session';
/** Wrong keys from one address in a minute, before it has to wait. */
const WRONG_KEYS_A_MINUTE = 30;

export function addAuthentication(app: FastifyInstance, security: Security): void {
  app.decorateRequest('caller', null as unknown as Caller);
  let countWrong: ReturnType<FastifyInstance['createRateLimit']> | undefined;

  /** Guessing is hopeless already; this keeps it out of the log and off the disk. */
  async function wrongKey(request: FastifyRequest): Promise<MillError> {
    countWrong ??= app.createRateLimit({
      max: WRONG_KEYS_A_MINUTE,
      timeWindow: 60_000,
      keyGenerator: ({ ip }) => `wrong key ${ip}`,
    });
    const count = await countWrong(request);
    if (!count.isAllowed && count.isExceeded) {
      return new MillError(
        'rate_limited',
        `Too many wrong keys from this address. Wait ${count.ttlInSeconds} s.`,
        {
          facts: { retry_after_s: count.ttlInSeconds },
        },
      );
    }
    return new MillError('unauthorized', 'This API key is wrong, or was revoked.');
  }

  app.addHook('onRequest', async (request, reply) => {
    const access = accessOf(request);
    if (access === 'open') return;
    if (!(await security.keys.required())) {
      request.caller = ANYBODY;
      return;
    }
    const given = credentialsOf(request);
    const key = given && (await keyOf(security, given));
    if (!key) {
      reply.header('www-authenticate', 'Bearer realm="mediamill"');
      if (given?.kind === 'key') {
        const error = await wrongKey(request);
        if (error.facts?.retry_after_s) reply.header('retry-after', String(error.facts.retry_after_s));
        throw error;
      }
      throw new MillError('unauthorized', given ? 'The session has ended.' : undefined);
    }
    request.caller = callerOf(key);
    if (mayDo(request.caller, access)) return;
    throw new MillError('forbidden', `This needs a key with the scope "${access}".`, {
      facts: { scope: access },
    });
  });
}

export type Credentials = { kind: 'key' | 'session'; token: string };

export function credentialsOf({ headers }: FastifyRequest): Credentials | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const token = bearer ?? [headers['x-api-key']].flat()[0];
  if (token) return { kind: 'key', token };
  const cookie = sessionCookie(headers.cookie);
  return cookie === null ? null : { kind: 'session', token: cookie };
}

export function keyOf({ keys, sessions }: Security, { kind, token }: Credentials): Promise<ApiKey | null> {
  return kind === 'key' ? keys.verify(token) : sessions.find(token);
}

/** https://www.rfc-editor.org/rfc/rfc6265#section-5.4 */
function sessionCookie(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return null;
}
