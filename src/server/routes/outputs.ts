import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { JobRecord } from '../../queue/port.ts';
import type { ByteRange, StoredObject } from '../../storage/port.ts';
import { contentDisposition, isInline, mediaTypeOf } from '../content.ts';
import type { App, Context } from '../context.ts';
import { failures, jobIdSchema } from '../schemas.ts';
import { sendFile } from '../send-file.ts';
import { directOf } from './direct-uploads.ts';
import { getJob } from './jobs.ts';

const downloadQuery = z.strictObject({
  download: z.stringbool().optional().describe('`true` offers a download even of media; default false.'),
  presigned: z
    .stringbool()
    .optional()
    .describe('`true` answers with a redirect to a link into the bucket, valid for an hour; default false.'),
});

const listing = z.object({
  output_path: z.string(),
  outputs: z.array(
    z.object({ name: z.string(), size_bytes: z.number(), media_type: z.string(), url: z.string() }),
  ),
});

const fileOrListing = {
  description: 'The bytes, whole or the range asked for; or the list of files of an output folder',
  content: {
    'application/json': { schema: listing },
    'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) },
  },
};

export function outputRoutes(app: App, context: Context): void {
  const { queue, storage } = context;

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/jobs/:id/output',
    schema: {
      tags: ['Files'],
      summary: 'The output of a job',
      description: 'A file with range requests; of an output folder the list of its files.',
      params: jobIdSchema,
      querystring: downloadQuery,
      response: { 200: fileOrListing, ...failures },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { path, object } = await publishedOutput(id);
      if (object.kind === 'file') return send(request, reply, object, request.query);
      const files = await storage.list(path);
      return reply.header('cache-control', 'no-cache').send({
        output_path: path,
        outputs: files.map(({ name, size_bytes }) => ({
          name,
          size_bytes,
          media_type: mediaTypeOf(name),
          url: `/api/jobs/${encodeURIComponent(id)}/output/${name.split('/').map(encodeURIComponent).join('/')}`,
        })),
      });
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/api/jobs/:id/output/*',
    schema: {
      tags: ['Files'],
      summary: 'One file of an output',
      description: 'Named as in `result.outputs`.',
      params: jobIdSchema.extend({ '*': z.string() }),
      querystring: downloadQuery,
      response: { 200: fileOrListing, ...failures },
    },
    handler: async (request, reply) => {
      const { id, '*': name } = request.params;
      const { path, object } = await publishedOutput(id);
      const file = object.kind === 'file' ? namedFile(object, name) : await fileBelow(path, name);
      return send(request, reply, file, request.query);
    },
  });

  async function publishedOutput(id: string): Promise<{ path: string; object: StoredObject }> {
    const job = await getJob(queue, id);
    const path = job.result?.output_path;
    if (!path) throw new MillError('output_not_found', whyNoOutput(job), { facts: { status: job.status } });
    const object = await storage.stat(path);
    if (!object) throw new MillError('output_not_found', `"${path}" was deleted or moved meanwhile.`);
    return { path, object };
  }

  function namedFile(object: StoredObject, name: string): StoredObject {
    if (name === object.name) return object;
    throw new MillError('output_not_found', `The output is one file, "${object.name}".`);
  }

  async function fileBelow(folder: string, name: string): Promise<StoredObject> {
    // Resolved like any path of a client: names may climb, and links may lead out.
    const path = await storage.resolve(`${folder}/${name}`, 'read').catch((error: unknown) => {
      throw error instanceof MillError && error.code === 'input_not_found' ? missing(name) : error;
    });
    const object = path.startsWith(`${folder}/`) ? await storage.stat(path) : null;
    if (object?.kind !== 'file') throw missing(name);
    return object;
  }

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    file: StoredObject,
    { download = false, presigned = false }: z.output<typeof downloadQuery>,
  ) {
    const media_type = mediaTypeOf(file.name);
    if (presigned) {
      const disposition = contentDisposition(file.name, !download && isInline(media_type));
      const link = await directOf(context).downloadLink(file.path, { disposition, mediaType: media_type });
      return reply.header('cache-control', 'no-store').redirect(link, 302);
    }
    const read = (range?: ByteRange) => storage.read(file.path, range);
    return sendFile(request, reply, { ...file, media_type, read }, { download });
  }
}

function missing(name: string): MillError {
  return new MillError('output_not_found', `The output has no file ${JSON.stringify(name)}.`, {
    facts: { name },
  });
}

function whyNoOutput(job: JobRecord): string {
  if (job.status === 'finished') return 'The task of this job writes no output.';
  if (job.status === 'failed' || job.status === 'canceled')
    return `The job ended ${job.status}, without an output.`;
  return `The job is ${job.status}; its output appears when it has finished.`;
}
