/** Waiting before the next attempt: doubled each time, with jitter so that failed jobs do not return together. */
export interface Backoff {
  /** Longest wait before the second attempt, milliseconds; default 1000. */
  base_ms?: number;
  /** No wait is longer than this, milliseconds; default 300,000. */
  max_ms?: number;
}

/** Milliseconds to wait after attempt number `attempt` (from 1) failed: between half and all of base × 2^(attempt − 1). */
export function backoffMs(
  attempt: number,
  { base_ms = 1000, max_ms = 300_000 }: Backoff = {},
  random: () => number = Math.random,
): number {
  const longest = Math.min(max_ms, base_ms * 2 ** Math.max(0, attempt - 1));
  return Math.round(longest / 2 + (random() * longest) / 2);
}
