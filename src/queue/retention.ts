/** Forgets ended jobs from time to time, in small steps, so that the queue does not grow for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue, RetentionPolicy } from './port.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Milliseconds between two rounds; the first begins soon after the start. */
const EVERY_MS = 30_000;
const FIRST_MS = 2000;

/** Between two steps of a round: whoever wants to claim a job goes first. */
const BREATH_MS = 20;

export interface RetentionSettings {
  /** Days; 0 keeps ended jobs however old. */
  retention_days: number;
  /** 0 keeps ended jobs however many. */
  retention_jobs: number;
}

export interface RetentionOptions {
  /** Milliseconds between two rounds; default half a minute. */
  everyMs?: number;
  /** Milliseconds until the first round; default two seconds. */
  firstMs?: number;
  /** A round that forgot some. */
  forgot?: (jobs: number) => void;
  /** A round that failed; the next one tries again. */
  failed?: (error: unknown) => void;
}

export function policyOf({ retention_days, retention_jobs }: RetentionSettings): RetentionPolicy {
  return {
    max_age_ms: retention_days > 0 ? Math.round(retention_days * DAY_MS) : null,
    max_jobs: retention_jobs > 0 ? retention_jobs : null,
  };
}

/** Goes on until it is stopped; `stop` waits for the step that runs. */
export function keepRetention(
  queue: Pick<Queue, 'forget'>,
  policy: RetentionPolicy,
  { everyMs = EVERY_MS, firstMs = FIRST_MS, forgot, failed }: RetentionOptions = {},
): { stop(): Promise<void> } {
  const over = new AbortController();
  const { signal } = over;

  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal, ref: false }).catch(() => {});

  async function round(): Promise<void> {
    let all = 0;
    for (let more = true; more && !signal.aborted; ) {
      const step = await queue.forget(policy);
      all += step.forgotten;
      more = step.more;
      if (more) await pause(BREATH_MS);
    }
    if (all > 0) forgot?.(all);
  }

  async function rounds(): Promise<void> {
    await pause(firstMs);
    while (!signal.aborted) {
      await round().catch((error: unknown) => failed?.(error));
      await pause(everyMs);
    }
  }

  const done = policy.max_age_ms === null && policy.max_jobs === null ? Promise.resolve() : rounds();
  return {
    async stop() {
      over.abort();
      await done;
    },
  };
}
