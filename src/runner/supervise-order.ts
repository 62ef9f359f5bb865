/**
 * One order in one child, from the outside: deadline, cancel, memory, crash. Ends when the child has answered
 * or is gone, and tells the first reason.
 */
import { type Failure, fromFailure, MillError, toMillError } from '../core/errors.ts';
import type { JobPlan } from '../core/job-plan.ts';
import type { Progress } from '../core/plan.ts';
import type { Child } from './child-process.ts';
import { type ExitFacts, explainExit, explainNoStart } from './exit-reason.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
import type { FromChild, OrderLogLevel, OrderPart, Outcome, WorkOrder } from './protocol.ts';

/** A canceled job that has not stopped by then is killed; with this it is gone well within 2 s. */
const CANCEL_GRACE_MS = 1000;
/** Printed lines of one order that go to its log; damaged media can make FFmpeg print one for each packet. */
const PRINTED_LINES = 200;
/** The longest a timer can run, about 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface RunOptions {
  /** Asks the job to stop; kills it when it does not. */
  signal?: AbortSignal;
  /** Wall-clock limit, milliseconds. */
  timeoutMs: number;
  /** The part of it that is over already; default 0. */
  spentMs?: number;
  /** Resident memory of the child, bytes. */
  memoryLimitBytes: number;
  onProgress?(progress: Progress): void;
  onLog?(level: OrderLogLevel, text: string): void;
  /** Hears how the job is done, as soon as that is known, and again when there is more of it. */
  onPlan?(plan: JobPlan): void;
  /** Hears how much memory the process uses, several times a second. */
  onMemory?(rssBytes: number): void;
  /** Puts bytes of a partial input where the child reads them, `end` not among them. */
  onNeed?(start: number, end: number): Promise<void>;
  /** Asks the child for the parts of the work, and hears of each when it is over. */
  onPart?(part: OrderPart): void;
}

export type OrderEnd = { rssBytes: number } & (
  | { kind: 'done'; outcome: Outcome }
  | { kind: 'failed'; error: MillError }
  /** The child was gone before it took the order. */
  | { kind: 'not_taken'; error: MillError }
);

type Answer = Extract<FromChild, { type: 'done' | 'failed' }>;

/** `send` hands the order to the child; it is called once, when the child is ready. */
export async function superviseOrder(
  child: Child,
  order: WorkOrder,
  options: RunOptions,
  send: (order: WorkOrder) => void = (ready) => child.send({ type: 'run', orders: [ready] }),
): Promise<OrderEnd> {
  const { signal, timeoutMs, spentMs = 0, memoryLimitBytes: limit } = options;
  const stop: { reason: MillError | null; killed: boolean } = { reason: null, killed: false };
  let graceTimer: NodeJS.Timeout | undefined;

  function kill(reason: MillError): void {
    stop.reason ??= reason;
    stop.killed = true;
    child.kill();
  }
  function cancel(): void {
    const reason = new MillError('canceled');
    stop.reason ??= reason;
    child.send({ type: 'cancel', id: order.id });
    graceTimer = setTimeout(kill, CANCEL_GRACE_MS, reason);
  }

  const memory = watchMemory(child.pid, limit, (rssBytes) => kill(overLimit(rssBytes, limit)));
  const ears = listen(child, order.id, options, memory, kill);
  const leftMs = Math.min(Math.max(0, timeoutMs - spentMs), LONGEST_TIMER_MS);
  const deadline = setTimeout(() => kill(overdue(timeoutMs)), leftMs);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();

  try {
    await child.ready;
    let end: Answer | ExitFacts | null = null;
    if (!stop.reason) {
      send(options.onPart ? { ...order, timed: true } : order);
      end = await Promise.race([ears.answer, child.exited]);
    }
    if (stop.killed) await child.exited;
    memory.stop();
    const rssBytes = memory.current;
    if (stop.reason) return { kind: 'failed', error: told(stop.reason, stop.killed), rssBytes };
    if (end && 'type' in end) return { ...readAnswer(end, memory), rssBytes };
    const exit = end ?? (await child.exited);
    if (!ears.taken) return { kind: 'not_taken', error: explainNoStart(exit), rssBytes };
    return { kind: 'failed', error: explainExit(exit, { current: memory.current, limit }), rssBytes };
  } finally {
    clearTimeout(deadline);
    clearTimeout(graceTimer);
    signal?.removeEventListener('abort', cancel);
    memory.stop();
    ears.close();
  }
}

function listen(
  child: Child,
  id: string,
  { onProgress, onLog, onNeed, onPart, onPlan, onMemory }: RunOptions,
  memory: MemoryWatch,
  kill: (reason: MillError) => void,
): { answer: Promise<Answer>; readonly taken: boolean; close(): void } {
  const answer = Promise.withResolvers<Answer>();
  let taken = false;
  let printed = 0;

  async function fill({ number, start, end }: Extract<FromChild, { type: 'need' }>): Promise<void> {
    let failure: Failure | null = null;
    try {
      if (!onNeed) throw new MillError('internal', 'The input of this job is whole.');
      await onNeed(start, end);
    } catch (error) {
      failure = JSON.parse(JSON.stringify(toMillError(error).toFailure()));
    }
    child.send({ type: 'filled', id, number, failure });
  }

  const close = child.listen({
    message(message) {
      if (message.type === 'vitals') {
        memory.report(message.rss_bytes);
        onMemory?.(message.rss_bytes);
      }
      if (!('id' in message) || message.id !== id) return;
      if (message.type === 'started') taken = true;
      else if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'log') onLog?.(message.level, message.text);
      else if (message.type === 'part') onPart?.(message.part);
      else if (message.type === 'plan') onPlan?.(message.plan);
      else if (message.type === 'need') void fill(message);
      else answer.resolve(message);
    },
    garbled() {
      kill(new MillError('crashed', 'The process of the job sent a message that makes no sense.'));
    },
    line(text) {
      printed += 1;
      if (printed <= PRINTED_LINES) onLog?.('warn', text);
      if (printed === PRINTED_LINES) onLog?.('warn', 'More lines were printed; they are left out.');
    },
  });
  return {
    close,
    answer: answer.promise,
    get taken() {
      return taken;
    },
  };
}

function readAnswer(
  answer: Answer,
  memory: MemoryWatch,
): { kind: 'done'; outcome: Outcome } | { kind: 'failed'; error: MillError } {
  if (answer.type === 'failed') return { kind: 'failed', error: fromFailure(answer.failure) };
  const metrics = { ...answer.outcome.metrics, peak_memory_bytes: memory.peak };
  return { kind: 'done', outcome: { ...answer.outcome, metrics } };
}

/** A cancel says whether the job stopped by itself. */
function told(reason: MillError, forced: boolean): MillError {
  return reason.code === 'canceled' ? new MillError('canceled', undefined, { facts: { forced } }) : reason;
}

function overdue(timeoutMs: number): MillError {
  const seconds = timeoutMs / 1000;
  return new MillError('timed_out', `The job was still running after ${seconds} s and was ended.`, {
    facts: { timeout_seconds: seconds },
  });
}

function overLimit(rssBytes: number, limit: number): MillError {
  const mebi = (value: number) => `${Math.round(value / 1024 ** 2)} MiB`;
  return new MillError(
    'out_of_memory',
    `The job used ${mebi(rssBytes)} of memory, its limit is ${mebi(limit)}.`,
    { facts: { rss_bytes: rssBytes, limit_bytes: limit } },
  );
}
