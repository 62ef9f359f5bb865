/** Tells the queue that this worker exists and what it does, and hears what is wanted of it. */
import type { Queue, WorkerInfo, WorkerWish } from '../queue/port.ts';

const ANNOUNCEMENTS_PER_LEASE = 3;
/** Changes within this time become one announcement. */
const SETTLE_MS = 250;

export interface Presence {
  /** Something about the worker is different now. */
  changed(): void;
  /** Something may be wanted of it: asks at once. */
  ask(): void;
  end(): Promise<void>;
}

/** `heed` is called once for every wish. */
export function announcePresence(
  queue: Queue,
  leaseMs: number,
  describe: () => WorkerInfo,
  heed: (wish: WorkerWish) => void,
): Presence {
  let settling: NodeJS.Timeout | undefined;
  let ended = false;
  let heeded = 0;
  let announcing = announce();

  async function announce(): Promise<void> {
    settling = undefined;
    // Nobody waits for this; the next one comes soon.
    const wish = await queue.announce(describe(), leaseMs).catch(() => null);
    if (wish === null || wish.number <= heeded || ended) return;
    heeded = wish.number;
    heed(wish);
  }
  function announceNow(): void {
    announcing = announcing.then(announce);
  }

  const timer = setInterval(announceNow, leaseMs / ANNOUNCEMENTS_PER_LEASE);
  return {
    changed() {
      if (!ended) settling ??= setTimeout(announceNow, SETTLE_MS);
    },
    ask() {
      if (!ended) announceNow();
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
