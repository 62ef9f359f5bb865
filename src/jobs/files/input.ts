/** Looking at and reading the input of a job, with errors that name the file and never its folder. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { abortFailure } from './abort.ts';
import type { ByteMeter } from './byte-meter.ts';

/** Large enough that the disk and not the event loop is the limit, small enough for many jobs at a time. */
const READ_BYTES = 256 * 1024;

export interface InputFile {
  path: string;
  /** Without folders. */
  name: string;
  size: number;
  stats: Stats;
  /** The path must not be a symbolic link, also when it is opened. */
  noFollow: boolean;
}

/** Facts about an input that must be an ordinary file. */
export async function inputFile(path: string | null): Promise<InputFile> {
  return ordinaryFile(path as string, await inputStats(path), false);
}

/** Facts about a file that was found beside or below an input: links could lead out of the storage. */
export async function foundFile(path: string): Promise<InputFile> {
  try {
    return ordinaryFile(path, await lstat(path), true);
  } catch (error) {
    throw readFailure(path, error);
  }
}

function ordinaryFile(path: string, stats: Stats, noFollow: boolean): InputFile {
  if (!stats.isFile()) throw new MillError('invalid_request', `${describe(path)} is not an ordinary file.`);
  return { path, name: basename(path), size: stats.size, stats, noFollow };
}

/** Stats of an input file or folder; links are followed. */
export async function inputStats(path: string | null): Promise<Stats> {
  if (path === null) throw new MillError('input_required');
  try {
    return await stat(path);
  } catch (error) {
    throw readFailure(path, error);
  }
}

export interface ReadOptions {
  signal: AbortSignal;
  meter?: ByteMeter;
  /** First and last byte, inclusive. */
  range?: { start: number; end: number };
  /** Fail when the path itself is a symbolic link. */
  noFollow?: boolean;
}

/** The bytes of a file in pieces. Each piece is the caller's to keep. */
export async function* readFile(path: string, options: ReadOptions): AsyncGenerator<Buffer> {
  const { signal, meter, range, noFollow = false } = options;
  try {
    const handle = await openOrdinary(path, noFollow);
    // The stream closes the handle, however the loop ends.
    for await (const piece of handle.createReadStream({ highWaterMark: READ_BYTES, signal, ...range })) {
      meter?.add(piece.length);
      yield piece;
    }
  } catch (error) {
    if (signal.aborted) throw abortFailure(signal);
    throw readFailure(path, error);
  }
}

/**
 * Hands the bytes of a file to `take`, in pieces that are its own only while it runs: all of them lie in one buffer,
 * and a file of any size costs no more memory than that.
 */
export async function readPieces(
  path: string,
  { signal, meter, range, noFollow = false }: ReadOptions,
  take: (piece: Buffer) => void,
): Promise<void> {
  try {
    await using handle = await openOrdinary(path, noFollow);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const end = range ? range.end + 1 : Number.POSITIVE_INFINITY;
    for (let at = range?.start ?? 0; at < end; ) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) break;
      take(buffer.subarray(0, bytesRead));
      meter?.add(bytesRead);
      at += bytesRead;
    }
  } catch (error) {
    if (signal.aborted) throw abortFailure(signal);
    throw readFailure(path, error);
  }
}

/** Never waits for the other end of a named pipe, and never opens one. */
async function openOrdinary(path: string, noFollow: boolean): Promise<FileHandle> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK | (noFollow ? O_NOFOLLOW : 0));
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new MillError('invalid_request', `${describe(path)} is not an ordinary file.`);
}

/** The file was replaced or written to while it was read: what was made of it cannot be trusted. */
export function changedWhileRead(path: string): MillError {
  return new MillError('internal', `${describe(path)} changed while it was read.`);
}

/** Gives the errors of the operating system about an input their codes; others come back as they are. */
export function readFailure(path: string, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new MillError('input_not_found', `${describe(path)} does not exist.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new MillError('input_not_found', `${describe(path)} may not be read by this program.`, {
        cause: error,
      });
    case 'EISDIR':
      return new MillError('invalid_request', `${describe(path)} is a folder, not a file.`, { cause: error });
    case 'ELOOP':
      return new MillError('path_outside_storage', `${describe(path)} is a symbolic link.`, { cause: error });
    default:
      return error;
  }
}

function describe(path: string | null): string {
  return `"${basename(path ?? '')}"`;
}
