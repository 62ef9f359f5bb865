/** Every answer that is not a success is a problem document of RFC 9457, made here from the error table. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, type ErrorCode, MillError, toMillError } from '../core/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export interface Problem {
  /** Names the kind of problem; not a page. */
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  /** What happened this time. */
  detail: string;
  /** What to do about it. */
  next: string;
  /** The detail again, where clients of the reference look for it. */
  error: string;
  [fact: string]: unknown;
}

export function toProblem(error: MillError): Problem {
  const { status, title, next } = ERRORS[error.code];
  // What went wrong inside is for the log: its words may name files and modules of the host.
  const detail =
    error.code === 'internal' ? `${title}.` : status < 500 ? error.message : withoutHostPaths(error.message);
  return {
    ...error.facts,
    type: `urn:mediamill:problem:${error.code}`,
    title,
    status,
    code: error.code,
    detail,
    next,
    error: detail,
  };
}

/** Drivers name their files in what they say; the log keeps it. */
function withoutHostPaths(text: string): string {
  return text.replace(/(^|[\s"'(])\.{0,2}\/(?!data\/(?:input|output)\b|api\/)[^\s"')]+/g, '$1…');
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: MillError): FastifyReply {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    problem.request_id = request.id;
    request.log.error({ err: error, cause: error.cause }, error.message);
  } else {
    request.log.debug({ code: error.code }, error.message);
  }
  // What was prepared for the answer that did not come about.
  for (const header of ['content-length', 'content-disposition', 'content-range', 'etag', 'last-modified']) {
    if (header !== 'content-range' || problem.status !== 416) reply.removeHeader(header);
  }
  return (
    reply
      .code(problem.status)
      // Lists ask for pictures again and again; what has none now gets none in a minute.
      .header('cache-control', error.code === 'no_preview' ? 'private, max-age=60' : 'no-store')
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problem))
  );
}

/** Fastify's own errors, by their codes: https://fastify.dev/docs/latest/Reference/Errors/ */
const FRAMEWORK: Record<string, [ErrorCode, string?]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_content_type'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: ['unsupported_content_type'],
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload_too_large',
    'The body is larger than [server] max_body_bytes allows.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_request', 'The body is empty, but its content type says JSON.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_request', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body does not have the length it announced.'],
  FST_ERR_BAD_URL: ['invalid_request', 'The address is not a valid URL path.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found'],
  FST_REQ_FILE_TOO_LARGE: ['payload_too_large'],
  FST_FILES_LIMIT: ['invalid_request', 'One request takes one file.'],
  FST_FIELDS_LIMIT: ['invalid_request', 'The form has too many fields.'],
  FST_PARTS_LIMIT: ['invalid_request', 'The form has too many parts.'],
  FST_PROTO_VIOLATION: ['invalid_request', 'The form has a field of a forbidden name.'],
  FST_INVALID_JSON_FIELD_ERROR: ['invalid_request', 'A JSON field of the form is not valid JSON.'],
  FST_MP_PREMATURE_CLOSE: ['invalid_request', 'The upload broke off before its end.'],
};

export function fromThrown(error: unknown): MillError {
  if (error instanceof MillError) return error;
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>;
  const [known, detail] = FRAMEWORK[code ?? ''] ?? [];
  if (known) return new MillError(known, detail, { cause: error });
  if (error instanceof SyntaxError && statusCode === 400) {
    return new MillError('invalid_request', 'The body is not valid JSON.', { cause: error });
  }
  if (statusCode === 413) return new MillError('payload_too_large', undefined, { cause: error });
  if (statusCode === 415) return new MillError('unsupported_content_type', undefined, { cause: error });
  if (statusCode === 404) return new MillError('not_found', undefined, { cause: error });
  if (statusCode && statusCode >= 400 && statusCode < 500) {
    return new MillError('invalid_request', 'The request could not be read.', { cause: error });
  }
  return toMillError(error);
}

/** Bytes that are not HTTP, or not in time: answered on the bare socket. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new MillError('request_timeout')
      : new MillError('invalid_request', 'This is not a valid HTTP request.'),
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
