import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App, Context } from '../context.ts';
import { resumableUploads, type Uploader } from '../resumable/uploads.ts';
import { failures, uploadSchema } from '../schemas.ts';
import { noteUpload, roomFor } from '../uploads.ts';

const PATH = '/api/uploads';
const BODY = 'application/offset+octet-stream';
/** Hidden like everything of ours in the storage. */
const PARTS = '.uploads';

const params = z.object({
  id: z.uuid().describe('The last part of the Location that the creation answered.'),
});
const answers = {
  '2xx': {
    description: 'See https://tus.io/protocols/resumable-upload',
    content: { [BODY]: { schema: z.any() } },
  },
  ...failures,
};

export function resumableRoutes(app: App, context: Context, folder?: string): void {
  const { config, storage } = context;
  const uploads = resumableUploads({
    folder: folder ?? join(config.storage.input_path, PARTS),
    path: PATH,
    maxBytes: config.server.max_upload_bytes,
    expiryMs: config.server.upload_expiry_hours * 3600_000,
    storage,
  });
  app.addHook('onReady', async () => void uploads.sweep().catch(() => {}));
  app.addHook('onClose', async () => uploads.close());
  // The bytes go on as they come.
  app.addContentTypeParser(BODY, (_request, payload, done) => done(null, payload));
  const tags = ['Files'];

  app.route({
    method: ['POST', 'OPTIONS'],
    url: PATH,
    schema: {
      tags,
      summary: 'Begin an upload that can be resumed',
      description:
        'tus 1.0 with creation, creation-with-upload, creation-defer-length, expiration and termination. `Upload-Metadata: filename …` is what the file is called. Location is where the bytes go.',
      response: answers,
    },
    handler: async (request, reply) => speak(request, reply as unknown as FastifyReply),
  });

  app.route({
    method: ['HEAD', 'PATCH', 'DELETE'],
    url: `${PATH}/:id`,
    schema: {
      tags,
      summary: 'Go on with an upload',
      description:
        'tus 1.0: HEAD tells how much there is, PATCH sends more, DELETE forgets it. When all bytes are there the answer has `Upload-File-Id`, which can be used as input_path.',
      params,
      response: answers,
    },
    handler: async (request, reply) => speak(request, reply as unknown as FastifyReply),
  });

  app.get(
    `${PATH}/:id/file`,
    {
      schema: {
        tags,
        summary: 'What an upload became',
        description:
          'The same as the answer of POST /api/upload; 409 `upload_incomplete` while bytes are missing.',
        params,
        response: { 200: uploadSchema, ...failures },
      },
    },
    (request) => uploads.finished(request.params.id, uploaderOf(request)),
  );

  async function speak(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const answer = await uploads.handle(toWeb(request), uploaderOf(request));
    reply.code(answer.status);
    for (const [name, value] of answer.headers) reply.header(name, value);
    return reply.send(answer.body === null ? undefined : await answer.text());
  }

  function uploaderOf({ caller }: FastifyRequest): Uploader {
    return {
      room: async (sizeBytes) => (await roomFor(context, caller, sizeBytes)).maxBytes,
      owns: (upload) => noteUpload(context, caller, upload),
    };
  }
}

/** The same request in the words of https://fetch.spec.whatwg.org. */
function toWeb({ method, url, headers, body }: FastifyRequest): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) given.set(name, [value].flat().join(', '));
  }
  const stream = body instanceof Readable ? (Readable.toWeb(body) as ReadableStream) : null;
  return new Request(new URL(url, 'http://localhost'), {
    method,
    headers: given,
    ...(stream && { body: stream, duplex: 'half' }),
  });
}
