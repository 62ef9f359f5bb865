/** Finds single frames by seeking and reading a few packets, for sources too long to scan. */
import { AVDISCARD_ALL, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { again, ended, hasTime, ticks, turn } from '../ffmpeg.ts';
import { openSource } from '../source.ts';

/** How far back a seek is tried when it lands behind the time, in seconds. */
const STEP_BACK_S = [0, 1, 4, 16, 64, Number.POSITIVE_INFINITY];
/** No sane group of pictures is longer. */
const MAX_PACKETS = 20_000;

export interface Located {
  /** Timestamp of the frame shown at the time, in ticks. */
  shown: bigint;
  /** Timestamp of the key frame that shows it or precedes it. */
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
      found.push(locate(time));
    }
  } finally {
    packet.free();
  }
  return found;

  function locate(time: bigint): Located | null {
    for (const step of STEP_BACK_S) {
      const back = Number.isFinite(step) ? time - ticks(step, stream?.timeBase ?? { num: 1, den: 1 }) : 0n;
      if (format.seekFrameSync(streamIndex, back > 0n ? back : 0n, AVSEEK_FLAG_BACKWARD) < 0) continue;
      const answer = readAround(time);
      if (answer) return answer;
    }
    return null;
  }

  /** From the key frame where the seek landed until no packet can precede the time any more. */
  function readAround(time: bigint): Located | null {
    let key: bigint | null = null;
    let shown: bigint | null = null;
    for (let count = 0; count < MAX_PACKETS; count++) {
      const read = format.readFrameSync(packet);
      if (again(read)) continue;
      if (ended(read) || read < 0) break;
      if (packet.streamIndex !== streamIndex) continue;
      const at = hasTime(packet.pts) ? packet.pts : packet.dts;
      const decodedAt = hasTime(packet.dts) ? packet.dts : at;
      if (packet.isKeyframe && at <= time && (key === null || at > key)) key = at;
      if (key !== null && at <= time && (shown === null || at > shown)) shown = at;
      packet.unref();
      if (decodedAt > time) break;
      if (key === null && at > time) break;
    }
    packet.unref();
    return key === null || shown === null ? null : { shown, key };
  }
}
