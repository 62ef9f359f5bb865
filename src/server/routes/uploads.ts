import { z } from 'zod';
import type { App, Context } from '../context.ts';
import { fieldError, readForm } from '../form.ts';
import { failures, uploadSchema } from '../schemas.ts';
import { acceptAnyBody } from '../validation.ts';

const form = z.object({ file: z.string().meta({ format: 'binary', description: 'The file.' }) });

export function uploadRoutes(app: App, context: Context): void {
  app.post(
    '/api/upload',
    {
      validatorCompiler: acceptAnyBody,
      schema: {
        tags: ['Files'],
        summary: 'Upload a file',
        description: 'Streamed to the storage under a generated name. The file_id can be used as input_path.',
        consumes: ['multipart/form-data'],
        body: form,
        response: { 200: uploadSchema, ...failures },
      },
    },
    async (request) => {
      const { upload } = await readForm(request, context, ['file']);
      if (!upload) throw fieldError('file', 'is required');
      return upload;
    },
  );
}
