import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import type { StoredObject } from '../../storage/port.ts';
import type { App, Context } from '../context.ts';
import { fileInfo, fileInfoSchema } from '../file-info.ts';
import { PICTURE_ANSWER, pictureQuery, stripQuery } from '../preview-query.ts';
import { failures } from '../schemas.ts';
import { sendFile } from '../send-file.ts';

/** Under its id a file never changes. */
const FOR_A_DAY = 'private, max-age=86400, immutable';

const fileParams = z.object({ file_id: z.uuid().describe('From an upload.') });
const byPath = z.strictObject({
  path: z.string().min(1).max(4096).describe('A file_id, or any path of the storage.'),
});

export function fileRoutes(app: App, context: Context): void {
  const { storage, previews } = context;
  const tags = ['Files'];

  app.get(
    '/api/files/:file_id/info',
    {
      schema: {
        tags,
        summary: 'What an uploaded file is, and what suits it',
        description: 'From its headers; nothing is decoded. Tasks that suit it come with the reason.',
        params: fileParams,
        response: { 200: fileInfoSchema, ...failures },
      },
    },
    async ({ params }) => fileInfo(context, await fileAt(params.file_id)),
  );

  app.post(
    '/api/files/info',
    {
      schema: {
        tags,
        summary: 'What a stored file is, and what suits it',
        description: 'The same for any path of the storage, outputs of jobs among them.',
        body: byPath,
        response: { 200: fileInfoSchema, ...failures },
      },
    },
    async ({ body }) => fileInfo(context, await fileAt(body.path)),
  );

  app.get(
    '/api/files/:file_id/poster',
    {
      schema: {
        tags,
        summary: 'A picture of an uploaded file',
        description:
          'Of a video a moment near its beginning, or the one asked for; of a photo the photo, of sound its cover. 404 `no_preview` for what has none.',
        params: fileParams,
        querystring: pictureQuery,
        response: { 200: PICTURE_ANSWER, ...failures },
      },
    },
    async (request, reply) => {
      const { width, at } = request.query;
      const { path } = await fileAt(request.params.file_id);
      const file = await previews.picture(path, { width, at_s: at });
      return sendFile(request, reply, file, { cacheControl: FOR_A_DAY });
    },
  );

  app.get(
    '/api/files/:file_id/strip',
    {
      schema: {
        tags,
        summary: 'Stills of an uploaded video beside each other',
        description:
          'One image, `count` stills wide, from the middles of equal parts of the announced length.',
        params: fileParams,
        querystring: stripQuery,
        response: { 200: PICTURE_ANSWER, ...failures },
      },
    },
    async (request, reply) => {
      const { path } = await fileAt(request.params.file_id);
      const file = await previews.strip(path, request.query);
      return sendFile(request, reply, file, { cacheControl: FOR_A_DAY });
    },
  );

  async function fileAt(reference: string): Promise<StoredObject> {
    const path = await storage.resolve(reference, 'read');
    const object = await storage.stat(path);
    if (!object) throw new MillError('input_not_found', `There is no file "${path}".`);
    if (object.kind !== 'file') throw new MillError('invalid_request', `"${path}" is a folder, not a file.`);
    return object;
  }
}
