/**
 * A cancel that a thread sees in the middle of a synchronous loop. An ordinary AbortSignal needs a turn of the
 * event loop to become aborted; this one asks shared memory whenever `aborted` is read, and fires its `abort`
 * event then, so that the same signal also serves asynchronous code.
 */
import { MillError } from '../core/errors.ts';

const RAISED = 1;

/** A flag that both the main thread and the working thread can see. */
export function createCancelFlag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

export function raise(flag: Int32Array): void {
  Atomics.store(flag, 0, RAISED);
}

export function lower(flag: Int32Array): void {
  Atomics.store(flag, 0, 0);
}

export interface CancelSignal {
  signal: AbortSignal;
  /** Fires the event for code that waits rather than loops. */
  notice(): void;
}

export function createCancelSignal(flag: Int32Array): CancelSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new MillError('canceled');
  let aborted = false;

  function look(): boolean {
    if (!aborted && Atomics.load(flag, 0) === RAISED) {
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
