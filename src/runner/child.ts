/**
 * Entry of the process that does native work, started by child-process.ts with the URL of a registry module as
 * its argument. This main thread stays quiet: it passes messages on, tells how much memory is in use, and ends
 * the process when its parent is gone. The work is done in a thread (child-thread.ts).
 */
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { MillError } from '../core/errors.ts';
import { createCancelFlags, lowerAll, raise } from './cancel-signal.ts';
import type { ThreadData } from './child-thread.ts';
import type { FromChild, ToChild } from './protocol.ts';
import { siblingModule } from './sibling-module.ts';

const VITALS_EVERY_MS = 250;
/** When memory runs out, Linux shall take this process and not the server. −1000…1000. */
const OOM_SCORE_ADJUSTMENT = '500';
/** Media lives in native memory; a JavaScript heap of this size, in MiB, is a mistake of the job. */
const HEAP_MIB = 1024;
/** Its part for what is short-lived, in MiB: as fast as with Node's 48, and 8 MB smaller after two hundred probes. */
const YOUNG_HEAP_MIB = 16;

// Without a parent nobody waits for the work. A thread inside a native call can't be joined: no exit(), a kill.
process.on('disconnect', endWithHelpers);
if (!process.connected) endWithHelpers();
// These are sent to the whole group by terminals and init systems; the parent decides what they mean here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
if (process.platform === 'linux') offerToOomKiller();

const cancelFlags = createCancelFlags();
const registryModule = process.argv[2] ?? siblingModule(import.meta.url, '../jobs/index.gen');
const thread = new Worker(new URL(siblingModule(import.meta.url, './child-thread')), {
  workerData: { registryModule, cancelFlags } satisfies ThreadData,
  resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
});

/** Ids of the orders that came together, and of those that have not been answered yet. */
let orders: string[] = [];
const running = new Set<string>();
let ending = false;
let vitals: NodeJS.Timeout | undefined;

thread.on('message', (message: FromChild) => {
  if (message.type === 'done' || message.type === 'failed') {
    running.delete(message.id);
    if (running.size === 0) clearInterval(vitals);
    sendVitals();
  }
  send(message);
});
thread.on('error', (error) => endWithThread(explainThreadError(error)));
thread.on('exit', () => endWithThread(new MillError('crashed', 'The job ended the thread it ran in.')));

// The thread checks messages in full: the schemas take 20 MB and 50 ms that this thread does without.
process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'run':
      orders = message.orders.map(({ id }) => id);
      lowerAll(cancelFlags);
      vitals = setInterval(sendVitals, VITALS_EVERY_MS);
      for (const id of orders) {
        running.add(id);
        send({ type: 'started', id });
      }
      break;
    case 'cancel':
      if (!running.has(message.id)) return;
      raise(cancelFlags, orders.indexOf(message.id));
      break;
    case 'exit':
      process.exit(0);
  }
  thread.postMessage(message);
});

function send(message: FromChild, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent ?? (() => {}));
}

function sendVitals(): void {
  send({ type: 'vitals', rss_bytes: process.memoryUsage.rss() });
}

/** A process without its thread is of no use. The first call tells why. */
function endWithThread(error: MillError): void {
  if (ending) return;
  ending = true;
  process.stderr.write(`${error.message}\n`);
  const last = [...running].at(-1);
  if (last === undefined) process.exit(1);
  for (const id of running)
    send({ type: 'failed', id, failure: error.toFailure() }, () => id === last && process.exit(1));
}

function explainThreadError(error: unknown): MillError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new MillError('out_of_memory', 'The job filled the JavaScript heap.', { cause: error });
  }
  return new MillError('crashed', `The job threw where nobody could catch it: ${message}`, { cause: error });
}

/** The parent makes this process the leader of a group of its own: helpers that a job started go with it. */
function endWithHelpers(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

function offerToOomKiller(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OOM_SCORE_ADJUSTMENT);
  } catch {
    // A hardened /proc: the kernel then chooses by size alone.
  }
}
