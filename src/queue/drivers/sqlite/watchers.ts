/**
 * Watchers of the queue. A watcher that keeps up gets every change when it is committed. One that does not is
 * left behind: its changes are no longer kept for it, and when it comes back it reads from the tables what has
 * become of the jobs meanwhile. So a slow watcher costs a bounded amount of memory, and still learns every
 * job's last state.
 */
import type { Progress } from '../../../core/plan.ts';
import type { QueueEvent } from '../../port.ts';
import type { Change, Changes } from './changes.ts';
import type { Ticker } from './ticker.ts';

/** Changes kept for one watcher; beyond it is left behind. */
const MAX_BUFFERED = 500;

/** Changes read at once by a watcher that was left behind. */
const PAGE = 200;

/** More changes than this between two looks are not handed out; the watchers read them at their own pace. */
const BURST = 1000;

interface Watcher {
  buffer: QueueEvent[];
  /** Latest report of each job that runs here. */
  progress: Map<string, Progress>;
  /** The last change in, or once in, the buffer. */
  seen: number;
  behind: boolean;
  done: boolean;
  wake: () => void;
  stop: () => void;
}

export interface Watchers {
  watch(signal: AbortSignal): AsyncIterable<QueueEvent>;
  /** Hands out what was committed since the last look. Never throws. */
  look(): void;
  /** Progress that is not stored. */
  tell(id: string, progress: Progress): void;
  close(): void;
}

export function watchers(changes: Changes, ticker: Ticker): Watchers {
  const all = new Set<Watcher>();
  let last = 0;
  let closed = false;

  function look(): void {
    if (all.size === 0) return;
    try {
      const newest = changes.last();
      if (newest - last > BURST) {
        for (const watcher of all) watcher.behind = true;
      } else if (newest > last) {
        for (const change of changes.after(last, BURST)) {
          for (const watcher of all) push(watcher, change);
        }
      }
      last = newest;
    } catch {
      // Locked or out of order just now: the next look finds the same changes.
    }
    for (const watcher of all) if (watcher.behind) watcher.wake();
  }

  function push(watcher: Watcher, change: Change): void {
    if (watcher.behind || change.number <= watcher.seen) return;
    if (watcher.buffer.length >= MAX_BUFFERED) {
      watcher.behind = true;
      return;
    }
    add(watcher, change);
    watcher.wake();
  }

  function add(watcher: Watcher, { number, event }: Change): void {
    watcher.seen = number;
    if (event === null) return;
    watcher.buffer.push(event);
    // What the job itself says is newer.
    if (event.type === 'job') watcher.progress.delete(event.job.id);
  }

  /** The next event for a watcher; null when there is nothing new. */
  function take(watcher: Watcher): QueueEvent | null {
    if (watcher.buffer.length === 0 && watcher.behind) catchUp(watcher);
    const event = watcher.buffer.shift();
    if (event) return event;
    const [first] = watcher.progress;
    if (!first) return null;
    watcher.progress.delete(first[0]);
    return { type: 'progress', id: first[0], progress: first[1] };
  }

  /** Leaves the watcher behind when the tables cannot be read; the next look wakes it again. */
  function catchUp(watcher: Watcher): void {
    try {
      let page: Change[];
      do {
        page = changes.after(watcher.seen, PAGE);
        for (const change of page) add(watcher, change);
      } while (page.length === PAGE && watcher.buffer.length === 0);
      watcher.behind = page.length === PAGE;
    } catch {
      // As in `look`.
    }
  }

  async function* events(watcher: Watcher): AsyncGenerator<QueueEvent, void, undefined> {
    try {
      while (!watcher.done) {
        const event = take(watcher);
        if (event) {
          yield event;
        } else {
          const { promise, resolve } = Promise.withResolvers<void>();
          watcher.wake = resolve;
          await promise;
        }
      }
    } finally {
      watcher.stop();
    }
  }

  return {
    look,
    watch(signal) {
      look();
      if (all.size === 0) last = changes.last();
      const release = ticker.hold();
      const stop = (): void => {
        watcher.done = true;
        watcher.buffer = [];
        watcher.progress.clear();
        all.delete(watcher);
        release();
        signal.removeEventListener('abort', stop);
        watcher.wake();
      };
      const watcher: Watcher = {
        buffer: [],
        progress: new Map(),
        seen: last,
        behind: false,
        done: false,
        wake: () => {},
        stop,
      };
      all.add(watcher);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted || closed) stop();
      return { [Symbol.asyncIterator]: () => events(watcher) };
    },
    tell(id, progress) {
      for (const watcher of all) {
        watcher.progress.set(id, progress);
        watcher.wake();
      }
    },
    close() {
      closed = true;
      for (const watcher of all) watcher.stop();
    },
  };
}
