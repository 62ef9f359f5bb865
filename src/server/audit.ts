/** Who changed what: one line in the log, and one in a file where the configuration names one. */
import { createWriteStream, type WriteStream } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Ids of the jobs, files, keys and deliveries that the answer names. */
    subjects: string[] | null;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** A batch has up to 1000 jobs; its first ones tell where to look. */
const SUBJECTS = 20;

/** `file` is empty for none. */
export function addAudit(app: FastifyInstance, file: string): void {
  let stream: WriteStream | undefined;
  if (file !== '') {
    stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
    stream.on('error', (err) => app.log.error({ err }, 'the audit file cannot be written'));
    app.addHook('onClose', () => new Promise<void>((done) => stream?.end(done) ?? done()));
  }
  app.decorateRequest('subjects', null);
  app.addHook('preSerialization', async (request, _, payload) => {
    if (!SAFE_METHODS.has(request.method)) request.subjects = subjectsOf(payload);
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    if (SAFE_METHODS.has(request.method)) return;
    const line = describe(request, reply.statusCode);
    app.log.info({ audit: line }, 'audit');
    stream?.write(`${JSON.stringify(line)}\n`);
  });
}

function describe(request: FastifyRequest, status: number): Record<string, unknown> {
  const { id, name } = (request.params ?? {}) as { id?: string; name?: string };
  const named = id ?? name;
  return {
    at: new Date().toISOString(),
    key: request.caller?.owner ?? null,
    name: request.caller?.name ?? null,
    address: request.ip,
    method: request.method,
    route: request.routeOptions.url ?? null,
    about: request.subjects ?? (named === undefined ? [] : [named]),
    status,
  };
}

function subjectsOf(payload: unknown): string[] | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const { job_id, file_id, id, ids, jobs } = payload as Record<string, unknown>;
  const inBatch = Array.isArray(jobs) ? jobs.map((job: { job_id?: unknown }) => job?.job_id) : [];
  const found = [job_id, file_id, id, ids, inBatch].flat().filter((one) => typeof one === 'string');
  return found.length === 0 ? null : (found.slice(0, SUBJECTS) as string[]);
}
