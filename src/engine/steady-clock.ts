/**
 * Recordings that were put together, and broadcasts, have clocks that jump: MPEG streams allow it, and players go
 * on as if nothing had happened. Here the packets get the timestamps of a clock that does not jump.
 */
import { AVFMT_TS_DISCONT, AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import type { FormatContext, Packet } from 'node-av/lib';
import { hasTime, seconds, type TimeBase, ticks } from './ffmpeg.ts';

/** A longer way forward is a jump, a shorter one a gap (`dts_delta_threshold` of ffmpeg). */
const LONGEST_GAP_S = 10;
/** Decoding times never fall; what is less is a broken muxer. */
const LONGEST_STEP_BACK_S = 0.1;

interface Pace {
  timeBase: TimeBase;
  /** Sound and pictures go on without a pause; of subtitles nobody knows. */
  tells: boolean;
  /** Seconds that the clock of the container is ahead, as far as this stream has come. */
  ahead: number;
  /** Decoding time of the last packet, and where it ends, in seconds of the steady clock. */
  last_s: number | null;
  next_s: number;
}

export class SteadyClock {
  readonly #paces: Pace[];
  /** Seconds that the clock is ahead behind the last jump: streams do not meet it with the same packet. */
  #ahead = 0;
  /** How often the clock has jumped. */
  jumps = 0;

  constructor(format: FormatContext) {
    this.#paces = format.streams.map(({ timeBase, codecpar }) => ({
      timeBase,
      tells: codecpar.codecType === AVMEDIA_TYPE_VIDEO || codecpar.codecType === AVMEDIA_TYPE_AUDIO,
      ahead: 0,
      last_s: null,
      next_s: 0,
    }));
  }

  /** Null for containers whose clock never jumps. */
  static of(format: FormatContext): SteadyClock | null {
    return (Number(format.iformat?.flags ?? 0) & AVFMT_TS_DISCONT) === 0 ? null : new SteadyClock(format);
  }

  /** Changes the timestamps of the packet. */
  set(packet: Packet): void {
    const pace = this.#paces[packet.streamIndex];
    const { dts } = packet;
    if (!pace) return;
    if (!pace.tells) pace.ahead = this.#ahead;
    else if (hasTime(dts)) this.#follow(pace, seconds(dts, pace.timeBase), packet);
    if (pace.ahead === 0) return;
    const shift = ticks(pace.ahead, pace.timeBase);
    const { pts } = packet;
    if (hasTime(pts)) packet.pts = pts - shift;
    if (hasTime(dts)) packet.dts = dts - shift;
  }

  #follow(pace: Pace, read: number, packet: Packet): void {
    if (pace.last_s === null) pace.ahead = this.#ahead;
    else {
      const away = (ahead: number) => Math.abs(read - ahead - pace.next_s);
      // Another stream has met a jump: so has this one, where that is the better explanation.
      if (pace.ahead !== this.#ahead && away(this.#ahead) < away(pace.ahead)) pace.ahead = this.#ahead;
      if (hasJumped(pace, read - pace.ahead)) {
        pace.ahead = read - pace.next_s;
        this.#ahead = pace.ahead;
        this.jumps++;
      }
    }
    pace.last_s = read - pace.ahead;
    pace.next_s = pace.last_s + seconds(packet.duration, pace.timeBase);
  }
}

function hasJumped(pace: Pace, at: number): boolean {
  return at - pace.next_s > LONGEST_GAP_S || at < (pace.last_s as number) - LONGEST_STEP_BACK_S;
}
