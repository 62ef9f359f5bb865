/** Uploads that go from the client into the bucket, past this server. Only where the storage is one. */
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { DirectAccess } from '../../storage/port.ts';
import type { App, Context } from '../context.ts';
import { failures, uploadSchema } from '../schemas.ts';
import { noteUpload, roomFor } from '../uploads.ts';

const begin = z.strictObject({
  size_bytes: z.int().min(0).describe('Bytes of the file.'),
});

const links = z
  .object({
    file_id: z.string().describe('Names the file when it is registered.'),
    upload_id: z.string().nullable().describe('To be sent back as it is; null when all goes to one link.'),
    method: z.literal('PUT'),
    part_bytes: z.number().describe('Bytes of each part but the last.'),
    parts: z.array(z.object({ number: z.number(), url: z.string() })),
    expires_at: z.string(),
  })
  .meta({ id: 'DirectUpload' });

const fileId = z.strictObject({ file_id: z.uuid() });
const uploadId = z.string().min(1).max(2000).nullish();

const registration = begin.extend({
  upload_id: uploadId.describe('As it was given.'),
  filename: z.string().max(1000).optional().describe('What the file is called, to be shown.'),
});

export function directUploadRoutes(app: App, context: Context): void {
  const { storage } = context;

  app.post(
    '/api/uploads/presign',
    {
      schema: {
        tags: ['Files'],
        summary: 'Get links to upload a file straight into the bucket',
        description:
          'PUT each part to its link, without credentials, then register the file. Small files have one part. Needs [storage] type = "s3".',
        body: begin,
        response: { 200: links, ...failures },
      },
    },
    async ({ body, caller }) => {
      const direct = directOf(context);
      const { maxBytes } = await roomFor(context, caller, body.size_bytes);
      if (body.size_bytes > maxBytes) {
        throw new MillError(
          'payload_too_large',
          `The file is larger than the ${maxBytes} bytes allowed here.`,
          {
            facts: { limit_bytes: maxBytes },
          },
        );
      }
      return direct.beginUpload(body.size_bytes);
    },
  );

  app.post(
    '/api/uploads/presign/:file_id/complete',
    {
      schema: {
        tags: ['Files'],
        summary: 'Register a file that was uploaded by links',
        description:
          'The content decides the extension; the file_id can then be used as input_path. May be sent again when its answer was lost.',
        params: fileId,
        body: registration,
        response: { 200: uploadSchema.omit({ sha256: true }), ...failures },
      },
    },
    async ({ params, body, caller }) => {
      const { maxBytes } = await roomFor(context, caller, 0);
      const upload = await directOf(context).registerUpload(
        { file_id: params.file_id, upload_id: body.upload_id ?? null },
        {
          sizeBytes: body.size_bytes,
          maxBytes,
          ...(body.filename !== undefined && { originalName: body.filename }),
        },
      );
      await noteUpload(context, caller, upload);
      return upload;
    },
  );

  app.delete(
    '/api/uploads/presign/:file_id',
    {
      schema: {
        tags: ['Files'],
        summary: 'Give up an upload by links',
        params: fileId,
        querystring: z.strictObject({ upload_id: uploadId }),
        response: { 200: z.object({ file_id: z.string() }), ...failures },
      },
    },
    async ({ params, query }) => {
      await directOf({ storage }).cancelUpload({
        file_id: params.file_id,
        upload_id: query.upload_id ?? null,
      });
      return params;
    },
  );
}

/** Throws `no_direct_access` where the bytes lie on this machine. */
export function directOf({ storage }: Pick<Context, 'storage'>): DirectAccess {
  if (storage.direct) return storage.direct;
  throw new MillError('no_direct_access');
}
