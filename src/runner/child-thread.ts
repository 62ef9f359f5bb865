/**
 * The thread of a child process that does the work. FFmpeg's calls are synchronous and long; here they block
 * nobody. Orders come from the child's main thread, messages of the protocol go back to it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { fromFailure, toMillError } from '../core/errors.ts';
import { createRegistry, type Registry } from '../core/registry.ts';
import { createCancelSignal } from './cancel-signal.ts';
import { type Engine, executeOrder } from './execute-order.ts';
import { type FromChild, readToChild, type ToChild, type WorkOrder } from './protocol.ts';

export interface ThreadData {
  /** URL of a module that exports `jobs`. */
  registryModule: string;
  cancelFlag: Int32Array;
}

/** How long a thread must be idle before it loads the engine ahead of need. */
const ENGINE_AHEAD_MS = 25;
/** Progress between two messages; the parent thins further. */
const PROGRESS_EVERY_MS = 100;

const port = parentPort as NonNullable<typeof parentPort>;
const { registryModule, cancelFlag } = workerData as ThreadData;
const post = (message: FromChild) => port.postMessage(message);

const { jobs } = await import(registryModule);
const registry: Registry = createRegistry(jobs);

let loading: Promise<Engine> | null = null;
const loadEngine = () => {
  loading ??= import('../engine/index.ts');
  return loading;
};

let noticeCancel = () => {};
/** Bytes that were asked for and have not come yet. */
const awaited = new Map<number, PromiseWithResolvers<void>>();
let needs = 0;
let engineAhead: NodeJS.Timeout | undefined;

function loadEngineAhead(): void {
  // A failure here shows when a job asks for the engine.
  engineAhead = setTimeout(() => loadEngine().catch(() => {}), ENGINE_AHEAD_MS);
}

async function run(order: WorkOrder): Promise<void> {
  clearTimeout(engineAhead);
  const { id } = order;
  const { signal, notice } = createCancelSignal(cancelFlag);
  noticeCancel = notice;
  let lastProgress = Number.NEGATIVE_INFINITY;
  try {
    const outcome = await executeOrder(order, {
      registry,
      loadEngine,
      signal,
      progress(progress) {
        const now = performance.now();
        if (now - lastProgress < PROGRESS_EVERY_MS && progress.percent !== 100) return;
        lastProgress = now;
        post({ type: 'progress', id, progress });
      },
      log: (level, text) => post({ type: 'log', id, level, text }),
      plan: (plan) => post({ type: 'plan', id, plan }),
      need(start, end) {
        const number = ++needs;
        const came = Promise.withResolvers<void>();
        awaited.set(number, came);
        post({ type: 'need', id, number, start, end });
        return came.promise;
      },
      ...(order.timed && { part: (part) => post({ type: 'part', id, part }) }),
    });
    post({ type: 'done', id, outcome });
  } catch (error) {
    const failure = toMillError(error).toFailure();
    post({ type: 'failed', id, failure: JSON.parse(JSON.stringify(failure)) });
  }
  noticeCancel = () => {};
  if (!loading) loadEngineAhead();
}

function settle({ number, failure }: Extract<ToChild, { type: 'filled' }>): void {
  const came = awaited.get(number);
  awaited.delete(number);
  if (failure) came?.reject(fromFailure(failure));
  else came?.resolve();
}

port.on('message', (raw) => {
  const message = readToChild(raw);
  if (message.type === 'run') void run(message.order);
  else if (message.type === 'filled') settle(message);
  else noticeCancel();
});
post({ type: 'ready' });
loadEngineAhead();
