/** Finds single frames by seeking and reading a few packets, for sources too long to scan. */
import { AV_PKT_FLAG_DISCARD, AVDISCARD_ALL } from 'node-av/constants';
import { Packet, type Stream } from 'node-av/lib';
import { hasTime, turn } from '../ffmpeg.ts';
import { type OpenSource, openSource } from '../source.ts';
import { landBefore, readNext } from './landing.ts';

/** No sane group of pictures is longer. */
const MAX_PACKETS = 20_000;
/** Packets are stored at most this many places from where they are shown (H.264's and HEVC's limit). */
const MAX_REORDERED = 16;

export interface Located {
  /** Timestamp of the frame shown at the time, in ticks. */
  shown: bigint;
  /** Timestamp of the key frame that shows it or precedes it; the first frame that is shown when that one is hidden. */
  key: bigint;
}

/** Answers null for a time where nothing could be found. `times` in ticks of the stream. */
export async function locateFrames(
  path: string,
  streamIndex: number,
  times: readonly bigint[],
  signal: AbortSignal,
): Promise<(Located | null)[]> {
  using source = await openSource(path);
  const { format } = source;
  const stream = format.streams[streamIndex];
  if (!stream) return times.map(() => null);
  for (const other of format.streams) if (other.index !== streamIndex) other.discard = AVDISCARD_ALL;
  const packet = new Packet();
  packet.alloc();
  const found: (Located | null)[] = [];
  try {
    for (const time of times) {
      await turn();
      signal.throwIfAborted();
      found.push(await locate(source, stream, time, packet));
      packet.unref();
    }
  } finally {
    packet.free();
  }
  return found;
}

/** From a key frame not after the time until no packet can precede the time any more. */
async function locate(
  source: OpenSource,
  stream: Stream,
  time: bigint,
  packet: Packet,
): Promise<Located | null> {
  const landing = await landBefore(source, stream, time, packet);
  if (landing === null || landing.at > time) return null;
  let key: bigint | null = null;
  let first: bigint | null = null;
  let shown: bigint | null = null;
  let behind = 0;
  let at: bigint | null = landing.at;
  for (let count = 0; at !== null && count < MAX_PACKETS; count++) {
    // Frames that an edit list cuts away are never shown.
    if (at <= time && !packet.hasFlags(AV_PKT_FLAG_DISCARD)) {
      if (packet.isKeyframe && (key === null || at > key)) key = at;
      if (shown === null || at > shown) shown = at;
      if (first === null || at < first) first = at;
    }
    // After a seek the first decoding times may be unknown: then so many later frames must have come.
    behind = at > time ? behind + 1 : 0;
    const decodedLater = hasTime(packet.dts) && packet.dts > time;
    packet.unref();
    if (decodedLater || behind > MAX_REORDERED) break;
    at = await readNext(source, stream, packet);
  }
  return shown === null ? null : { shown, key: key ?? first ?? shown };
}
