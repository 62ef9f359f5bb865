/**
 * The vocabulary of job parameters: what people write ("10MB", "2M", "00:01:02.5", "50%") and what the code
 * gets (bytes, bits per second, seconds). Every field carries its hints for forms and docs in its metadata.
 */
import { z } from 'zod';
import { forbiddenOption } from './option-policy.ts';

/** Hints for forms, flags and docs; merged into the field's JSON Schema under the same names. */
export interface FieldHints {
  title?: string;
  description?: string;
  /** `bytes`, `bits/s`, `seconds`, `pixels`, `Hz`, `dB`, `LUFS`, … */
  unit?: string;
  /** `input-path` marks a file reference that the server resolves and the runner fetches. */
  format?: string;
  /** Heading in forms; `advanced` is folded away. */
  group?: string;
  /** Fields that make no sense together with this one. */
  excludes?: string[];
  /** A place in the media, where a player can stand; not a length. */
  moment?: boolean;
  steps?: Steps;
  /** Name of the field that says which encoder these options are of. */
  encoder_field?: string;
  examples?: unknown[];
}

const SIZE = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i;
const POWER: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** "10MB" → 10,000,000; "10MiB" → 10,485,760; null when it is not a size. */
export function parseBytes(text: string): number | null {
  const match = SIZE.exec(text);
  if (!match) return null;
  const base = match[3] ? 1024 : 1000;
  return Math.round(Number(match[1]) * base ** (POWER[(match[2] ?? '').toLowerCase()] ?? 0));
}

const RATE = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:b(?:it)?(?:\/s|ps)?)?\s*$/i;

/** "2M" → 2,000,000; "128k" → 128,000 bits per second. */
export function parseBitRate(text: string): number | null {
  const match = RATE.exec(text);
  if (!match) return null;
  return Math.round(Number(match[1]) * 1000 ** (POWER[(match[2] ?? '').toLowerCase()] ?? 0));
}

const CLOCK = /^\s*(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)\s*$/;
const SECONDS = /^\s*(\d+(?:\.\d+)?)\s*s?\s*$/;
const PERCENT = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/;

/** A moment in the media: seconds from 0:00, or a share (0…1) of the duration. */
export type MediaTime = { seconds: number } | { share: number };

/** "00:01:02.5", "62.5", "62.5s" or "50%". */
export function parseTime(text: string): MediaTime | null {
  const clock = CLOCK.exec(text);
  if (clock) return { seconds: Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) };
  const seconds = SECONDS.exec(text);
  if (seconds) return { seconds: Number(seconds[1]) };
  const percent = PERCENT.exec(text);
  if (percent && Number(percent[1]) <= 100) return { share: Number(percent[1]) / 100 };
  return null;
}

/** Seconds of a {@link MediaTime} in media of the given duration. */
export function toSeconds(time: MediaTime, durationS: number): number {
  return 'seconds' in time ? time.seconds : time.share * durationS;
}

function parsed<T extends number | MediaTime>(
  parse: (text: string) => T | null,
  fromNumber: (value: number) => T,
  wrong: string,
) {
  return z.union([z.number(), z.string()], wrong).transform((value, context): T => {
    const result = typeof value === 'number' ? (value >= 0 ? fromNumber(value) : null) : parse(value);
    if (result === null) {
      context.addIssue({ code: 'custom', message: wrong });
      return z.NEVER;
    }
    return result;
  });
}

interface Range {
  min: number;
  max: number;
}

function inRange({ min, max }: Range, unit: string) {
  return {
    check: (value: number) => value >= min && value <= max,
    message: `must be from ${min} to ${max} ${unit}`,
  };
}

/** A size in bytes; numbers or "10MB". */
export function bytes(range: Range, hints: FieldHints = {}) {
  const { check, message } = inRange(range, 'bytes');
  return parsed(parseBytes, Math.round, 'must be a size such as 1048576, "10MB" or "10MiB"')
    .refine(check, message)
    .meta({ unit: 'bytes', minimum: range.min, maximum: range.max, examples: ['10MB'], ...hints });
}

/** A bit rate in bits per second; numbers, "2M" or "128k". */
export function bitRate(range: Range, hints: FieldHints = {}) {
  const { check, message } = inRange(range, 'bits per second');
  return parsed(parseBitRate, Math.round, 'must be a bit rate such as 2000000, "2M" or "128k"')
    .refine(check, message)
    .meta({ unit: 'bits/s', minimum: range.min, maximum: range.max, examples: ['2M'], ...hints });
}

/** No film is longer, and timestamps overflow at some point beyond. */
const MAX_HOURS = 1000;

/** A moment in the media; seconds, "HH:MM:SS.mmm" or "50%". */
export function mediaTime(hints: FieldHints = {}) {
  return parsed(parseTime, (seconds): MediaTime => ({ seconds }), 'must be seconds, "HH:MM:SS.mmm" or "50%"')
    .refine(
      (time) => 'share' in time || time.seconds <= MAX_HOURS * 3600,
      `must be at most ${MAX_HOURS} hours`,
    )
    .meta({
      unit: 'seconds',
      moment: true,
      examples: ['00:00:01', 2.5, '50%'],
      ...hints,
    });
}

/** Choices in their order, by the value of another field; forms offer them as steps. `usual` is what an unset field means. */
export interface Steps {
  by: string;
  of: Record<string, { values: readonly string[]; usual: string }>;
}

/** A whole number in a range. */
export function whole(range: Range, hints: FieldHints = {}) {
  return z
    .int()
    .min(range.min)
    .max(range.max)
    .meta({ ...hints });
}

/** Reference to another input file: a file_id or a path in the storage; arrives in the job as absolute path. */
export function inputPath(hints: FieldHints = {}) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(4096)
    .meta({ format: 'input-path', ...hints });
}

const OPTION_NAME = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is no name of an option');

/** Codec options by FFmpeg's own names. Checked again against the encoder's option table before use. */
export function codecOptions(hints: FieldHints = {}) {
  const scalar = z.union([z.string().max(1000), z.number(), z.boolean()]);
  return z
    .record(OPTION_NAME, z.union([scalar, z.record(z.string(), scalar)]))
    .superRefine((options, context) => {
      const problem = forbiddenOption(options);
      if (!problem) return;
      context.addIssue({
        code: 'custom',
        message: `"${problem.name}" is not allowed: ${problem.reason}`,
        params: { error: 'forbidden_option', option: problem.name },
      });
    })
    .meta({
      group: 'advanced',
      description:
        "Codec options by FFmpeg's own names; options that touch files, networks or filters are refused.",
      examples: [{ tune: 'film' }],
      ...hints,
    });
}
