/** Reads a multipart form with one file: streamed into the storage while it comes in, forgotten if anything fails. */
import '@fastify/multipart'; // its types: request.parts()
import type { FastifyRequest } from 'fastify';
import { MillError } from '../core/errors.ts';
import type { Upload } from '../storage/port.ts';
import type { Context } from './context.ts';
import { acceptUpload, discardUpload } from './uploads.ts';
import { unknownKey } from './validation.ts';

export interface UploadForm {
  upload: Upload | null;
  fields: Record<string, unknown>;
}

/** What a multipart body is longer than its file: boundaries, headers and fields. */
const ENVELOPE_BYTES = 1024 * 1024;
const MAX_FIELDS = 32;

/** `check` sees the fields that came before the file, so that a hopeless upload can be refused at its start. */
export async function readForm(
  request: FastifyRequest,
  context: Context,
  known: readonly string[],
  check: (fields: Record<string, unknown>) => void = () => {},
): Promise<UploadForm> {
  if (!request.isMultipart()) {
    throw new MillError(
      'unsupported_content_type',
      'Send multipart/form-data with the file in the field "file".',
    );
  }
  const maxBytes = context.config.server.max_upload_bytes;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + ENVELOPE_BYTES) throw tooLarge(maxBytes);
  const limits = {
    // One byte more than allowed, so that the storage sees that there is more and refuses it.
    fileSize: maxBytes + 1,
    files: 1,
    fields: MAX_FIELDS,
    fieldSize: context.config.server.max_body_bytes,
    headerPairs: 100,
  };
  const form: UploadForm = { upload: null, fields: {} };
  try {
    for await (const part of request.parts({ limits })) {
      if (!known.includes(part.fieldname)) {
        throw new MillError('invalid_request', unknownKey(part.fieldname, [], known).message, {
          facts: { field: part.fieldname },
        });
      }
      if (part.type === 'file') {
        if (part.fieldname !== 'file') throw fieldError(part.fieldname, 'must not be a file');
        check(form.fields);
        const announced = Number(request.headers['content-length'] ?? 0) - ENVELOPE_BYTES;
        form.upload = await acceptUpload(context, request.caller, part.file, {
          announced: Math.max(0, announced),
          originalName: part.filename,
        });
      } else {
        if (part.fieldname === 'file') throw fieldError('file', 'must be a file, with a file name');
        if (Object.hasOwn(form.fields, part.fieldname)) throw fieldError(part.fieldname, 'is there twice');
        if (part.valueTruncated) throw fieldError(part.fieldname, 'is too long');
        form.fields[part.fieldname] = part.value;
      }
    }
    return form;
  } catch (error) {
    if (form.upload) await discardUpload(context, form.upload);
    // Ours and Fastify's errors have codes; what has none is the parser's word about a malformed form.
    if (error instanceof Error && !('code' in error)) {
      throw new MillError('invalid_request', 'The body is not a complete multipart form.', { cause: error });
    }
    throw error;
  }
}

export function fieldError(field: string, what: string): MillError {
  return new MillError('invalid_request', `"${field}" ${what}.`, { facts: { field } });
}

function tooLarge(maxBytes: number): MillError {
  return new MillError('payload_too_large', `The file is larger than the ${maxBytes} bytes allowed here.`, {
    facts: { limit_bytes: maxBytes },
  });
}
