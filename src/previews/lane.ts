/** One process that makes previews one after the other: started when there is work, ended when there was none for a while. */
import { MillError } from '../core/errors.ts';
import type { Cage } from '../runner/cage.ts';
import { type ChildHost, createChildHost } from '../runner/child-host.ts';
import type { Outcome, WorkOrder } from '../runner/protocol.ts';
import type { RunOptions } from '../runner/supervise-order.ts';

/** Previews must not slow down jobs. */
const NICENESS = 10;
/** A page that shows many rows asks for many pictures; more than this is nobody's page. */
const MOST_WAITING = 500;

export interface LaneOptions {
  /** URL of the module with the tasks. */
  registryModule: string;
  /** What the process is kept from; default nothing. */
  cage?: Cage | null | undefined;
  /** Milliseconds without work after which the process is ended. */
  idleMs: number;
}

export interface Lane {
  /** Throws what the order fails with, `rate_limited` when too much waits already, `canceled` after `close`. */
  run(order: () => Promise<WorkOrder>, options: RunOptions): Promise<Outcome>;
  /** Ends what runs and refuses what waits. */
  close(): Promise<void>;
}

export function createLane({ registryModule, idleMs, cage = null }: LaneOptions): Lane {
  const closing = new AbortController();
  let host: ChildHost | null = null;
  let ending: Promise<void> = Promise.resolve();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let idle: NodeJS.Timeout | undefined;

  function retire(): void {
    const old = host;
    host = null;
    if (old) ending = Promise.all([ending, old.close()]).then(() => {});
  }

  async function next(order: () => Promise<WorkOrder>, options: RunOptions): Promise<Outcome> {
    clearTimeout(idle);
    if (closing.signal.aborted) throw new MillError('canceled');
    try {
      const ready = await order();
      host ??= createChildHost({ registryModule, niceness: NICENESS, cage });
      const signals = [closing.signal, ...(options.signal ? [options.signal] : [])];
      return await host.run(ready, { ...options, signal: AbortSignal.any(signals) });
    } finally {
      waiting -= 1;
      if (waiting === 0) {
        idle = setTimeout(retire, idleMs);
        idle.unref();
      }
    }
  }

  return {
    run(order, options) {
      if (waiting >= MOST_WAITING) {
        return Promise.reject(new MillError('rate_limited', `${MOST_WAITING} previews are waiting already.`));
      }
      waiting += 1;
      const result = last.then(() => next(order, options));
      last = result.catch(() => {});
      return result;
    },
    async close() {
      closing.abort();
      clearTimeout(idle);
      await last;
      retire();
      await ending;
    },
  };
}
