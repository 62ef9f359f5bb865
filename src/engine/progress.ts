/** Turns positions in the media into percent, fps, speed and time left. */
import type { Progress } from '../core/plan.ts';

/** The last percent belong to checking the result: a bar that says 100 % is done. */
const READING_SHARE = 97;
const REPORT_EVERY_MS = 400;

export class ProgressMeter {
  readonly #send: (progress: Progress) => void;
  readonly #begin: number;
  readonly #duration: number | null;
  readonly #startedAt = performance.now();
  #position = 0;
  #frames = 0;
  #lastReport = 0;
  #percent = 0;

  /** `begin` and `duration` in seconds on the container's timeline; null when the length is unknown. */
  constructor(send: (progress: Progress) => void, begin: number, duration: number | null) {
    this.#send = send;
    this.#begin = begin;
    this.#duration = duration !== null && duration > 0 ? duration : null;
  }

  at(position: number): void {
    if (position - this.#begin > this.#position) this.#position = position - this.#begin;
  }

  frame(): void {
    this.#frames++;
  }

  /** Sends a report when the last one is old enough. */
  report(): void {
    const now = performance.now();
    if (now - this.#lastReport < REPORT_EVERY_MS) return;
    this.#lastReport = now;
    const elapsed = Math.max(0.001, (now - this.#startedAt) / 1000);
    const speed = this.#position / elapsed;
    if (this.#duration !== null) {
      const share = Math.min(1, this.#position / this.#duration);
      this.#percent = Math.max(this.#percent, share * READING_SHARE);
    }
    const left = this.#duration === null ? null : Math.max(0, this.#duration - this.#position);
    this.#send({
      percent: this.#duration === null ? null : round(this.#percent, 1),
      ...(this.#frames > 0 && { fps: round(this.#frames / elapsed, 1) }),
      speed: round(speed, 2),
      ...(left !== null && speed > 0 && { eta_seconds: round(left / speed, 1) }),
    });
  }

  /** The result is being verified. */
  checking(): void {
    this.#send({ percent: READING_SHARE, stage: 'checking' });
  }
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
