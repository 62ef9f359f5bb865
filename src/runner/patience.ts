/** Waiting for a queue or a disk that is away for a while, without asking it all the time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, MillError } from '../core/errors.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;
/** What passes by itself, or when somebody makes room. */
const PASSING: readonly ErrorCode[] = ['queue_unavailable', 'disk_full'];

/** Grows with every call: 100 ms, doubled up to 5 s, with jitter so that workers do not come back together. */
export function createBackoff(): { wait(signal: AbortSignal): Promise<void>; reset(): void } {
  let next = FIRST_WAIT_MS;
  return {
    async wait(signal) {
      const wait = next * (0.5 + Math.random() / 2);
      next = Math.min(2 * next, LONGEST_WAIT_MS);
      await sleep(wait, undefined, { signal }).catch(() => {});
    },
    reset() {
      next = FIRST_WAIT_MS;
    },
  };
}

/** Repeats an operation while the queue cannot be reached; throws its last error once the signal is aborted. */
export async function whenAvailable<T>(operation: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const backoff = createBackoff();
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const passing = error instanceof MillError && PASSING.includes(error.code);
      if (!passing || signal.aborted) throw error;
      await backoff.wait(signal);
    }
  }
}
