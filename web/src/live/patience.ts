/** When to ask again for what could not be had: later and later, or when the server says. */
import { Failed } from '../api/client';

const FIRST_MS = 1000;
const MOST_MS = 30_000;

export class Patience {
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Runs it after a while; answers when that is. */
  later(error: unknown, run: () => void): number {
    clearTimeout(this.#timer);
    const own = Math.min(MOST_MS, FIRST_MS * 2 ** this.#failures++);
    const wait = Math.max(own, 1000 * askedWait(error));
    this.#timer = setTimeout(run, wait);
    return Date.now() + wait;
  }

  /** It went well, or nobody wants it any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
  }
}

/** Seconds that a server with too many requests asks for. */
function askedWait(error: unknown): number {
  const seconds = error instanceof Failed ? Number(error.facts.retry_after_s) : 0;
  return Number.isFinite(seconds) ? Math.min(60, seconds) : 0;
}
