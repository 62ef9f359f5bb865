/**
 * The thread of a child process that does the work. FFmpeg's calls are synchronous and long; here they block
 * nobody. Orders come from the child's main thread, messages of the protocol go back to it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { fromFailure, toMillError } from '../core/errors.ts';
import { createRegistry, type Registry } from '../core/registry.ts';
import { createCancelSignal } from './cancel-signal.ts';
import { executeOrder } from './execute-order.ts';
import { type FromChild, readToChild, type ToChild, type WorkOrder } from './protocol.ts';
import { type EngineSeat, type SharedEngine, shareEngine } from './share-engine.ts';

export interface ThreadData {
  /** URL of a module that exports `jobs`. */
  registryModule: string;
  cancelFlags: Int32Array;
}

/** How long a thread must be idle before it loads the engine ahead of need. */
const ENGINE_AHEAD_MS = 25;
/** Progress between two messages; the parent thins further. */
const PROGRESS_EVERY_MS = 100;

const port = parentPort as NonNullable<typeof parentPort>;
const { registryModule, cancelFlags } = workerData as ThreadData;
const post = (message: FromChild) => port.postMessage(message);

const { jobs } = await import(registryModule);
const registry: Registry = createRegistry(jobs);

let loading: Promise<SharedEngine> | null = null;
const loadEngine = () => {
  loading ??= import('../engine/index.ts');
  return loading;
};

/** Of the orders that run, by id. */
const noticeCancel = new Map<string, () => void>();
/** Bytes that were asked for and have not come yet. */
const awaited = new Map<number, PromiseWithResolvers<void>>();
let needs = 0;
let engineAhead: NodeJS.Timeout | undefined;

function loadEngineAhead(): void {
  // A failure here shows when a job asks for the engine.
  engineAhead = setTimeout(() => loadEngine().catch(() => {}), ENGINE_AHEAD_MS);
}

async function run(orders: WorkOrder[]): Promise<void> {
  clearTimeout(engineAhead);
  const engines = shareEngine(orders.length, loadEngine);
  await Promise.all(orders.map((order, number) => runOne(order, number, engines[number] as EngineSeat)));
  if (!loading) loadEngineAhead();
}

async function runOne(order: WorkOrder, number: number, engine: EngineSeat): Promise<void> {
  const { id } = order;
  const { signal, notice } = createCancelSignal(cancelFlags, number);
  noticeCancel.set(id, notice);
  let lastProgress = Number.NEGATIVE_INFINITY;
  try {
    const outcome = await executeOrder(order, {
      registry,
      loadEngine: engine.load,
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
  noticeCancel.delete(id);
  engine.leave();
}

function settle({ number, failure }: Extract<ToChild, { type: 'filled' }>): void {
  const came = awaited.get(number);
  awaited.delete(number);
  if (failure) came?.reject(fromFailure(failure));
  else came?.resolve();
}

port.on('message', (raw) => {
  const message = readToChild(raw);
  if (message.type === 'run') void run(message.orders);
  else if (message.type === 'filled') settle(message);
  else if (message.type === 'cancel') noticeCancel.get(message.id)?.();
});
post({ type: 'ready' });
loadEngineAhead();
