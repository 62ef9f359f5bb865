/**
 * The one table of failures. Every failure in the program is a {@link MillError} with a code from here:
 * the HTTP layer reads `status`, the queue reads `retryable`, people read the detail and `next`.
 * Codes are never reused for another meaning.
 */

interface ErrorKind {
  /** HTTP status of a request that fails this way. */
  status: number;
  /** May the same job succeed if it is simply tried again? */
  retryable: boolean;
  /** One short sentence; RFC 9457 `title`. */
  title: string;
  /** What the reader can do about it. */
  next: string;
}

const kind = (status: number, retryable: boolean, title: string, next: string): ErrorKind => ({
  status,
  retryable,
  title,
  next,
});

export const ERRORS = {
  // The request
  invalid_request: kind(400, false, 'The request is not valid', 'Correct the fields named in the detail.'),
  invalid_params: kind(
    400,
    false,
    'A parameter is not valid',
    'Run `mediamill tasks NAME` to see the parameters of a task.',
  ),
  invalid_config: kind(500, false, 'The configuration is not valid', 'Correct the key named in the detail.'),
  unknown_task: kind(
    400,
    false,
    'There is no such task',
    'Run `mediamill tasks` or GET /api/tasks for the list.',
  ),
  forbidden_option: kind(
    400,
    false,
    'This encoder option is not allowed',
    'Options that read or write files, open URLs or carry filter graphs are refused. Leave it out.',
  ),
  path_outside_storage: kind(
    400,
    false,
    'The path is outside the storage',
    'Use a file_id, a path below /data/input or /data/output, or upload the file first.',
  ),
  input_not_found: kind(
    404,
    false,
    'The input file does not exist',
    'Check the path, or upload the file first.',
  ),
  input_required: kind(400, false, 'This task needs an input file', 'Give input_path.'),
  not_found: kind(404, false, 'There is nothing at this address', 'GET /docs lists the routes.'),
  job_not_found: kind(404, false, 'There is no such job', 'GET /api/jobs lists the jobs.'),
  invalid_recipe: kind(
    400,
    false,
    'The recipe cannot work',
    'Correct the steps named in the detail; `mediamill recipe lint FILE` checks it again.',
  ),
  recipe_not_found: kind(
    404,
    false,
    'There is no such recipe',
    '`mediamill recipe list` or GET /api/recipes lists the recipes.',
  ),
  run_not_found: kind(404, false, 'There is no such run of a recipe', 'Its jobs may have been forgotten.'),
  worker_not_found: kind(
    404,
    false,
    'There is no such worker',
    'GET /api/workers lists those that are alive.',
  ),
  output_not_found: kind(
    404,
    false,
    'The job has no such output',
    'The outputs are listed in the result of the job.',
  ),
  no_preview: kind(
    404,
    false,
    'There is nothing to show of this file',
    'The detail says why. The file itself can still be downloaded.',
  ),
  conflict: kind(
    409,
    false,
    'The state of the job does not allow this',
    'Look at the status of the job first.',
  ),
  in_use: kind(409, false, 'The file is still needed', 'Wait for the jobs that use it, or cancel them.'),
  output_exists: kind(
    409,
    false,
    'Something is in the way of the output',
    'Choose another output_path, or remove what is there.',
  ),
  payload_too_large: kind(
    413,
    false,
    'The upload is too large',
    'Raise [server] max_upload_bytes or send a smaller file.',
  ),
  upload_not_found: kind(
    404,
    false,
    'There is no such upload',
    'It was removed, or nobody went on with it for too long. Begin it again.',
  ),
  no_direct_access: kind(
    409,
    false,
    'This storage gives no links to its files',
    'Links need a bucket: [storage] type = "s3". Upload and download through this server.',
  ),
  upload_incomplete: kind(
    409,
    false,
    'The upload is not complete',
    'Send the missing parts, then register it again.',
  ),
  unsupported_content_type: kind(
    415,
    false,
    'The content type is not supported',
    'Send application/json, or multipart/form-data for uploads.',
  ),
  range_not_satisfiable: kind(
    416,
    false,
    'The range lies outside the file',
    'Ask for a range inside the size of the file.',
  ),
  unauthorized: kind(
    401,
    false,
    'An API key is needed',
    'Send a key as `Authorization: Bearer …`, or log in at the page. `mediamill keys create` makes one.',
  ),
  forbidden: kind(403, false, 'This key may not do that', 'Use a key with the scope named in the detail.'),
  key_not_found: kind(404, false, 'There is no such API key', '`mediamill keys list` lists the keys.'),
  delivery_not_found: kind(
    404,
    false,
    'There is no such webhook delivery',
    'GET /api/webhooks/deliveries lists them.',
  ),
  quota_exceeded: kind(
    413,
    false,
    'The quota of this key is used up',
    'Delete uploads that are no longer needed, or ask for a larger quota.',
  ),
  cross_site_request: kind(
    403,
    false,
    'Another site sent this request',
    'Send it from the page of this server, or without a browser.',
  ),
  method_not_allowed: kind(
    405,
    false,
    'This address does not take that method',
    'The Allow header lists the methods it takes.',
  ),
  request_timeout: kind(
    408,
    true,
    'The request came in too slowly',
    'Check the connection and send it again.',
  ),
  rate_limited: kind(429, true, 'Too many requests', 'Wait for the time in Retry-After.'),
  // The media
  unsupported_media: kind(
    422,
    false,
    'The input is not media this program can read',
    'Check the file; `get_video_info` tells what it is.',
  ),
  no_video_stream: kind(
    422,
    false,
    'The input has no video stream',
    'Choose an audio task, or another file.',
  ),
  no_audio_stream: kind(422, false, 'The input has no audio stream', 'Choose a video task, or another file.'),
  corrupt_media: kind(
    422,
    false,
    'Nothing usable could be decoded from the input',
    'The file is damaged or cut short. Get a new copy of it.',
  ),
  unsupported_output: kind(
    422,
    false,
    'The output format cannot hold this',
    'Choose another extension for output_path.',
  ),
  encoder_unavailable: kind(
    422,
    false,
    'The encoder is not available here',
    '`mediamill doctor` lists the encoders that work; hardware_fallback allows the software one.',
  ),
  checksum_mismatch: kind(
    422,
    false,
    'The checksum does not match',
    'The file differs from what was expected. Get a new copy of it.',
  ),
  invalid_manifest: kind(
    422,
    false,
    'The manifest of the parts cannot be used',
    'Give the manifest.json that split_file_chunks wrote, with its parts beside it.',
  ),
  integrity_failed: kind(422, false, 'The file is damaged', 'The result lists what is wrong with it.'),
  not_compliant: kind(
    422,
    false,
    'The file does not comply with the format',
    'The result lists the checks that failed.',
  ),
  output_verification_failed: kind(
    422,
    false,
    'The result is not what was planned',
    'Nothing was published. The detail says what was planned and what came out.',
  ),
  // Outside
  blocked_address: kind(
    422,
    false,
    'This address may not be contacted',
    'Private addresses are refused unless the configuration allows them.',
  ),
  download_failed: kind(502, true, 'The download failed', 'Check the URL and that the server answers.'),
  download_refused: kind(
    422,
    false,
    'The server does not give this file',
    'Open the URL elsewhere to see what it answers; trying again will not help.',
  ),
  download_too_large: kind(
    422,
    false,
    'The download is larger than allowed',
    'Raise max_bytes, or choose a smaller file.',
  ),
  // The machine
  crashed: kind(
    500,
    true,
    'The worker process crashed',
    'The job is tried again; if it crashes every time the input is likely hostile or triggers a bug.',
  ),
  out_of_memory: kind(
    500,
    true,
    'The job used more memory than it may',
    'Raise [processing] memory_limit_bytes, or use smaller dimensions.',
  ),
  timed_out: kind(
    500,
    false,
    'The job took longer than it may',
    'Raise timeout_seconds for this job or [processing] timeout_seconds.',
  ),
  parent_failed: kind(
    409,
    false,
    'A job that this one depends on did not finish',
    'Retry the other job first, then this one.',
  ),
  canceled: kind(409, false, 'The job was canceled', 'Retry the job to run it again.'),
  lease_lost: kind(
    409,
    true,
    'Another worker has taken the job over',
    'Nothing to do: the other worker finishes it.',
  ),
  disk_full: kind(
    507,
    true,
    'There is no space left on the disk',
    'Free some space; the job can then be retried.',
  ),
  output_not_writable: kind(
    500,
    false,
    'The output cannot be written',
    'Check the permissions of the output folder.',
  ),
  engine_failed: kind(500, true, 'FFmpeg reported an error', "The detail has FFmpeg's last words."),
  queue_unavailable: kind(
    503,
    true,
    'The queue cannot be reached',
    'Check the database or Redis; try again in a moment.',
  ),
  storage_unavailable: kind(
    503,
    true,
    'The storage cannot be reached',
    'Check the folder or the bucket; try again in a moment.',
  ),
  storage_denied: kind(
    503,
    false,
    'The bucket refuses these credentials',
    'Check the access key, its secret and what it may do; `mediamill doctor` tries all of it.',
  ),
  bucket_not_found: kind(
    503,
    false,
    'There is no such bucket',
    'Check [storage.s3] bucket, region and endpoint.',
  ),
  unsupported_runtime: kind(
    500,
    false,
    'This runtime is too old',
    'Use the Node version named in package.json, or start through npm.',
  ),
  tool_unavailable: kind(
    500,
    false,
    'A tool that this task needs is missing',
    'Run `npm ci` with optional packages; `mediamill doctor` tells what is missing.',
  ),
  internal: kind(
    500,
    true,
    'Something failed that should not have',
    'The log of the server has the details; please report it.',
  ),
} satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** What is stored with a failed job and sent to clients. Plain JSON. */
export interface Failure {
  code: ErrorCode;
  /** The short sentence of the code. */
  title: string;
  /** What happened this time, in one plain sentence. */
  detail: string;
  /** What to do next. */
  next: string;
  retryable: boolean;
  /**
   * Structured facts a page or a script can use, such as `{ field, nearest }`. Of a source that breaks off: `at_s`,
   * `announced_s` and `found_s`, `announced_frames` and `found_frames`, `stream`. Of a job that broke in the same way
   * before: `attempts_same_place`.
   */
  facts?: Record<string, unknown>;
  /** The last lines that FFmpeg, or the process of the job, printed. */
  log?: string[];
}

/** The only error class that is thrown on purpose. */
export class MillError extends Error {
  readonly code: ErrorCode;
  readonly facts: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    detail?: string,
    options: { facts?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(
      detail ?? `${ERRORS[code].title}.`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'MillError';
    this.code = code;
    this.facts = options.facts;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  toFailure(): Failure {
    const { title, next, retryable } = ERRORS[this.code];
    return {
      code: this.code,
      title,
      detail: this.message,
      next,
      retryable,
      ...(this.facts && { facts: this.facts }),
    };
  }
}

export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERRORS, value);
}

/** Operating-system errors that have a code of their own here. */
const SYSTEM_ERRORS: Record<string, ErrorCode> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EACCES: 'output_not_writable',
  EPERM: 'output_not_writable',
  EROFS: 'output_not_writable',
};

/** Turns anything thrown into a {@link MillError}; unknown errors become `internal`. */
export function toMillError(error: unknown): MillError {
  if (error instanceof MillError) return error;
  if (error instanceof Error) {
    const system = SYSTEM_ERRORS[(error as NodeJS.ErrnoException).code ?? ''];
    if (system) return new MillError(system, undefined, { cause: error });
    return new MillError('internal', error.message, { cause: error });
  }
  return new MillError('internal', String(error));
}

/** Rebuilds the error on the other side of a process boundary. */
export function fromFailure(failure: Failure): MillError {
  return new MillError(failure.code, failure.detail, failure.facts ? { facts: failure.facts } : {});
}
