/**
 * Judges leases without looking at the clock on the wall. Every claim has a beat that rises when it is renewed;
 * an observer counts, by its own steady clock, how long it has watched a beat stand still. The wall clock may
 * jump by hours in any direction, and no lease ends early or late for it.
 *
 * Time during which the observer itself did not run (stopped, frozen, blocked) is not counted: whatever stopped
 * it has most likely stopped the worker too.
 */
import { type Liveness, workerLiveness } from './worker-id.ts';

/** How often each process judges; also adds to the time until an expired lease is noticed. */
export const JUDGE_EVERY_MS = 250;

/** A longer pause between two judgements counts as this much. */
const MAX_STEP_MS = 2 * JUDGE_EVERY_MS;

export interface Held {
  worker: string;
  beat: number;
  lease_ms: number;
}

export interface Lost<H extends Held> {
  held: H;
  /** `gone`: the process of the holder does not exist. `lapsed`: it has not renewed in time. */
  reason: 'gone' | 'lapsed';
}

export interface LeaseObserver<H extends Held> {
  /** Takes all held things, answers those that are lost. */
  judge(held: H[]): Lost<H>[];
}

/** `steady` is a monotonic clock in milliseconds. */
export function leaseObserver<H extends Held>(
  keyOf: (held: H) => string | number,
  steady: () => number = () => performance.now(),
  liveness: (worker: string) => Liveness = workerLiveness,
): LeaseObserver<H> {
  let still = new Map<string | number, { beat: number; ms: number }>();
  let last = steady();

  return {
    judge(all) {
      const now = steady();
      const step = Math.min(now - last, MAX_STEP_MS);
      last = now;
      const known = still;
      still = new Map();
      const gone = new Set(
        [...new Set(all.map((held) => held.worker))].filter((id) => liveness(id) === 'gone'),
      );
      return all.flatMap((held): Lost<H>[] => {
        const before = known.get(keyOf(held));
        const ms = before?.beat === held.beat ? before.ms + step : 0;
        still.set(keyOf(held), { beat: held.beat, ms });
        if (gone.has(held.worker)) return [{ held, reason: 'gone' }];
        return ms > held.lease_ms ? [{ held, reason: 'lapsed' }] : [];
      });
    },
  };
}
