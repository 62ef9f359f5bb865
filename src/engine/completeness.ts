/**
 * A file that was cut short may still open and announce its full length. What came is compared with what the
 * container announces: the length of each stream, of the whole, and the size of the file.
 */
import { open } from 'node:fs/promises';
import { MillError } from '../core/errors.ts';
import type { SourceFacts, StreamFacts } from '../core/facts.ts';
import type { StreamReading } from './pass.ts';

/** Containers whose durations are written down, not guessed from the bit rate. */
const ANNOUNCING = /^(mov|matroska|avi|wav|w64|flac|aiff|caf|mxf)/;
/** What players and muxers differ by anyway, in seconds. */
const TOLERANCE_S = 0.1;

export interface Shortfall {
  announced_s: number;
  found_s: number;
  stream: number | null;
}

function isTimed(stream: StreamFacts | undefined): stream is StreamFacts {
  return (stream?.kind === 'video' && !stream.attached_picture) || stream?.kind === 'audio';
}

/** Matroska from a live muxer announces only the whole: then every stream has to be watched to its end. */
export function mustWatch(facts: SourceFacts, index: number): boolean {
  const stream = facts.streams[index];
  return (
    ANNOUNCING.test(facts.format.name) &&
    isTimed(stream) &&
    stream.duration_s === null &&
    facts.format.duration_s !== null
  );
}

/** The first thing that is shorter than announced, or null. */
export function findShortfall(facts: SourceFacts, readings: readonly StreamReading[]): Shortfall | null {
  if (!ANNOUNCING.test(facts.format.name)) return null;
  for (const reading of readings) {
    const stream = facts.streams[reading.stream];
    if (!isTimed(stream) || stream.duration_s === null) continue;
    const frame = stream.kind === 'video' ? 1 / (stream.avg_frame_rate.value ?? 25) : 0;
    const found = (reading.end_s ?? 0) - (reading.first_s ?? 0);
    if (stream.duration_s - found > Math.max(TOLERANCE_S, 2 * frame)) {
      return { announced_s: stream.duration_s, found_s: found, stream: reading.stream };
    }
  }
  return wholeShortfall(facts, readings);
}

function wholeShortfall(facts: SourceFacts, readings: readonly StreamReading[]): Shortfall | null {
  const { duration_s, start_time_s } = facts.format;
  const timed = facts.streams.filter(isTimed);
  if (
    duration_s === null ||
    !timed.every((stream) => readings.some((reading) => reading.stream === stream.index))
  )
    return null;
  // Matroska's duration counts from the zero of its clock, the others' from where the first stream begins.
  const begin = facts.format.name.startsWith('matroska') ? 0 : Math.max(0, start_time_s ?? 0);
  const found = Math.max(...readings.map((reading) => reading.end_s ?? 0)) - begin;
  return duration_s - found > 2 * TOLERANCE_S
    ? { announced_s: duration_s, found_s: found, stream: null }
    : null;
}

/** Throws `output_verification_failed` with where the source breaks off. */
export async function requireComplete(
  path: string,
  facts: SourceFacts,
  readings: readonly StreamReading[],
): Promise<void> {
  const shortfall = findShortfall(facts, readings);
  if (shortfall) {
    const { announced_s, found_s, stream } = shortfall;
    const what = stream === null ? 'it' : `${facts.streams[stream]?.kind} stream ${stream}`;
    throw new MillError(
      'output_verification_failed',
      `The source breaks off: ${what} announces ${announced_s.toFixed(2)} s, but only ${found_s.toFixed(2)} s could be read.`,
      { facts: { stream, announced_s, found_s, breaks_at_s: found_s } },
    );
  }
  const announced = await announcedBytes(path, facts);
  if (announced !== null && announced > facts.size_bytes) {
    throw new MillError(
      'output_verification_failed',
      `The source breaks off: its header announces ${announced} bytes, but the file has ${facts.size_bytes}.`,
      { facts: { announced_bytes: announced, found_bytes: facts.size_bytes } },
    );
  }
}

/** RIFF (WAVE, AVI) states its own size in bytes 4…7; FFmpeg takes the file's instead and is content. */
export async function announcedBytes(path: string, { format }: SourceFacts): Promise<number | null> {
  if (format.name !== 'wav' && format.name !== 'avi') return null;
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
  if (bytesRead < 12 || buffer.toString('latin1', 0, 4) !== 'RIFF') return null;
  const size = buffer.readUInt32LE(4);
  // Writers that cannot seek back leave 0 or all ones.
  return size === 0 || size >= 0xffff_fff0 ? null : size + 8;
}
