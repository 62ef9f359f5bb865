/** Workers that wait for a job: woken by this process at once, by others at the next tick. */
import type { Ticker } from './ticker.ts';

/** A wait ends after this long even when nothing happened, so that a worker's loop can look around. */
const LONGEST_WAIT_MS = 5000;

export interface Waiting {
  wait(signal: AbortSignal): Promise<void>;
  /** Lets the waiters go when there is something to claim, or when they have waited long enough. Never throws. */
  look(): void;
  close(): void;
}

export function waiting(anyClaimable: () => boolean, ticker: Ticker): Waiting {
  const waiters = new Set<{ since: number; wake: () => void }>();
  let closed = false;

  function mayClaim(): boolean {
    try {
      return anyClaimable();
    } catch {
      // Locked just now: the next tick looks again.
      return false;
    }
  }

  return {
    async wait(signal) {
      // Always a turn of the event loop, so that a loop of claims and waits starves nobody.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted || closed || mayClaim()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter = { since: performance.now(), wake: () => resolve() };
      waiters.add(waiter);
      signal.addEventListener('abort', waiter.wake, { once: true });
      const release = ticker.hold();
      await promise;
      release();
      signal.removeEventListener('abort', waiter.wake);
      waiters.delete(waiter);
    },
    look() {
      if (waiters.size === 0) return;
      const found = mayClaim();
      const oldest = performance.now() - LONGEST_WAIT_MS;
      for (const waiter of waiters) if (found || waiter.since < oldest) waiter.wake();
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.wake();
    },
  };
}
