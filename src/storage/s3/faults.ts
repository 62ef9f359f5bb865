/** What the bucket or the network said, in the words of the error table. Host names and keys stay out of it. */
import { type ErrorCode, MillError, toMillError } from '../../core/errors.ts';

/** S3's names for requests it understood and will not grant: trying again changes nothing. */
const DENIED: Record<string, string> = {
  AccessDenied: 'these credentials may not do this',
  AccessDeniedException: 'these credentials may not do this',
  AllAccessDisabled: 'access to the bucket is disabled',
  AccountProblem: 'there is a problem with the account',
  InvalidAccessKeyId: 'it does not know this access key',
  SignatureDoesNotMatch: 'the secret key does not fit the access key',
  AuthorizationHeaderMalformed: 'the region or the access key is not right',
  ExpiredToken: 'the credentials have expired',
  InvalidToken: 'the session token is not valid',
  TokenRefreshRequired: 'the session token has expired',
  RequestTimeTooSkewed: 'the clock of this machine is wrong',
  CredentialsProviderError:
    'no credentials were found; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY give them',
  TokenProviderError: 'no credentials were found',
};

const FULL: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'EntityTooLarge',
  'InsufficientCapacity',
  'XMinioStorageFull',
]);

/** Of the file system: the work folder lies on this machine. */
const LOCAL: Record<string, ErrorCode> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EACCES: 'output_not_writable',
  EPERM: 'output_not_writable',
  EROFS: 'output_not_writable',
  ENAMETOOLONG: 'invalid_request',
};

interface SdkError {
  name?: string;
  code?: string;
  message?: string;
  syscall?: string;
  $metadata?: { httpStatusCode?: number };
}

export function s3Fault(error: unknown, signal?: AbortSignal): MillError {
  if (error instanceof MillError) return error;
  if (signal?.aborted) return abortedBy(signal, error);
  const { name = '', code = '', syscall, $metadata } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode;
  const fault = (kind: ErrorCode, detail?: string) => new MillError(kind, detail, { cause: error });
  const local = syscall === undefined ? undefined : LOCAL[code];
  if (local) return fault(local);
  if (FULL.has(name)) return fault('disk_full', `The bucket takes no more: ${name}.`);
  if (name === 'NoSuchBucket') return fault('bucket_not_found');
  if (status === 301 || name === 'PermanentRedirect') {
    return fault('bucket_not_found', 'The bucket lies in another region than [storage.s3] region says.');
  }
  const denied =
    DENIED[name] ?? (status === 401 || status === 403 ? 'these credentials may not do this' : undefined);
  if (denied) return fault('storage_denied', `The bucket refused the request: ${denied}.`);
  if (status !== undefined && status >= 400) {
    return fault('storage_unavailable', `The bucket answered ${status}${name ? ` (${name})` : ''}.`);
  }
  if (status === undefined && !isNetwork(name, code)) return toMillError(error);
  return fault('storage_unavailable', `The bucket cannot be reached: ${code || name}.`);
}

/** Is there nothing under that key? A HEAD has no body to name the reason. */
export function isMissing(error: unknown): boolean {
  const cause = (error instanceof MillError ? error.cause : error) as SdkError | null;
  const name = cause?.name ?? '';
  return (
    name === 'NoSuchKey' ||
    name === 'NotFound' ||
    (name !== 'NoSuchBucket' && cause?.$metadata?.httpStatusCode === 404)
  );
}

export function isNamed(error: unknown, ...names: string[]): boolean {
  const cause = (error instanceof MillError ? error.cause : error) as SdkError | null;
  return names.includes(cause?.name ?? '');
}

/** The reason given with the abort, when it is one of ours: a deadline is no cancel. */
export function abortedBy(signal: AbortSignal, cause?: unknown): MillError {
  return signal.reason instanceof MillError ? signal.reason : new MillError('canceled', undefined, { cause });
}

function isNetwork(name: string, code: string): boolean {
  return (
    /^(E[A-Z]+|CERT_|ERR_(TLS|SSL|STREAM_PREMATURE|HTTP)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HPE_)/.test(code) ||
    ['TimeoutError', 'AbortError', 'NetworkingError', 'SyntaxError'].includes(name) ||
    code !== ''
  );
}
