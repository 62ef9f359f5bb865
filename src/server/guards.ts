/** What stands before every route: headers for browsers, cross-site requests, clients that hold on too long. */

import { isIP } from 'node:net';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../core/config.ts';
import { MillError } from '../core/errors.ts';
import type { Limits } from './limits.ts';

/** Set by proxies; a page of another site cannot set them without being asked first (CORS), which nobody answers. */
const FORWARDING_HEADERS = ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via'];
/** Asked by whatever name an orchestrator has for this machine. */
const HEALTH = new Set(['/healthz', '/readyz']);
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Scripts, styles and connections of our own origin only; nothing inline, nothing framed. */
const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'media-src': ["'self'", 'blob:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** `bucket`: the origin that pages may send uploads to, besides our own. */
export function addGuards(
  app: FastifyInstance,
  limits: Limits,
  server: Config['server'],
  bucket?: string,
): void {
  const connect = bucket ? { 'connect-src': ["'self'", bucket] } : {};
  app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { ...CONTENT_SECURITY_POLICY, ...connect } },
    // TLS is the business of whoever puts a proxy in front.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'same-origin' },
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
    if (!HEALTH.has(request.routeOptions.url ?? '')) refuseForeignName(request, server);
    refuseCrossSite(request);
    cutSlowBody(request, limits);
  });
  app.addHook('onResponse', async (request) => dropRestOfBody(request, limits));
}

/**
 * A site can let its own name lead to 127.0.0.1 (DNS rebinding), and is then of the same origin for the browser. So a
 * server for this machine alone answers to no foreign names. Behind a public address keys do that.
 */
function refuseForeignName(request: FastifyRequest, { host: bound, insecure }: Config['server']): void {
  const local = bound === 'localhost' || bound === '::1' || bound.startsWith('127.');
  if (!local || insecure) return;
  const name = URL.parse(`http://${request.headers.host ?? ''}`)?.hostname.replace(/^\[(.*)\]$/, '$1');
  if (name === undefined || isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return;
  if (FORWARDING_HEADERS.some((header) => request.headers[header] !== undefined)) return;
  throw new MillError('cross_site_request', `This server does not go by the name "${name.slice(0, 100)}".`);
}

/** A page of another site must not change anything here, whatever the user's browser is logged in to. */
function refuseCrossSite(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const foreign = site === undefined ? isForeign(origin, host) : site !== 'same-origin' && site !== 'none';
  if (foreign) throw new MillError('cross_site_request');
}

/** For browsers that do not say where they come from: addresses other than https and localhost. */
function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function cutSlowBody(request: FastifyRequest, limits: Limits): void {
  const { raw } = request;
  if (raw.complete || !hasBody(request)) return;
  const { socket } = raw;
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    if (raw.complete || raw.destroyed) {
      clearInterval(timer);
    } else if (socket.bytesRead - seen < limits.window_min_bytes) {
      request.log.info('cut a client that sends its body too slowly');
      raw.destroy();
    }
    seen = socket.bytesRead;
  }, limits.window_ms);
  timer.unref();
  raw.once('close', () => clearInterval(timer));
}

/**
 * A client that is answered before it has sent everything, such as with 413, would see its connection reset
 * instead of the answer. So the rest is read and dropped for a while, and only then the connection is cut.
 */
function dropRestOfBody(request: FastifyRequest, limits: Limits): void {
  const { raw } = request;
  if (raw.complete || raw.destroyed || !hasBody(request)) return;
  raw.unpipe();
  raw.resume();
  const timer = setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, limits.linger_ms);
  timer.unref();
  raw.once('end', () => clearTimeout(timer));
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
