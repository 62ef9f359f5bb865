/**
 * Delivers single frames of a video stream by seeking: only the groups of pictures that hold a wanted frame are
 * decoded, and in those the frames nobody refers to are skipped.
 */
import { AVDISCARD_ALL } from 'node-av/constants';
import { type Frame, Packet, type Stream } from 'node-av/lib';
import { decodingThreads, StreamDecoder } from '../decoder.ts';
import { hasTime, ticks, turn } from '../ffmpeg.ts';
import type { OpenSource } from '../source.ts';
import { shownAt } from './choose.ts';
import { landBefore, readNext } from './landing.ts';

/** A wanted frame this near is reached by decoding on rather than by seeking, unless key frames are known. */
const DECODE_ON_S = 0.5;
/** How often a frame that did not come out is looked for from an earlier key frame. */
const MAX_RETRIES = 2;
/** How long the loop may run before the event loop gets a turn. */
const TURN_EVERY_MS = 30;

export interface PickOptions {
  /** Cores to count on. */
  threads: number;
  signal: AbortSignal;
  /** Timestamps of key frames, rising, when a scan has found them. */
  keys: readonly bigint[];
  /** Called every now and then while no frame comes. */
  onTurn(): void;
  /** `wanted[index]` has been delivered. */
  onFrame(frame: Frame, index: number): void;
}

/**
 * `wanted` rises; each is delivered once, as the frame of that timestamp or, when that one is damaged, the next that
 * comes out, at the end the last. Answers the damage seen.
 */
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
  /** The wanted frame that was sought last: from there it is reached by decoding on. */
  #sought = -1;
  /** Latest timestamp fed since the last seek; null before the first. */
  #fed: bigint | null = null;
  /** Timestamp of the key frame that decoding began at; null when nothing lies before it. */
  #landing: bigint | null = null;
  #retries = 0;
  /** A later frame came where the wanted one should have: an earlier key frame may lead to it. */
  #overshot = false;
  #ended = false;
  #last: Frame | null = null;
  #lastTurn = performance.now();

  constructor(source: OpenSource, stream: Stream, wanted: readonly bigint[], options: PickOptions) {
    this.#source = source;
    this.#stream = stream;
    this.#wanted = wanted;
    this.#options = options;
    this.#decoder = new StreamDecoder(stream, { threads: decodingThreads(options.threads) });
    this.#packet.alloc();
  }

  get errors(): number {
    return this.#decoder.errors;
  }

  async run(): Promise<void> {
    while (this.#next < this.#wanted.length) {
      await this.#turn();
      const target = this.#wanted[this.#next] as bigint;
      if (this.#mustSeek(target)) await this.#seek(target);
      else if (!this.#overshot && !this.#ended) await this.#step();
      else if (this.#mayRetry) await this.#retry();
      else break;
    }
    this.#standIn();
  }

  #turn(): Promise<void> | undefined {
    const now = performance.now();
    this.#options.signal.throwIfAborted();
    if (now - this.#lastTurn < TURN_EVERY_MS) return;
    this.#lastTurn = now;
    this.#options.onTurn();
    return turn();
  }

  #mustSeek(target: bigint): boolean {
    const fed = this.#fed;
    if (fed === null) return true;
    if (this.#ended || this.#sought === this.#next || target <= fed) return false;
    const { keys } = this.#options;
    const key = keys[shownAt(keys, target)];
    if (key !== undefined) return key > fed && key <= target;
    return target - fed > ticks(DECODE_ON_S, this.#stream.timeBase);
  }

  get #mayRetry(): boolean {
    return this.#landing !== null && this.#retries < MAX_RETRIES;
  }

  async #retry(): Promise<void> {
    this.#retries++;
    await this.#seek((this.#landing as bigint) - 1n);
  }

  async #seek(limit: bigint): Promise<void> {
    this.#sought = this.#next;
    this.#decoder.flush();
    this.#overshot = false;
    const landing = await landBefore(this.#source, this.#stream, limit, this.#packet);
    this.#landing = landing === null || landing.first ? null : landing.at;
    this.#ended = landing === null;
    this.#fed = landing?.at ?? limit;
    if (landing) this.#feed(landing.at);
  }

  async #step(): Promise<void> {
    const at = await readNext(this.#source, this.#stream, this.#packet);
    if (at !== null) {
      this.#feed(at);
      return;
    }
    this.#decoder.decode(null, this.#visit);
    this.#decoder.flush();
    this.#ended = true;
  }

  #feed(at: bigint): void {
    const { pts } = this.#packet;
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
    if (this.#overshot) return;
    while (this.#next < this.#wanted.length && frame.pts >= (this.#wanted[this.#next] as bigint)) {
      const missed = frame.pts > (this.#wanted[this.#next] as bigint);
      if (missed && this.#mayRetry) {
        this.#overshot = true;
        return;
      }
      this.#deliver(frame);
    }
    this.#last?.free();
    this.#last = frame.clone();
  };

  #deliver(frame: Frame): void {
    this.#retries = 0;
    this.#options.onFrame(frame, this.#next++);
  }

  /** The end is damaged: the last frame that came out stands in for what is missing. */
  #standIn(): void {
    while (this.#last && this.#next < this.#wanted.length) this.#deliver(this.#last);
  }

  [Symbol.dispose](): void {
    this.#last?.free();
    this.#packet.free();
    this.#decoder[Symbol.dispose]();
  }
}
