import type { FastifyRequest } from 'fastify';
import type { Actor } from '../queue/port.ts';

/** Who sends a request, for the history of a job: it is told, not proven. */
export function actorOf({ headers }: Pick<FastifyRequest, 'headers'>): Actor {
  if (headers['user-agent']?.startsWith('mediamill/')) return 'cli';
  return headers['sec-fetch-site'] === undefined ? 'api' : 'page';
}
