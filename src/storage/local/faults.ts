import { type ErrorCode, MillError, toMillError } from '../../core/errors.ts';

const COMMON: Record<string, ErrorCode> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  ENAMETOOLONG: 'invalid_request',
  ELOOP: 'path_outside_storage',
  ABORT_ERR: 'canceled',
  EMFILE: 'storage_unavailable',
  ENFILE: 'storage_unavailable',
  EIO: 'storage_unavailable',
  ESTALE: 'storage_unavailable',
};

const READING: Record<string, ErrorCode> = {
  EACCES: 'storage_unavailable',
  EPERM: 'storage_unavailable',
};

const WRITING: Record<string, ErrorCode> = {
  EACCES: 'output_not_writable',
  EPERM: 'output_not_writable',
  EROFS: 'output_not_writable',
  ENOTDIR: 'output_exists',
  EISDIR: 'output_exists',
  ENOTEMPTY: 'output_exists',
  EEXIST: 'output_exists',
};

const DETAILS: Partial<Record<ErrorCode, string>> = {
  invalid_request: 'A name is too long.',
};

/** What the operating system said, in the words of the error table; its own message would name host paths. */
export function storageFault(error: unknown, purpose: 'read' | 'write'): MillError {
  if (error instanceof MillError) return error;
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const known = (purpose === 'read' ? READING : WRITING)[code] ?? COMMON[code];
  return known ? new MillError(known, DETAILS[known], { cause: error }) : toMillError(error);
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** For messages: what the operating system calls it. */
export function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? 'unknown error';
}
