/**
 * A cancel that a thread sees in the middle of a synchronous loop. An ordinary AbortSignal needs a turn of the
 * event loop to become aborted; this one asks shared memory whenever `aborted` is read, and fires its `abort`
 * event then, so that the same signal also serves asynchronous code.
 */
import { MillError } from '../core/errors.ts';

const RAISED = 1;
/** Orders that one child works on at a time. */
export const MOST_TOGETHER = 64;

/** Flags that both the main thread and the working thread can see: one for each order that may run at a time. */
export function createCancelFlags(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(MOST_TOGETHER * Int32Array.BYTES_PER_ELEMENT));
}

export function raise(flags: Int32Array, order: number): void {
  Atomics.store(flags, order, RAISED);
}

export function lowerAll(flags: Int32Array): void {
  for (const order of flags.keys()) Atomics.store(flags, order, 0);
}

export interface CancelSignal {
  signal: AbortSignal;
  /** Fires the event for code that waits rather than loops. */
  notice(): void;
}

export function createCancelSignal(flags: Int32Array, order: number): CancelSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new MillError('canceled');
  let aborted = false;

  function look(): boolean {
    if (!aborted && Atomics.load(flags, order) === RAISED) {
      aborted = true;
      controller.abort(reason);
    }
    return aborted;
  }

  Object.defineProperties(signal, {
    aborted: { get: look },
    throwIfAborted: {
      value: () => {
        if (look()) throw reason;
      },
    },
  });
  return { signal, notice: look };
}
