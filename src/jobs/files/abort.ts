/** How a job on bytes ends when its signal is aborted: with the reason the signal carries. */
import { MillError } from '../../core/errors.ts';

/** The failure behind an aborted signal: its own reason when that is a {@link MillError}, else `canceled`. */
export function abortFailure(signal: AbortSignal): MillError {
  return signal.reason instanceof MillError ? signal.reason : new MillError('canceled');
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortFailure(signal);
}
