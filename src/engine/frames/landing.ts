/** Where decoding may begin: a key frame that is not shown after a wanted time, found by seeking. */
import { AVSEEK_FLAG_BACKWARD, AVSEEK_FLAG_BYTE } from 'node-av/constants';
import type { Packet, Stream } from 'node-av/lib';
import { again, ended, hasTime, ticks } from '../ffmpeg.ts';
import { MAX_READ_ERRORS, type OpenSource } from '../source.ts';

/**
 * How much earlier each next try is, in seconds. Containers seek by decoding times or land between key frames, so
 * that the first key frame they lead to may lie behind the wanted time.
 */
const STEP_BACK_S = [0, 0.5, 2, 8, 32, 128];
/** Streams without key flags are decoded from anywhere. */
const MAX_PACKETS_TO_KEY = 600;

export interface Landing {
  /** Timestamp of the key frame. */
  at: bigint;
  /** Nothing lies before it: it may be after the wanted time. */
  first: boolean;
}

/** Leaves the packet of the key frame in `packet`; null when the stream gives no packets. */
export async function landBefore(
  source: OpenSource,
  stream: Stream,
  limit: bigint,
  packet: Packet,
): Promise<Landing | null> {
  const beginning = hasTime(stream.startTime) && stream.startTime < 0n ? stream.startTime : 0n;
  for (const step of STEP_BACK_S) {
    const aim = limit - ticks(step, stream.timeBase);
    if (aim <= beginning) break;
    if ((await source.seek(stream.index, aim, AVSEEK_FLAG_BACKWARD)) < 0) continue;
    const at = await readToKey(source, stream, packet);
    if (at !== null && at <= limit) return { at, first: false };
    packet.unref();
  }
  await source.seek(stream.index, beginning, AVSEEK_FLAG_BACKWARD);
  let at = await readToKey(source, stream, packet);
  if (at !== null && at <= limit) return { at, first: true };
  // Clocks that run over confuse the search by time. Containers with an index refuse to go by bytes.
  if ((await source.seek(-1, 0n, AVSEEK_FLAG_BYTE)) >= 0) {
    packet.unref();
    at = await readToKey(source, stream, packet);
  }
  return at === null ? null : { at, first: true };
}

async function readToKey(source: OpenSource, stream: Stream, packet: Packet): Promise<bigint | null> {
  for (let passed = 0; ; passed++) {
    const at = await readNext(source, stream, packet);
    if (at === null || packet.isKeyframe || passed > MAX_PACKETS_TO_KEY) return at;
    packet.unref();
  }
}

/** The next packet of the stream; its timestamp, or null at the end. */
export async function readNext(source: OpenSource, stream: Stream, packet: Packet): Promise<bigint | null> {
  for (let errors = 0; errors <= MAX_READ_ERRORS; ) {
    const code = await source.next(packet);
    if (ended(code)) return null;
    if (code < 0) {
      if (!again(code)) errors++;
      continue;
    }
    errors = 0;
    if (packet.streamIndex === stream.index) return hasTime(packet.pts) ? packet.pts : packet.dts;
    packet.unref();
  }
  return null;
}
