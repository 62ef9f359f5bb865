/** Tells the queue that this worker exists and what it does. */
import type { Queue, WorkerInfo } from '../queue/port.ts';

const ANNOUNCEMENTS_PER_LEASE = 3;
/** Changes within this time become one announcement. */
const SETTLE_MS = 250;

export interface Presence {
  /** Something about the worker is different now. */
  changed(): void;
  end(): Promise<void>;
}

export function announcePresence(queue: Queue, leaseMs: number, describe: () => WorkerInfo): Presence {
  let settling: NodeJS.Timeout | undefined;
  let ended = false;
  let announcing = announce();

  async function announce(): Promise<void> {
    settling = undefined;
    // Nobody waits for this; the next one comes soon.
    await queue.announce(describe(), leaseMs).catch(() => {});
  }
  function announceNow(): void {
    announcing = announcing.then(announce);
  }

  const timer = setInterval(announceNow, leaseMs / ANNOUNCEMENTS_PER_LEASE);
  return {
    changed() {
      if (!ended) settling ??= setTimeout(announceNow, SETTLE_MS);
    },
    async end() {
      ended = true;
      clearInterval(timer);
      clearTimeout(settling);
      await announcing;
      await queue.withdraw(describe().id).catch(() => {});
    },
  };
}
