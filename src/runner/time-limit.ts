/** The wall-clock limit of an attempt, for what is done outside of the job process. */
import { MillError } from '../core/errors.ts';

/** The longest a timer can run, about 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Aborts with `timed_out` when the time that is left is over. */
export function timeLimit(leftMs: number, limitMs: number): { signal: AbortSignal } & Disposable {
  const over = new AbortController();
  const seconds = limitMs / 1000;
  const overdue = () =>
    over.abort(
      new MillError('timed_out', `The job was still running after ${seconds} s and was ended.`, {
        facts: { timeout_seconds: seconds },
      }),
    );
  const timer = setTimeout(overdue, Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS));
  return { signal: over.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
