/**
 * A file that was cut short may still open and announce its full length. What came is compared with what the
 * container announces: the length of each stream, of the whole, and the size of the file.
 */
import { MillError } from '../core/errors.ts';
import type { SourceFacts, StreamFacts } from '../core/facts.ts';
import type { StreamReading } from './pass.ts';
import { readExtent } from './structure/extent.ts';

/** Containers whose durations are written down, not guessed from the bit rate. */
const ANNOUNCING = /^(mov|matroska|avi|wav|w64|flac|aiff|caf|mxf|flv|ogg)/;
/** What players and muxers differ by anyway, in seconds. */
export const TOLERANCE_S = 0.1;

export interface Shortfall {
  announced_s: number;
  found_s: number;
  stream: number | null;
  /** Seconds from 0:00 at which it ends. */
  at_s: number;
  /** Of a video stream whose container counts them; null for others. */
  announced_frames: number | null;
  found_frames: number | null;
}

export function isTimed(stream: StreamFacts | undefined): stream is StreamFacts {
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

/** Seconds that the container states for a stream, or for the whole (null); null where it only guesses. */
export function announcedDuration(facts: SourceFacts, stream: StreamFacts | null): number | null {
  if (!ANNOUNCING.test(facts.format.name)) return null;
  return (stream ?? facts.format).duration_s;
}

/** A frame more or less is a matter of taste. */
export function toleranceOf(stream: StreamFacts): number {
  const frame = stream.kind === 'video' ? 1 / (stream.avg_frame_rate.value ?? 25) : 0;
  return Math.max(TOLERANCE_S, 2 * frame);
}

/** The first thing that is shorter than announced, or null. */
export function findShortfall(facts: SourceFacts, readings: readonly StreamReading[]): Shortfall | null {
  for (const reading of readings) {
    const stream = facts.streams[reading.stream];
    if (!isTimed(stream)) continue;
    const announced = announcedDuration(facts, stream);
    const found = (reading.end_s ?? 0) - (reading.first_s ?? 0);
    if (announced !== null && announced - found > toleranceOf(stream))
      return {
        announced_s: announced,
        found_s: found,
        stream: reading.stream,
        at_s: fromZero(facts, reading.end_s),
        announced_frames: stream.kind === 'video' ? stream.frame_count : null,
        found_frames: stream.kind === 'video' ? reading.packets : null,
      };
  }
  return wholeShortfall(facts, readings);
}

function wholeShortfall(facts: SourceFacts, readings: readonly StreamReading[]): Shortfall | null {
  const announced = announcedDuration(facts, null);
  const seen = (stream: StreamFacts) => readings.some((reading) => reading.stream === stream.index);
  if (announced === null || !facts.streams.filter(isTimed).every(seen)) return null;
  const found = wholeLength(facts, readings);
  return announced - found > 2 * TOLERANCE_S
    ? {
        announced_s: announced,
        found_s: found,
        stream: null,
        at_s: fromZero(facts, Math.max(0, ...readings.map((reading) => reading.end_s ?? 0))),
        announced_frames: null,
        found_frames: null,
      }
    : null;
}

function fromZero({ format }: SourceFacts, at: number | null): number {
  return Math.max(0, (at ?? 0) - format.zero_s);
}

/** Seconds to the end of the last packet, counted as the container counts its duration. */
export function wholeLength({ format }: SourceFacts, readings: readonly StreamReading[]): number {
  const begin = wholeBegin(format);
  return Math.max(0, ...readings.map((reading) => (reading.end_s ?? begin) - begin));
}

/** Matroska's duration counts from the zero of its clock, the others' from where the first stream begins. */
function wholeBegin({ name, start_time_s: start }: SourceFacts['format']): number {
  if (name.startsWith('matroska')) return 0;
  // A start below zero is encoder priming, but where the clock begins anywhere and its 33 bits overflow.
  return name.startsWith('mpeg') ? (start ?? 0) : Math.max(0, start ?? 0);
}

/** For work that looks at parts only: what there is to say of the end of the file. */
export async function warnOfEnd(path: string, facts: SourceFacts): Promise<string[]> {
  const { announced_bytes, open_end } = await readExtent(path, facts);
  if (announced_bytes !== null && announced_bytes > facts.size_bytes) {
    return [
      `${facts.name} breaks off: its header announces ${announced_bytes} bytes, but the file has ${facts.size_bytes}.`,
    ];
  }
  return open_end === null ? [] : [`${facts.name} may have been cut short: ${open_end}.`];
}

/** Of containers whose clock may jump; what was read goes on as if it had not. */
export function warnOfJumps(readings: readonly StreamReading[]): string[] {
  const jumps = jumpsIn(readings);
  if (jumps === 0) return [];
  return [
    `The clock of the source jumps ${jumps === 1 ? 'once' : `${jumps} times`}; what follows was joined.`,
  ];
}

export function jumpsIn(readings: readonly StreamReading[]): number {
  return Math.max(0, ...readings.map((reading) => reading.jumps));
}

/** Throws `output_verification_failed` with where the source breaks off; answers warnings about what may be missing. */
export async function requireComplete(
  path: string,
  facts: SourceFacts,
  readings: readonly StreamReading[],
): Promise<string[]> {
  const shortfall = findShortfall(facts, readings);
  if (shortfall) {
    const { announced_s, found_s, stream, at_s, announced_frames, found_frames } = shortfall;
    const frames = announced_frames === null ? {} : { announced_frames, found_frames };
    const what = stream === null ? 'it' : `${facts.streams[stream]?.kind} stream ${stream}`;
    throw new MillError(
      'output_verification_failed',
      `The source breaks off: ${what} announces ${announced_s.toFixed(2)} s, but only ${found_s.toFixed(2)} s could be read.`,
      { facts: { stream, announced_s, found_s, at_s, breaks_at_s: found_s, ...frames } },
    );
  }
  const { announced_bytes, open_end } = await readExtent(path, facts);
  if (announced_bytes !== null && announced_bytes > facts.size_bytes) {
    throw new MillError(
      'output_verification_failed',
      `The source breaks off: its header announces ${announced_bytes} bytes, but the file has ${facts.size_bytes}.`,
      {
        facts: {
          announced_bytes,
          found_bytes: facts.size_bytes,
          ...(readings.length > 0 && {
            at_s: fromZero(facts, Math.max(0, ...readings.map((reading) => reading.end_s ?? 0))),
          }),
        },
      },
    );
  }
  return open_end === null ? [] : [`${facts.name} may have been cut short: ${open_end}.`];
}
