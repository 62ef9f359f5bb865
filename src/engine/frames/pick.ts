/**
 * Delivers single frames of a video stream by seeking: only the groups of pictures that hold a wanted frame are
 * decoded, and in those the frames nobody refers to are skipped.
 */
import { AVDISCARD_ALL, AVSEEK_FLAG_BACKWARD } from 'node-av/constants';
import { type Frame, Packet, type Stream } from 'node-av/lib';
import { StreamDecoder } from '../decoder.ts';
import { again, ended, hasTime, ticks, turn } from '../ffmpeg.ts';
import type { OpenSource } from '../source.ts';

/** Further back at each try when a seek lands after the wanted frame (streams without an index). */
const STEP_BACK_S = [0, 1, 4, 16, 64];
/** A wanted frame this near is reached by decoding on rather than by seeking, unless key frames are known. */
const DECODE_ON_S = 0.5;

export interface PickOptions {
  threads: number;
  signal: AbortSignal;
  /** Timestamps of key frames, rising, when a scan has found them. */
  keys: readonly bigint[];
  /** `wanted[index]` has been delivered. */
  onFrame(frame: Frame, index: number): void;
}

/** `wanted` rises; each is delivered once, as the frame of that timestamp or the next one when it is damaged. Answers the damage seen. */
export async function pickFrames(
  source: OpenSource,
  stream: Stream,
  wanted: readonly bigint[],
  options: PickOptions,
): Promise<{ errors: number }> {
  for (const other of source.format.streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
  using picker = new Picker(source, stream, wanted, options);
  await picker.run();
  return { errors: picker.errors };
}

class Picker implements Disposable {
  readonly #source: OpenSource;
  readonly #stream: Stream;
  readonly #wanted: readonly bigint[];
  readonly #options: PickOptions;
  readonly #decoder: StreamDecoder;
  readonly #packet = new Packet();
  /** Index of the next wanted frame. */
  #next = 0;
  /** Timestamp of the last packet fed and of the last frame seen since the last seek. */
  #fed: bigint | null = null;
  #last: Frame | null = null;
  #ended = false;

  constructor(source: OpenSource, stream: Stream, wanted: readonly bigint[], options: PickOptions) {
    this.#source = source;
    this.#stream = stream;
    this.#wanted = wanted;
    this.#options = options;
    this.#decoder = new StreamDecoder(stream, { threads: options.threads });
    this.#packet.alloc();
  }

  get errors(): number {
    return this.#decoder.errors;
  }

  async run(): Promise<void> {
    while (this.#next < this.#wanted.length) {
      await turn();
      this.#options.signal.throwIfAborted();
      const target = this.#wanted[this.#next] as bigint;
      if (this.#mustSeek(target)) this.#seek(target);
      const before = this.#next;
      while (this.#next === before && !this.#ended) this.#step();
      if (this.#next === before) {
        if (!this.#lastResort()) break;
      }
    }
  }

  #mustSeek(target: bigint): boolean {
    if (this.#fed === null || this.#ended) return true;
    const fed = this.#fed;
    if (this.#options.keys.length > 0) {
      return this.#options.keys.some((key) => key > fed && key <= target);
    }
    return target - fed > ticks(DECODE_ON_S, this.#stream.timeBase);
  }

  /** Lands on a key frame whose timestamp is not after the target, and feeds it. */
  #seek(target: bigint): void {
    for (const step of [...STEP_BACK_S, null]) {
      const to = step === null ? 0n : target - ticks(step, this.#stream.timeBase);
      const from = step === null || to < 0n ? this.#startOfStream() : to;
      const code = this.#source.format.seekFrameSync(this.#stream.index, from, AVSEEK_FLAG_BACKWARD);
      if (code < 0 && step !== null) continue;
      this.#decoder.flush();
      this.#ended = false;
      this.#fed = null;
      const first = this.#readUntilKey();
      if (first === null) continue;
      if (first <= target || step === null) {
        this.#feed();
        return;
      }
      this.#packet.unref();
    }
  }

  #startOfStream(): bigint {
    return hasTime(this.#stream.startTime) && this.#stream.startTime < 0n ? this.#stream.startTime : 0n;
  }

  /** Leaves the key packet in `#packet`; its timestamp, or null at the end. Streams without key flags start anywhere. */
  #readUntilKey(): bigint | null {
    for (let skipped = 0; ; skipped++) {
      const at = this.#read();
      if (at === null) return null;
      if (this.#packet.isKeyframe || skipped > 600) return at;
      this.#packet.unref();
    }
  }

  /** The next packet of the stream, its timestamp; null at the end. */
  #read(): bigint | null {
    for (;;) {
      const code = this.#source.format.readFrameSync(this.#packet);
      if (again(code)) continue;
      if (ended(code) || code < 0) return null;
      if (this.#packet.streamIndex === this.#stream.index) {
        const { pts, dts } = this.#packet;
        return hasTime(pts) ? pts : hasTime(dts) ? dts : (this.#fed ?? 0n) + 1n;
      }
      this.#packet.unref();
    }
  }

  #step(): void {
    if (this.#read() === null) {
      this.#ended = true;
      this.#decoder.decode(null, this.#visit);
      this.#decoder.flush();
      return;
    }
    this.#feed();
  }

  #feed(): void {
    const { pts, dts } = this.#packet;
    const at = hasTime(pts) ? pts : dts;
    // Without timestamps on packets nothing may be skipped: any of them may be the wanted one.
    this.#decoder.skipUnreferenced(hasTime(pts) && !this.#isWanted(pts));
    if (this.#fed === null || at > this.#fed) this.#fed = at;
    this.#decoder.decode(this.#packet, this.#visit);
    this.#packet.unref();
  }

  #isWanted(pts: bigint): boolean {
    for (let index = this.#next; index < this.#wanted.length; index++) {
      const wanted = this.#wanted[index] as bigint;
      if (wanted === pts) return true;
      if (wanted > pts) return false;
    }
    return false;
  }

  #visit = (frame: Frame): void => {
    while (this.#next < this.#wanted.length && frame.pts >= (this.#wanted[this.#next] as bigint))
      this.#deliver(frame);
    this.#last?.free();
    this.#last = frame.clone();
  };

  #deliver(frame: Frame): void {
    const index = this.#next++;
    this.#options.onFrame(frame, index);
  }

  /** The wanted frame never came: the end is damaged. The last frame that did stands in for it. */
  #lastResort(): boolean {
    if (!this.#last) return false;
    this.#deliver(this.#last);
    return true;
  }

  [Symbol.dispose](): void {
    this.#last?.free();
    this.#packet.free();
    this.#decoder[Symbol.dispose]();
  }
}
