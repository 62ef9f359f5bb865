/** How far a pick is, told with every image and at least twice a second. */
import type { Progress } from '../../core/plan.ts';

export const REPORT_EVERY_MS = 400;

export class PickMeter {
  readonly #total: number;
  readonly #send: (progress: Progress) => void;
  readonly #startedAt = performance.now();
  #lastReport = 0;
  #done = 0;

  constructor(total: number, send: (progress: Progress) => void) {
    this.#total = total;
    this.#send = send;
  }

  done(count: number): void {
    this.#done = count;
    this.#lastReport = 0;
    this.report();
  }

  report(): void {
    const now = performance.now();
    if (now - this.#lastReport < REPORT_EVERY_MS) return;
    this.#lastReport = now;
    const elapsed = (now - this.#startedAt) / 1000;
    const left = this.#total - this.#done;
    this.#send({
      percent: Math.round((97 * this.#done) / this.#total),
      fps: Math.round((10 * this.#done) / elapsed) / 10,
      ...(this.#done > 0 && { eta_seconds: Math.round((10 * elapsed * left) / this.#done) / 10 }),
    });
  }
}
