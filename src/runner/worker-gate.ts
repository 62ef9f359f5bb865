/** Whether a worker may take the next job: not while it is paused, nor while the machine is short of something. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerInfo, WorkerWish } from '../queue/port.ts';
import type { RunnerLogger } from './attempt.ts';

/** How often a worker that is short of something looks again, milliseconds. */
const LOOK_AGAIN_MS = 1000;

export interface WorkerGate {
  readonly paused: boolean;
  /** What is announced of it. */
  describe(): Pick<WorkerInfo, 'state' | 'detail'>;
  pause(reason: string): void;
  heed(wish: WorkerWish): void;
  /** True at once, or false after a while in which no job may be taken. */
  open(stopping: AbortSignal): Promise<boolean>;
}

export interface WorkerGateOptions {
  /** What is short, in one sentence; null when nothing is. */
  admit: () => Promise<string | null>;
  logger: RunnerLogger;
  changed: () => void;
  resumed: () => void;
}

export function workerGate({ admit, logger, changed, resumed }: WorkerGateOptions): WorkerGate {
  let pausedFor: string | null = null;
  let short: string | null = null;
  let release = (): void => {};

  function pause(reason: string): void {
    if (pausedFor === null) logger.warn({ reason }, 'worker paused');
    pausedFor = reason;
    changed();
  }
  function resume(): void {
    resumed();
    if (pausedFor !== null) logger.info({}, 'worker resumed');
    pausedFor = null;
    changed();
    release();
  }
  function notice(found: string | null): void {
    // The figures change all the time; that it waits does not.
    if (found !== null && short === null) logger.warn({ reason: found }, 'no jobs are taken');
    if (found === null && short !== null) logger.info({}, 'jobs are taken again');
    if ((found === null) !== (short === null)) changed();
    short = found;
  }

  return {
    get paused() {
      return pausedFor !== null;
    },
    describe() {
      if (pausedFor !== null) return { state: 'paused', detail: pausedFor };
      return { state: 'running', ...(short !== null && { detail: short }) };
    },
    pause,
    heed({ state, reason }) {
      if (state === 'running') resume();
      else pause(reason ?? 'Somebody has paused this worker.');
    },
    async open(stopping) {
      if (pausedFor !== null) {
        const { promise, resolve } = Promise.withResolvers<void>();
        release = resolve;
        stopping.addEventListener('abort', release, { once: true });
        if (!stopping.aborted) await promise;
        stopping.removeEventListener('abort', release);
        return false;
      }
      notice(await admit());
      if (short === null) return pausedFor === null;
      await sleep(LOOK_AGAIN_MS, undefined, { signal: stopping }).catch(() => {});
      return false;
    },
  };
}
