/**
 * Runs work orders in a child process, one at a time, and always gets to an answer: whatever the native code
 * does, `run` ends with an outcome or with the first reason why there is none. The child stays warm between
 * orders and is replaced when it died, got old, or kept too much memory.
 */
import { setPriority } from 'node:os';
import { MillError, toMillError } from '../core/errors.ts';
import type { Cage } from './cage.ts';
import { type Child, startChild } from './child-process.ts';
import type { ReplacementReason } from './observer.ts';
import type { Outcome, WorkOrder } from './protocol.ts';
import { type OrderEnd, type RunOptions, superviseOrder } from './supervise-order.ts';

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
  /** Scheduling priority of the child, 0 (normal) to 19 (whatever is left); default 0. */
  niceness?: number;
  /** What the child is kept from; default nothing. Orders that are not `online` then get a child without a network. */
  cage?: Cage | null;
  /** Hears why a child was given up for a fresh one. */
  onReplaced?(reason: ReplacementReason): void;
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
  const { registryModule, jobsPerChild = JOBS_PER_CHILD, niceness = 0, cage = null } = options;
  const closing = new AbortController();
  const leaving = new Set<Promise<void>>();
  let child: Child | null = null;
  /** Orders the present child has had. */
  let orders = 0;
  let running: Promise<Outcome> | null = null;

  /** Has the present child a network? */
  let childOnline = false;

  function living(online: boolean): Child {
    // One that had the network is not trusted with a file afterwards, and one without is of no use for a download.
    if (child?.alive && cage?.offline && childOnline !== online) retire();
    if (child?.alive) return child;
    child = startChild({ registryModule, cage, online });
    childOnline = online;
    if (niceness > 0) yieldTo(child.pid, niceness);
    orders = 0;
    return child;
  }

  async function runOrder(order: WorkOrder, run: RunOptions): Promise<Outcome> {
    const signal = run.signal ? AbortSignal.any([run.signal, closing.signal]) : closing.signal;
    for (;;) {
      const earlier = child;
      const chosen = living(order.online ?? false);
      orders += 1;
      const end = await superviseOrder(chosen, order, { ...run, signal });
      const reason = whyReplace(chosen, end, run.memoryLimitBytes);
      if (reason) {
        retire();
        options.onReplaced?.(reason);
      }
      if (end.kind === 'done') return end.outcome;
      // A warm child that was found dead is not the fault of this order.
      if (end.kind === 'failed' || chosen !== earlier) throw end.error;
    }
  }

  function whyReplace({ alive }: Child, end: OrderEnd, memoryLimitBytes: number): ReplacementReason | null {
    if (!alive) return end.kind === 'failed' ? end.error.code : 'died_idle';
    if (orders >= jobsPerChild) return 'jobs_per_child';
    return end.rssBytes > Math.min(IDLE_RSS_BYTES, memoryLimitBytes / 2) ? 'memory_kept' : null;
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
        living(false);
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

/** At once: the threads that the child starts take over what its first one has. */
function yieldTo(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Gone already, or the system does not allow it: then it runs like everything else.
  }
}

async function endChild(child: Child): Promise<void> {
  child.send({ type: 'exit' });
  const timer = setTimeout(() => child.kill(), EXIT_GRACE_MS);
  await child.exited;
  clearTimeout(timer);
}
