/** Requests that no route takes: 405 with the methods of the address, or 404. */
import type { FastifyInstance } from 'fastify';
import { MillError } from '../core/errors.ts';
import { sendProblem } from './problems.ts';

/** Must be called before any route is added. */
export function answerUnmatched(app: FastifyInstance): void {
  const routes: { pattern: RegExp; methods: string[] }[] = [];

  app.addHook('onRoute', ({ url, method }) => {
    const pattern = url
      .split('/')
      .map((part) =>
        part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('/');
    routes.push({ pattern: new RegExp(`^${pattern}$`), methods: [method].flat() });
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = new Set(
      routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods),
    );
    if (allowed.size === 0) {
      const what = `${request.method} ${path.slice(0, 200)}`;
      return sendProblem(request, reply, new MillError('not_found', `There is no route for ${what}.`));
    }
    reply.header('allow', [...allowed].sort().join(', '));
    return sendProblem(
      request,
      reply,
      new MillError('method_not_allowed', `This address takes ${[...allowed].sort().join(', ')}.`),
    );
  });
}
