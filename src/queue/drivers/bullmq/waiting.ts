/** Workers that wait for a job: woken by the message that tells of one, and now and then in case it was missed. */
import { reading } from './lua.ts';
import type { RedisStore } from './redis.ts';

/** A wait ends after this long even when nothing happened, so that a worker's loop can look around. */
const LONGEST_WAIT_MS = 5000;

/** Messages are missed while Redis restarts; after this long a waiter looks for itself. */
const LOOK_EVERY_MS = 1000;

/** A queue that was paused in BullMQ gives out nothing. */
const ANY = reading(
  'any',
  `if C('HEXISTS', B .. 'meta', 'paused') == 1 then return 0 end
if C('ZCARD', B .. 'prioritized') > 0 or C('ZCOUNT', P .. 'due', '-inf', now) > 0 then return 1 end
return 0`,
);

export interface Waiting {
  wait(signal: AbortSignal): Promise<void>;
  /** Something may be claimable. */
  wake(): void;
  close(): void;
}

export function waiting(store: RedisStore): Waiting {
  const waiters = new Set<() => void>();
  let closed = false;

  /** While Redis is away there is nothing to claim. */
  const any = async (): Promise<boolean> => {
    try {
      return (await store.run(ANY)) === 1;
    } catch {
      return false;
    }
  };

  return {
    async wait(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const over = performance.now() + LONGEST_WAIT_MS;
      // Before the first look: what is enqueued after it must be heard.
      waiters.add(resolve);
      signal.addEventListener('abort', resolve as () => void, { once: true });
      let timer: NodeJS.Timeout | undefined;
      const lookAgain = async (): Promise<void> => {
        if (performance.now() > over || (await any())) resolve();
        else timer = setTimeout(lookAgain, LOOK_EVERY_MS * (0.5 + Math.random() / 2));
        if (!waiters.has(resolve)) clearTimeout(timer);
      };
      if (signal.aborted || closed) resolve();
      else void lookAgain();
      await promise;
      waiters.delete(resolve);
      clearTimeout(timer);
      signal.removeEventListener('abort', resolve as () => void);
    },
    wake() {
      for (const resolve of waiters) resolve();
    },
    close() {
      closed = true;
      for (const resolve of waiters) resolve();
    },
  };
}
