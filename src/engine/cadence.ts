/** Steady frames out of a video of any timing: for each tick of a clock, the frame shown then. */
import type { Frame } from 'node-av/lib';

export class Cadence implements Disposable {
  readonly #start: number;
  readonly #fps: number;
  readonly #count: number;
  readonly #emit: (frame: Frame, tick: number) => void;
  #held: Frame | null = null;
  #tick = 0;

  /** Ticks `0…count-1` at `start + tick / fps` seconds, on the clock that `add` is told. */
  constructor(start: number, fps: number, count: number, emit: (frame: Frame, tick: number) => void) {
    this.#start = start;
    this.#fps = fps;
    this.#count = count;
    this.#emit = emit;
  }

  get done(): boolean {
    return this.#tick >= this.#count;
  }

  get ticks(): number {
    return this.#tick;
  }

  /** Is a frame shown at a tick when it is there from `fromS` until `untilS`? Ticks at either end count. */
  wants(fromS: number, untilS: number): boolean {
    const next = Math.max(this.#tick, Math.ceil((fromS - this.#start) * this.#fps - ROUNDING));
    return next < this.#count && this.#timeOf(next) <= untilS + TOLERANCE_S;
  }

  /** Frames in order of time. */
  add(frame: Frame, timeS: number): void {
    // A frame is shown until the next one begins; before the first, the first stands in.
    while (this.#held && !this.done && this.#timeOf(this.#tick) < timeS - TOLERANCE_S)
      this.#emit(this.#held, this.#tick++);
    this.#held?.free();
    this.#held = frame.clone();
  }

  /** The last frame is shown until `endS`. */
  end(endS: number): void {
    while (this.#held && !this.done && this.#timeOf(this.#tick) < endS - TOLERANCE_S)
      this.#emit(this.#held, this.#tick++);
  }

  #timeOf(tick: number): number {
    return this.#start + tick / this.#fps;
  }

  [Symbol.dispose](): void {
    this.#held?.free();
    this.#held = null;
  }
}

/** Of a tick, in floating point. */
const ROUNDING = 1e-6;
/** Time bases round; a tenth of a millisecond is no other frame. */
const TOLERANCE_S = 1e-4;
