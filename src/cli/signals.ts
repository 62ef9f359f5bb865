/** SIGINT and SIGTERM: the first asks to stop, the second ends the process at once. */
import { constants } from 'node:os';
import { note } from './output.ts';

/**
 * A terminal sends Ctrl-C to the whole group and npm passes it on to its child: the same wish arrives twice.
 * Only a signal that comes later than this is a second wish.
 */
const SAME_WISH_MS = 1000;

/** Aborted by the first signal. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (first === 0) {
        first = performance.now();
        controller.abort(signal);
      } else if (performance.now() - first > SAME_WISH_MS) {
        note('mediamill: stopped at once');
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
