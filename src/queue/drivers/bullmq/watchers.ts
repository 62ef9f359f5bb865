/**
 * Watchers of the queue. One that keeps up gets every change as its message comes in. One that does not is left
 * behind: its changes are no longer kept for it, and when it comes back it reads from the records what has become
 * of the jobs meanwhile. So a slow watcher costs a bounded amount of memory, and still learns every job's last
 * state. The same happens to all of them when messages may have been missed.
 */
import type { QueueEvent } from '../../port.ts';
import { type Change, changeOf, changesAfter, numberOf } from './changes.ts';
import type { RedisStore } from './redis.ts';

/** Changes kept for one watcher; beyond it is left behind. */
const MAX_BUFFERED = 500;

/** Changes read at once by a watcher that was left behind. */
const PAGE = 200;

/** Pause before a watcher that could not read what it missed tries again, milliseconds. */
const READ_AGAIN_MS = 500;

interface Watcher {
  buffer: Change[];
  /** The last change that it was told of, or need not be told of. */
  seen: number;
  /** Changes are missing after those in the buffer. */
  behind: boolean;
  done: boolean;
  wake: () => void;
  stop: () => void;
}

export interface Watchers {
  watch(signal: AbortSignal): AsyncIterable<QueueEvent>;
  /** A message of our channel. */
  hear(message: string): void;
  /** Messages may have been missed. */
  missed(): void;
  close(): void;
}

export function watchers(store: RedisStore): Watchers {
  const all = new Set<Watcher>();
  let closed = false;

  function push(watcher: Watcher, change: Change): void {
    if (watcher.behind) return;
    if (watcher.buffer.length >= MAX_BUFFERED) {
      watcher.behind = true;
      return;
    }
    watcher.buffer.push(change);
    watcher.wake();
  }

  /** The next event for a watcher; null when there is nothing new. */
  async function take(watcher: Watcher): Promise<QueueEvent | null> {
    while (!watcher.done) {
      const change = watcher.buffer.shift();
      if (change === undefined) {
        if (!watcher.behind) return null;
        await catchUp(watcher);
        continue;
      }
      // Progress and log lines have no number of their own.
      if (change.number !== 0) {
        if (change.number <= watcher.seen) continue;
        watcher.seen = change.number;
      }
      const event = change.event ?? (await fetchEvent(change));
      if (event !== null) return event;
    }
    return null;
  }

  /** A record too large for a message. Null when the job has changed again: another message tells. */
  async function fetchEvent({ number, id }: Change): Promise<QueueEvent | null> {
    const { changes } = await changesAfter(store, number - 1, 1).catch(() => ({ changes: [] }));
    return changes.find((change) => change.id === id)?.event ?? null;
  }

  /** Reads a page of what was missed. What happens from now on is kept again, as far as it fits. */
  async function catchUp(watcher: Watcher): Promise<void> {
    watcher.behind = false;
    try {
      const { changes, upTo, more } = await changesAfter(store, watcher.seen, PAGE);
      if (upTo < watcher.seen) {
        // Redis came back without its last changes.
        watcher.seen = upTo;
        store.rewind(upTo);
      }
      watcher.behind ||= more;
      const meanwhile = more ? [] : watcher.buffer.filter(({ number }) => number === 0 || number > upTo);
      watcher.buffer = [...changes, ...meanwhile];
    } catch {
      watcher.behind = true;
      watcher.buffer = [];
      await rest(watcher, READ_AGAIN_MS);
    }
  }

  /** Until the watcher is woken, or the time is over. */
  async function rest(watcher: Watcher, ms?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    watcher.wake = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }

  async function* events(watcher: Watcher): AsyncGenerator<QueueEvent, void, undefined> {
    try {
      while (!watcher.done) {
        const event = await take(watcher);
        if (watcher.done) return;
        if (event) yield event;
        else if (watcher.buffer.length === 0 && !watcher.behind) await rest(watcher);
      }
    } finally {
      watcher.stop();
    }
  }

  return {
    watch(signal) {
      const stop = (): void => {
        watcher.done = true;
        watcher.buffer = [];
        all.delete(watcher);
        if (all.size === 0) store.watching(false);
        signal.removeEventListener('abort', stop);
        watcher.wake();
      };
      const watcher: Watcher = {
        buffer: [],
        // What another process did just before may still be told: better than to lose what it does just after.
        seen: store.lastChange(),
        behind: false,
        done: false,
        wake: () => {},
        stop,
      };
      all.add(watcher);
      store.watching(true);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted || closed) stop();
      return { [Symbol.asyncIterator]: () => events(watcher) };
    },
    hear(message) {
      store.knows(numberOf(message));
      if (all.size === 0) return;
      const change = changeOf(message);
      if (change.event === null && change.id === '') {
        // More changes at once than are told one by one.
        this.missed();
        return;
      }
      for (const watcher of all) push(watcher, change);
    },
    missed() {
      for (const watcher of all) {
        watcher.behind = true;
        watcher.wake();
      }
    },
    close() {
      closed = true;
      for (const watcher of all) watcher.stop();
    },
  };
}
