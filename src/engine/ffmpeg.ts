/** What every part of the engine needs of FFmpeg: return codes, the log, timestamps. */
import { basename } from 'node:path';
import {
  AV_LOG_ERROR,
  AV_LOG_WARNING,
  AV_NOPTS_VALUE,
  AVERROR_EAGAIN,
  AVERROR_ENOSPC,
  AVERROR_EOF,
} from 'node-av/constants';
import { FFmpegError, Log } from 'node-av/lib';
import { MillError } from '../core/errors.ts';

/** Enough to hold the story of one failure. */
const LOG_LINES_KEPT = 40;

const recent: { text: string; error: boolean }[] = [];
let capturing = false;

/** Routes FFmpeg's log into memory instead of stderr. The binding delivers it on a turn of the event loop. */
export function captureLog(): void {
  if (capturing) return;
  capturing = true;
  installLog();
}

/** Also after somebody else had the callback: it is one for the whole process. */
export function installLog(): void {
  Log.setCallback(
    (level, message) => {
      const text = message.trim();
      if (!text) return;
      recent.push({ text, error: level <= AV_LOG_ERROR });
      if (recent.length > LOG_LINES_KEPT) recent.shift();
    },
    { maxLevel: AV_LOG_WARNING },
  );
}

/** Takes what FFmpeg said since the last call, with host paths cut to file names. */
export async function takeLog(): Promise<{ text: string; error: boolean }[]> {
  await turn();
  return recent.splice(0).map(({ text, error }) => ({ text: readable(text), error }));
}

/** Errors that FFmpeg's own words explain. */
const EXPLAINED: ReadonlySet<string> = new Set([
  'engine_failed',
  'encoder_unavailable',
  'invalid_params',
  'unsupported_media',
  'corrupt_media',
  'output_verification_failed',
]);

/** Adds what FFmpeg logged to an error that it explains; host paths are cut to file names. */
export async function explain(error: unknown): Promise<unknown> {
  if (!(error instanceof MillError) || !EXPLAINED.has(error.code) || error.facts?.ffmpeg_log) return error;
  const log = await takeLog();
  if (log.length === 0) return error;
  const last = log.findLast((line) => line.error);
  const detail = last ? `${error.message.replace(/\.$/, '')} (${last.text}).` : error.message;
  return new MillError(error.code, detail, {
    facts: { ...error.facts, ffmpeg_log: log.map((line) => line.text) },
    cause: error,
  });
}

/** FFmpeg's log names host paths, which are nobody's business outside, and whole lists of formats. */
export function readable(line: string): string {
  if (/not on whitelist/i.test(line))
    return 'playlists, scripts and other formats that name further files are not allowed';
  return line.replace(/(?:file:)?\/[^\s'":,]+/g, (path) => basename(path)).replace(/\.$/, '');
}

/** One turn of the event loop: delivers messages and log lines, runs finalizers of native buffers. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const again = (code: number): boolean => code === AVERROR_EAGAIN;
export const ended = (code: number): boolean => code === AVERROR_EOF;
export const hasTime = (timestamp: bigint): boolean => timestamp !== AV_NOPTS_VALUE;

/** Throws `engine_failed` (or `disk_full`) for a negative return code; answers the code otherwise. */
export function must(code: number, doing: string): number {
  if (code >= 0) return code;
  if (code === AVERROR_ENOSPC) throw new MillError('disk_full');
  throw new MillError('engine_failed', `FFmpeg could not ${doing}: ${describe(code)}.`, {
    facts: { ffmpeg_code: code },
  });
}

export function describe(code: number): string {
  return FFmpegError.strerror(code).replace(/\.$/, '');
}

export interface TimeBase {
  readonly num: number;
  readonly den: number;
}

export const MICROSECONDS: TimeBase = { num: 1, den: 1_000_000 };

export function seconds(timestamp: bigint, base: TimeBase): number {
  return (Number(timestamp) * base.num) / base.den;
}

export function optionalSeconds(timestamp: bigint, base: TimeBase): number | null {
  return hasTime(timestamp) ? seconds(timestamp, base) : null;
}

/** Nearest timestamp in a time base. */
export function ticks(timeS: number, base: TimeBase): bigint {
  return BigInt(Math.round((timeS * base.den) / base.num));
}

/** From one time base to another, rounded to nearest; NOPTS stays NOPTS. */
export function rescale(timestamp: bigint, from: TimeBase, to: TimeBase): bigint {
  if (!hasTime(timestamp) || (from.num === to.num && from.den === to.den)) return timestamp;
  const a = timestamp * BigInt(from.num) * BigInt(to.den);
  const b = BigInt(from.den) * BigInt(to.num);
  const half = b / 2n;
  return a >= 0n ? (a + half) / b : -((-a + half) / b);
}
