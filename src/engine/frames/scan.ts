/** What the packets of one video stream tell without decoding: when its frames are shown, and which are key frames. */
import { AV_PKT_FLAG_DISCARD, AVDISCARD_ALL } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { PacketFacts } from '../../core/plan.ts';
import { again, ended, hasTime, seconds, turn } from '../ffmpeg.ts';
import type { Look } from '../look.ts';
import { MAX_READ_ERRORS, openSource } from '../source.ts';

export interface FrameTimes {
  /** Timestamps of the shown frames in ticks of the stream, rising, no two equal. */
  pts: bigint[];
  /** Those of key frames, rising. */
  keys: bigint[];
  /** End of the last frame, in ticks. */
  end: bigint;
  /** False when the scan stopped at its limit. */
  complete: boolean;
}

const TURN_EVERY_PACKETS = 2000;

export interface ScanOptions {
  /** Has the source open already; default it is opened. */
  look?: Look | undefined;
  /** Bounds how much of the stream is read. */
  maxBytes?: number;
  /** Called every now and then. */
  onTurn?(): void;
}

/** Reads the packets of one stream. */
export async function scanFrames(
  path: string,
  streamIndex: number,
  signal: AbortSignal,
  { look, maxBytes = Number.POSITIVE_INFINITY, onTurn }: ScanOptions = {},
): Promise<FrameTimes> {
  using source = (await look?.take()) ?? (await openSource(path));
  const { format } = source;
  for (const stream of format.streams) if (stream.index !== streamIndex) stream.discard = AVDISCARD_ALL;
  const packet = new Packet();
  packet.alloc();
  const times = new Set<bigint>();
  const keys = new Set<bigint>();
  let firstKey: bigint | null = null;
  let end = 0n;
  let bytes = 0;
  let count = 0;
  let errors = 0;
  try {
    for (;;) {
      const read = await source.next(packet);
      if (ended(read)) break;
      errors = read < 0 && !again(read) ? errors + 1 : 0;
      if (errors > MAX_READ_ERRORS) break;
      if (read >= 0 && packet.streamIndex === streamIndex) {
        bytes += packet.size;
        const at = hasTime(packet.pts) ? packet.pts : packet.dts;
        if (packet.isKeyframe && hasTime(at)) firstKey ??= at;
        // Frames that an edit list cuts away are decoded but never shown.
        if (hasTime(at) && !packet.hasFlags(AV_PKT_FLAG_DISCARD)) {
          times.add(at);
          if (packet.isKeyframe) keys.add(at);
          if (at + packet.duration > end) end = at + packet.duration;
        }
      }
      packet.unref();
      if (++count % TURN_EVERY_PACKETS === 0) {
        await turn();
        signal.throwIfAborted();
        onTurn?.();
      }
      if (bytes > maxBytes) return answer(false);
    }
  } finally {
    packet.free();
  }
  return answer(true);

  function answer(complete: boolean): FrameTimes {
    // What precedes the first key frame refers to pictures that are not there: recordings cut out of a broadcast.
    const decodable = (at: bigint) => firstKey === null || at >= firstKey;
    return { pts: rising(times, decodable), keys: rising(keys, decodable), end, complete };
  }
}

function rising(values: Set<bigint>, accept: (value: bigint) => boolean): bigint[] {
  return [...values].filter(accept).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Frame distances may differ by the rounding of the time base and still be constant. */
export function packetFacts(times: FrameTimes, base: { num: number; den: number }): PacketFacts {
  const { pts, keys } = times;
  const first = pts[0] ?? 0n;
  const steps = pts.slice(1).map((at, index) => Number(at - (pts[index] ?? 0n)));
  const shortest = steps.length > 0 ? steps.reduce((a, b) => Math.min(a, b)) : 0;
  const longest = steps.length > 0 ? steps.reduce((a, b) => Math.max(a, b)) : 0;
  const firstKey = keys[0];
  const lastKey = keys.at(-1);
  return {
    packets: pts.length,
    duration_s: seconds(times.end - first, base),
    variable_frame_rate: longest - shortest > Math.max(1, 0.02 * shortest),
    key_frame_interval_s:
      keys.length > 1 && firstKey !== undefined && lastKey !== undefined
        ? seconds(lastKey - firstKey, base) / (keys.length - 1)
        : null,
    complete: times.complete,
  };
}
