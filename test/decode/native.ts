/** The little that all test code needs to call FFmpeg directly. Never imports anything of `src/`. */
import { FFmpegError, Log } from 'node-av/lib';

const AV_LOG_FATAL = 8;

/** Keeps FFmpeg from talking on stderr; the tests look at results. */
export function quiet(): void {
  Log.setLevel(AV_LOG_FATAL as Parameters<typeof Log.setLevel>[0]);
}

/** Throws when an FFmpeg call has failed; else gives its result back. */
export function check(code: number, what: string): number {
  if (code < 0) throw new Error(`${what}: ${FFmpegError.strerror(code)}`);
  return code;
}

/** Throws when something native was not found. */
export function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`${what} is not in this build of FFmpeg`);
  return value;
}

/** Lets finalizers of native memory run; to be awaited every few frames. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
