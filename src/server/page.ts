/** Serves the built page: one document for all of its addresses, and its files, which are named by their content. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** From `src/server/` as well as from `dist/server/`. */
const WEB_ROOT = fileURLToPath(new URL('../../web/dist/', import.meta.url));
/** Addresses of the page; it looks at the rest of them itself. */
const ADDRESSES = ['/', '/jobs', '/jobs/:id', '/new', '/system'];
const FILES = ['theme.js', 'icon.svg'];
/** Asked for anew each time and answered with 304, so that a new version shows at once. */
const FRESH = { maxAge: 0, immutable: false };
const YEAR_MS = 365 * 24 * 3600 * 1000;

export function servePage(app: FastifyInstance, root: string = WEB_ROOT): void {
  if (!existsSync(root)) {
    app.log.warn('there is no page: web/dist is missing; `npm start` and `npm run build` make it');
    return;
  }
  // Names in assets/ carry a hash of what is in them; the folder is looked into anew for each request, so that a
  // page that was built again meanwhile is served whole.
  app.register(staticFiles, {
    root: join(root, 'assets'),
    prefix: '/assets/',
    index: false,
    immutable: true,
    maxAge: YEAR_MS,
  });
  for (const file of FILES)
    app.get(`/${file}`, { schema: { hide: true } }, (_, reply) => reply.sendFile(file, root, FRESH));
  const document = (_: unknown, reply: FastifyReply) => reply.sendFile('index.html', root, FRESH);
  for (const url of ADDRESSES) app.get(url, { schema: { hide: true } }, document);
}
