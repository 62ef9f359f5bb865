/**
 * Runs work orders in a child process, one at a time, and always gets to an answer: whatever the native code
 * does, `run` ends with an outcome or with the first reason why there is none. The child stays warm between
 * orders and is replaced when it died, got old, or kept too much memory.
 */
import { MillError, toMillError } from '../core/errors.ts';
import { type Child, startChild } from './child-process.ts';
import type { Outcome, WorkOrder } from './protocol.ts';
import { type RunOptions, superviseOrder } from './supervise-order.ts';

/** An idle child that was asked to exit and has not. */
const EXIT_GRACE_MS = 500;
/** An idle child with the engine loaded takes about 130 MiB; one that keeps this much leaks or is fragmented. */
const IDLE_RSS_BYTES = 512 * 1024 ** 2;
const JOBS_PER_CHILD = 200;

export interface ChildHostOptions {
  /** URL of a module that exports `jobs`; default the generated registry of all tasks. */
  registryModule?: string;
  /** Orders after which the child is replaced; default 200. */
  jobsPerChild?: number;
}

export interface ChildHost {
  /** Throws MillError: what the job failed with, or `timed_out`, `canceled`, `out_of_memory`, `crashed`. */
  run(order: WorkOrder, options: RunOptions): Promise<Outcome>;
  /** Starts the child ahead of the next order. */
  warm(): void;
  /** Process id of the child, or null when there is none now. */
  readonly pid: number | null;
  /** Cancels the order that runs, if any, and ends the child; resolves when it is gone. */
  close(): Promise<void>;
}

export function createChildHost(options: ChildHostOptions = {}): ChildHost {
  const { registryModule, jobsPerChild = JOBS_PER_CHILD } = options;
  const closing = new AbortController();
  const leaving = new Set<Promise<void>>();
  let child: Child | null = null;
  /** Orders the present child has had. */
  let orders = 0;
  let running: Promise<Outcome> | null = null;

  function living(): Child {
    if (child?.alive) return child;
    child = startChild(registryModule);
    orders = 0;
    return child;
  }

  async function runOrder(order: WorkOrder, run: RunOptions): Promise<Outcome> {
    const signal = run.signal ? AbortSignal.any([run.signal, closing.signal]) : closing.signal;
    for (;;) {
      const earlier = child;
      const chosen = living();
      orders += 1;
      const end = await superviseOrder(chosen, order, { ...run, signal });
      const idleLimit = Math.min(IDLE_RSS_BYTES, run.memoryLimitBytes / 2);
      if (!chosen.alive || orders >= jobsPerChild || end.rssBytes > idleLimit) retire();
      if (end.kind === 'done') return end.outcome;
      // A warm child that was found dead is not the fault of this order.
      if (end.kind === 'failed' || chosen !== earlier) throw end.error;
    }
  }

  function retire(): void {
    if (!child) return;
    const gone = endChild(child).finally(() => leaving.delete(gone));
    leaving.add(gone);
    child = null;
  }

  return {
    get pid() {
      return child?.alive ? child.pid : null;
    },
    warm() {
      if (closing.signal.aborted) return;
      try {
        living();
      } catch {
        // The next order will say why there is no process.
      }
    },
    async run(order, run) {
      if (running || closing.signal.aborted) {
        throw new MillError('internal', 'The child process is not free for an order.');
      }
      running = runOrder(order, run);
      try {
        return await running;
      } catch (error) {
        throw toMillError(error);
      } finally {
        running = null;
      }
    },
    async close() {
      closing.abort();
      await running?.catch(() => {});
      retire();
      await Promise.all(leaving);
    },
  };
}

async function endChild(child: Child): Promise<void> {
  child.send({ type: 'exit' });
  const timer = setTimeout(() => child.kill(), EXIT_GRACE_MS);
  await child.exited;
  clearTimeout(timer);
}
