/** Which routes need which scope. A route that nobody thought of needs a key: reading for GET, `submit` for the rest. */
import type { FastifyRequest } from 'fastify';
import type { Scope } from '../../auth/keys.ts';

/** `open`: answers without a key. */
export type Access = 'open' | Scope;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

const OPEN = new Set(['/healthz', '/readyz', '/api/session']);
/** About everybody's jobs, or about the installation itself. */
const ADMIN = [
  /^\/metrics$/,
  /^\/queues(\/|$)/,
  /^\/api\/keys(\/|$)/,
  /^\/api\/system(\/|$)/,
  /^\/api\/workers(\/|$)/,
];
/** Changed only by administrators; to look is for everybody with a key. */
const ADMIN_WRITES = [/^\/api\/queue(\/|$)/];
/** They ask with a body, and change nothing. */
const ASKING = new Set(['/api/files/info']);

export function accessOf(request: FastifyRequest): Access {
  // There is nothing at that address, and no key changes that.
  if (request.is404) return 'open';
  const { url = '', config } = request.routeOptions;
  if (config.access) return config.access;
  if (OPEN.has(url)) return 'open';
  const reads = request.method === 'GET' || request.method === 'HEAD' || ASKING.has(url);
  if (ADMIN.some((route) => route.test(url))) return 'admin';
  if (!reads && ADMIN_WRITES.some((route) => route.test(url))) return 'admin';
  return reads ? 'read' : 'submit';
}
