/**
 * Whoever is no administrator sees only its own jobs and files. Checked here for every route below /api/jobs/<id>
 * and /api/files/<id>, so that a new one cannot forget it; what belongs to others looks as if it were not there.
 */
import type { FastifyInstance } from 'fastify';
import { sees } from '../../auth/caller.ts';
import { MillError } from '../../core/errors.ts';
import type { Queue } from '../../queue/port.ts';
import type { Storage } from '../../storage/port.ts';
import type { Security } from '../context.ts';

export interface OwnershipPorts {
  queue: Pick<Queue, 'get'>;
  storage: Pick<Storage, 'resolve'>;
  security: Security;
}

export function addOwnership(app: FastifyInstance, { queue, storage, security }: OwnershipPorts): void {
  app.addHook('preHandler', async (request) => {
    const { caller } = request;
    if (!caller || caller.admin) return;
    const { url = '' } = request.routeOptions;
    const [first] = Object.values((request.params ?? {}) as Record<string, string>);
    if (url.startsWith('/api/jobs/:') && first !== undefined) {
      const job = await queue.get(first);
      if (!job || !sees(caller, job.owner)) {
        throw new MillError('job_not_found', `There is no job "${first}".`, { facts: { id: first } });
      }
    }
    const { path } = (request.body ?? {}) as { path?: unknown };
    const file = url.startsWith('/api/files/:') ? first : url === '/api/files/info' ? path : undefined;
    if (typeof file === 'string')
      await security.files.mustRead(caller, await storage.resolve(file, 'read'), file);
  });
}
