/** How many requests one client may send in a minute; beyond it 429 with Retry-After. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillError } from '../core/errors.ts';

const MINUTE_MS = 60_000;
/** Clients that are remembered; the least recently seen are forgotten first. */
const CLIENTS = 10_000;
const HEALTH = new Set(['/healthz', '/readyz']);

export function addRateLimits(app: FastifyInstance, perMinute: number): void {
  app.register(rateLimit, {
    // Also without a limit: wrong keys are counted by the same plugin.
    global: perMinute > 0,
    max: perMinute,
    timeWindow: MINUTE_MS,
    cache: CLIENTS,
    keyGenerator: (request) => request.caller?.owner ?? request.ip,
    allowList: (request) => HEALTH.has(request.routeOptions.url ?? '') || isOwnMachine(request),
    errorResponseBuilder: (_, { max, ttl }) =>
      new MillError(
        'rate_limited',
        `More than ${max} requests in a minute. Wait ${Math.ceil(ttl / 1000)} s.`,
        {
          facts: { limit: max, retry_after_s: Math.ceil(ttl / 1000) },
        },
      ),
  });
}

/** Scripts of whoever runs the program without keys may hand in as fast as they can. */
function isOwnMachine({ caller, ip }: FastifyRequest): boolean {
  return caller?.owner === null && (ip === '::1' || /^(::ffff:)?127\./.test(ip));
}
