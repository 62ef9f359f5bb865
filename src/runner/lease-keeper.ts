/** Keeps a claim alive while its job runs, and hears what the queue says of it. */
import { MillError } from '../core/errors.ts';
import type { Claim, Queue } from '../queue/port.ts';

/** Two renewals may fail before the lease is over. */
const RENEWALS_PER_LEASE = 3;
/** Pause after a renewal that did not get through. */
const RETRY_MS = 1000;

export interface LeaseEvents {
  cancelRequested(): void;
  lost(): void;
}

export interface LeaseKeeper {
  /** Renews now: the fence before something becomes visible. Throws `lease_lost`, `queue_unavailable`. */
  renew(): Promise<void>;
  /** Renews in the background. */
  check(): void;
  /** No renewals from now on. */
  stop(): void;
}

/**
 * An outage of the queue does not end the job: nobody else can claim it meanwhile, and when the queue is back it
 * says whether the lease still holds.
 */
export function keepLease(queue: Queue, claim: Claim, leaseMs: number, events: LeaseEvents): LeaseKeeper {
  const every = leaseMs / RENEWALS_PER_LEASE;
  let stopped = false;
  let timer = setTimeout(tick, every);

  async function renew(): Promise<void> {
    try {
      const { cancelRequested } = await queue.renew(claim, leaseMs);
      if (cancelRequested && !stopped) events.cancelRequested();
    } catch (error) {
      if (error instanceof MillError && error.code === 'lease_lost' && !stopped) events.lost();
      throw error;
    }
  }

  async function tick(): Promise<void> {
    const renewed = await renew().then(
      () => true,
      () => false,
    );
    if (!stopped) timer = setTimeout(tick, renewed ? every : Math.min(every, RETRY_MS));
  }

  return {
    renew,
    check() {
      renew().catch(() => {});
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
