/**
 * Runs work orders in a child process, one at a time or several on one source together, and always gets to an answer:
 * whatever the native code does, `run` ends with an outcome or with the first reason why there is none. The child stays warm between
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

/** An order and whoever watches over it. */
export interface Commission {
  order: WorkOrder;
  options: RunOptions;
}

export interface ChildHost {
  /** Throws MillError: what the job failed with, or `timed_out`, `canceled`, `out_of_memory`, `crashed`. */
  run(order: WorkOrder, options: RunOptions): Promise<Outcome>;
  /**
   * Several orders on one source, which is read once for all of them. Each ends on its own, as from `run`; only what
   * ends the process ends them all.
   */
  runTogether(commissions: readonly Commission[]): Promise<Outcome>[];
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
  /** Over when the process is free; what comes meanwhile waits. */
  let running = Promise.resolve();

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

  function superviseAll(chosen: Child, commissions: readonly Commission[]): Promise<OrderEnd>[] {
    const ready: WorkOrder[] = [];
    const send = (order: WorkOrder) => {
      // All of them wait for the same child: by the next microtask those that still want to run have said so.
      if (ready.length === 0) queueMicrotask(() => chosen.send({ type: 'run', orders: ready }));
      ready.push(order);
    };
    return commissions.map(({ order, options: run }) => {
      const signal = run.signal ? AbortSignal.any([run.signal, closing.signal]) : closing.signal;
      return superviseOrder(chosen, order, { ...run, signal }, send);
    });
  }

  async function runOrders(
    commissions: readonly Commission[],
    answers: readonly PromiseWithResolvers<Outcome>[],
  ): Promise<void> {
    const earlier = child;
    const chosen = living(commissions.some(({ order }) => order.online ?? false));
    orders += commissions.length;
    const again: number[] = [];
    const ends: OrderEnd[] = [];
    const answer = (end: OrderEnd, at: number) => {
      if (end.kind === 'done') answers[at]?.resolve(end.outcome);
      // A warm child that was found dead is not the fault of this order.
      else if (end.kind === 'not_taken' && chosen === earlier) again.push(at);
      else answers[at]?.reject(end.error);
    };
    /** The last one is answered when the process is free again. */
    let last = () => {};
    await Promise.all(
      superviseAll(chosen, commissions).map(async (supervised, at) => {
        const end = await supervised;
        ends.push(end);
        if (ends.length < commissions.length) answer(end, at);
        else last = () => answer(end, at);
      }),
    );
    const limit = Math.min(...commissions.map(({ options: { memoryLimitBytes } }) => memoryLimitBytes));
    const reason = whyReplace(chosen, ends, limit);
    if (reason) {
      retire();
      options.onReplaced?.(reason);
    }
    last();
    if (again.length > 0) await runOrders(pick(commissions, again), pick(answers, again));
  }

  /** `ends` as they came. */
  function whyReplace(
    { alive }: Child,
    ends: readonly OrderEnd[],
    memoryLimitBytes: number,
  ): ReplacementReason | null {
    if (!alive) return ends.find((end) => end.kind === 'failed')?.error.code ?? 'died_idle';
    if (orders >= jobsPerChild) return 'jobs_per_child';
    const kept = ends.at(-1)?.rssBytes ?? 0;
    return kept > Math.min(IDLE_RSS_BYTES, memoryLimitBytes / 2) ? 'memory_kept' : null;
  }

  function retire(): void {
    if (!child) return;
    const gone = endChild(child).finally(() => leaving.delete(gone));
    leaving.add(gone);
    child = null;
  }

  function together(commissions: readonly Commission[]): Promise<Outcome>[] {
    const answers = commissions.map(() => Promise.withResolvers<Outcome>());
    const failAll = (error: unknown) => {
      for (const { reject } of answers) reject(toMillError(error));
    };
    running = running.then(async () => {
      if (closing.signal.aborted) failAll(new MillError('internal', 'The child process was closed.'));
      else await runOrders(commissions, answers).catch(failAll);
    });
    return answers.map(({ promise }) => promise);
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
    run: (order, run) => together([{ order, options: run }])[0] as Promise<Outcome>,
    runTogether: together,
    async close() {
      closing.abort();
      await running;
      retire();
      await Promise.all(leaving);
    },
  };
}

function pick<T>(items: readonly T[], places: readonly number[]): T[] {
  return places.map((place) => items[place] as T);
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
