/** Counts jobs in a row that failed for reasons that point at this machine, not at their input. */
import type { ErrorCode, Failure } from '../core/errors.ts';
import type { RunnerObserver, SpanObserver } from './observer.ts';

/**
 * A job that fails for one of these may well succeed elsewhere: native code that dies, memory, time, disk, tools and
 * storage of this machine. Not `engine_failed` nor `download_failed`: the file or the other server is more likely.
 */
const OF_THE_MACHINE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'crashed',
  'out_of_memory',
  'timed_out',
  'disk_full',
  'output_not_writable',
  'storage_unavailable',
  'tool_unavailable',
  'internal',
]);

export interface FailureStreak {
  readonly observer: RunnerObserver;
  /** Different jobs; further attempts of one job do not count again. */
  readonly jobs: number;
  reset(): void;
}

/** Calls `reached` with the last failure when `limit` jobs in a row have failed, and for every one after; 0 never. */
export function failureStreak(limit: number, reached: (last: Failure) => void): FailureStreak {
  const failed = new Set<string>();
  const silent: SpanObserver = { past() {}, end() {} };
  return {
    get jobs() {
      return failed.size;
    },
    reset: () => failed.clear(),
    observer: {
      childReplaced() {},
      attempt: ({ job }) => ({
        begin: () => silent,
        ended(end) {
          if (end.kind === 'finished') failed.clear();
          if (end.kind !== 'failed' || end.failure.code === 'canceled') return;
          if (!OF_THE_MACHINE.has(end.failure.code)) {
            // The machine has read a file and found it wanting: it works.
            failed.clear();
            return;
          }
          failed.add(job.id);
          if (limit > 0 && failed.size >= limit) reached(end.failure);
        },
      }),
    },
  };
}
