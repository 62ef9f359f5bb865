/**
 * Who listens to the attempts of a worker: metrics and traces. Listeners are told, never asked: what they throw is
 * lost, and nothing waits for them.
 */
import type { Failure } from '../core/errors.ts';
import type { Claim, JobResult } from '../queue/port.ts';

export type SpanFacts = Record<string, string | number | boolean>;

/** A part of an attempt that takes time. Times are milliseconds since 1970, with fractions. */
export interface SpanObserver {
  /** A part of this one that is over already. */
  past(name: string, startMs: number, endMs: number, facts?: SpanFacts): void;
  end(failure?: Failure): void;
}

export type AttemptEnd = { durationMs: number } & (
  | { kind: 'finished'; result: JobResult }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'released' | 'lease_lost' }
);

export interface AttemptObserver {
  /** `prepare`, `run`, `publish`. */
  begin(name: string): SpanObserver;
  ended(end: AttemptEnd): void;
}

/**
 * Why a child process was replaced: the code of the failure it died with, or `jobs_per_child` (it got old),
 * `memory_kept` (idle, it held on to too much), `died_idle`.
 */
export type ReplacementReason = Failure['code'] | 'jobs_per_child' | 'memory_kept' | 'died_idle';

export interface RunnerObserver {
  /** An attempt begins. */
  attempt(claim: Claim): AttemptObserver;
  childReplaced(reason: ReplacementReason): void;
}

/** One observer that tells several. */
export function observers(all: readonly RunnerObserver[]): RunnerObserver {
  return {
    childReplaced: (reason) => tell(all, (one) => one.childReplaced(reason)),
    attempt(claim) {
      const attempts = tell(all, (one) => one.attempt(claim));
      return {
        ended: (end) => tell(attempts, (one) => one.ended(end)),
        begin(name) {
          const spans = tell(attempts, (one) => one.begin(name));
          return {
            past: (...part) => tell(spans, (one) => one.past(...part)),
            end: (failure) => tell(spans, (one) => one.end(failure)),
          };
        },
      };
    },
  };
}

function tell<Listener, Answer>(listeners: readonly Listener[], say: (one: Listener) => Answer): Answer[] {
  return listeners.flatMap((one) => {
    try {
      return [say(one)];
    } catch {
      return [];
    }
  });
}
