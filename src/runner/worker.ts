/**
 * The worker loop: claims jobs and runs each in a child process, as many at a time as configured, until it is
 * told to stop. Survives a queue that is away, and children that die.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Claim, JobRecord, WorkerInfo } from '../queue/port.ts';
import { admission } from './admission.ts';
import { type Attempt, type AttemptSurroundings, startAttempt } from './attempt.ts';
import type { Cage } from './cage.ts';
import { failureStreak } from './failure-streak.ts';
import { fetchOnce } from './fetch-once.ts';
import { createHostPool } from './host-pool.ts';
import { residentBytes } from './memory-watch.ts';
import { observers } from './observer.ts';
import { createBackoff, whenAvailable } from './patience.ts';
import { announcePresence } from './presence.ts';
import { type HostSeat, shareHost } from './share-host.ts';
import { isRunning } from './work-name.ts';
import { workerGate } from './worker-gate.ts';

const RECOVER_EVERY_MS = 1000;
/** After the drain time, for telling the queue what became of the jobs. */
const LAST_WORDS_MS = 5000;

export interface WorkerOptions extends Omit<AttemptSurroundings, 'threads' | 'giveUp'> {
  /** Default: host name, process id and a random part. */
  id?: string;
  /** Jobs at a time, at least 1. */
  concurrency: number;
  /** A child process is replaced after this many jobs. */
  jobsPerChild: number;
  /** How long `stop` lets running jobs go on before it gives them back. */
  drainMs: number;
  /** The worker pauses itself after so many jobs in a row that failed for reasons of its machine; default 0, never. */
  pauseAfterFailures?: number;
  /** No job is taken while less space is free on the disk; default 0, which does not look. */
  minFreeDiskBytes?: number;
  /** No job is taken while less memory is available; default 0, which does not look. */
  minFreeMemoryBytes?: number;
  /** What job processes are kept from; default nothing. */
  cage?: Cage | null;
  /** Scheduling priority of job processes, 0 to 19; default 0. */
  niceness?: number;
  /** URL of the module that children take their jobs from; default the generated registry. */
  registryModule?: string;
}

export interface Worker {
  readonly id: string;
  /** Jobs it runs now. */
  readonly running: number;
  /**
   * Claims nothing more, waits for the running jobs, gives back those that are left after `drainMs` (their
   * attempt does not count), ends all children. May be called again with less patience.
   */
  stop(drainMs?: number): Promise<void>;
}

export function startWorker(options: WorkerOptions): Worker {
  const { queue, storage, logger, leaseMs, concurrency } = options;
  const id = options.id ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const startedAt = new Date().toISOString();
  const stopping = new AbortController();
  const giveUp = new AbortController();
  const over = new AbortController();
  const attempts = new Set<Attempt>();
  /** One child process each; attempts that were claimed together share one. */
  const slots = new Set<Promise<unknown>>();
  const outage = createBackoff();
  let away = false;
  let recovering = false;
  const hosts = createHostPool(concurrency, {
    ...options,
    onReplaced: (reason) => options.observe?.childReplaced(reason),
  });
  const { pauseAfterFailures = 0, minFreeDiskBytes = 0, minFreeMemoryBytes = 0 } = options;
  const gate = workerGate({
    admit: admission({
      minFreeDiskBytes,
      minFreeMemoryBytes,
      freeDiskBytes: () => storage.freeBytes(),
    }),
    logger,
    changed: () => presence.changed(),
    resumed: () => streak.reset(),
  });
  const streak = failureStreak(pauseAfterFailures, ({ code, detail }) =>
    gate.pause(
      `${streak.jobs} jobs in a row failed here; the last one: ${detail} (${code}). Look at this machine, then resume the worker.`,
    ),
  );
  const surroundings: AttemptSurroundings = {
    ...options,
    observe: observers([streak.observer, ...(options.observe ? [options.observe] : [])]),
    threads: Math.max(1, Math.floor(availableParallelism() / concurrency)),
    giveUp: giveUp.signal,
  };
  const presence = announcePresence(queue, leaseMs, describe, gate.heed);
  const recovery = setInterval(recover, RECOVER_EVERY_MS);
  const swept = storage
    .sweep((name) => isRunning(queue, name))
    .then((removed) => removed > 0 && logger.info({ removed }, 'removed work folders of attempts that ended'))
    .catch((error) => logger.warn({ err: error }, 'work folders could not be swept'));
  const watching = watch();
  const finished = work();

  function describe(): WorkerInfo {
    return {
      id,
      host: hostname(),
      pid: process.pid,
      started_at: startedAt,
      jobs: [...attempts].map(({ claim }) => claim.job.id),
      concurrency,
      busy: slots.size,
      ...gate.describe(),
      ...(stopping.signal.aborted && { state: 'draining' }),
      memory_bytes: memoryBytes(),
      failed_in_a_row: streak.jobs,
      current: [...attempts].map(({ claim: { job, attempt } }) => ({
        id: job.id,
        task: job.task,
        attempt,
        started_at: job.started_at ?? startedAt,
      })),
    };
  }

  function memoryBytes(): number {
    const children = hosts.pids.map((pid) => residentBytes(pid) ?? 0);
    return children.reduce((sum, bytes) => sum + bytes, process.memoryUsage.rss());
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (slots.size >= concurrency) {
        await Promise.race(slots);
        continue;
      }
      if (!(await gate.open(stopping.signal))) continue;
      const claim = await nextClaim();
      if (claim) start(claim);
    }
    await Promise.all(slots);
    clearInterval(recovery);
    over.abort();
    await Promise.all([hosts.close(), presence.end(), swept, watching]);
  }

  function start(claim: Claim): void {
    const claims = claimsOf(claim);
    const host = hosts.take();
    const seats = shareHost(host, claims.length);
    const fetch = claims.length > 1 ? fetchOnce(storage) : undefined;
    const started = claims.map(async (own, number) => {
      const attempt = startAttempt(own, seats[number] as HostSeat, { ...surroundings, fetch });
      attempts.add(attempt);
      await attempt.ended;
      attempts.delete(attempt);
      presence.changed();
    });
    const slot = Promise.all(started).then(() => {
      slots.delete(slot);
      hosts.give(host);
      presence.changed();
    });
    slots.add(slot);
    presence.changed();
  }

  /** Null when there may be something to claim by now, or when the worker stops. */
  async function nextClaim(): Promise<Claim | null> {
    try {
      const claim = await queue.claim(id, leaseMs);
      if (away) logger.info({}, 'the queue is back');
      away = false;
      outage.reset();
      if (claim && (stopping.signal.aborted || gate.paused)) {
        for (const own of claimsOf(claim)) await whenAvailable(() => queue.release(own), giveUp.signal);
        return null;
      }
      if (!claim) await queue.waitForWork(stopping.signal);
      return claim;
    } catch (error) {
      if (!away) logger.warn({ err: error }, 'no jobs can be claimed');
      away = true;
      await outage.wait(stopping.signal);
      return null;
    }
  }

  /** Cancels that cannot wait for the next renewal. */
  async function watch(): Promise<void> {
    const backoff = createBackoff();
    while (!over.signal.aborted) {
      try {
        for await (const event of queue.watch(over.signal)) {
          backoff.reset();
          if (event.type === 'job') heed(event.job);
          if (event.type === 'workers' && event.wish === id) presence.ask();
        }
      } catch (error) {
        logger.debug({ err: error }, 'the queue cannot be watched');
      }
      await backoff.wait(over.signal);
    }
  }

  function heed(job: JobRecord): void {
    for (const { claim, stop, checkLease } of attempts) {
      if (claim.job.id !== job.id) continue;
      const ours = job.status === 'started' && job.worker === id && job.attempts === claim.attempt;
      if (!ours) checkLease();
      else if (job.cancel_requested) stop('canceled');
    }
  }

  async function recover(): Promise<void> {
    if (recovering) return;
    recovering = true;
    await queue
      .recover()
      .catch((error) => logger.debug({ err: error }, 'expired leases cannot be looked for'));
    recovering = false;
  }

  return {
    id,
    get running() {
      return attempts.size;
    },
    async stop(drainMs = options.drainMs) {
      stopping.abort();
      presence.changed();
      const drained = setTimeout(() => {
        for (const attempt of attempts) attempt.stop('released');
      }, drainMs);
      const silence = setTimeout(() => giveUp.abort(), drainMs + LAST_WORDS_MS);
      await finished;
      clearTimeout(drained);
      clearTimeout(silence);
    },
  };
}

/** Steps of a run on the same source come with the claim of one of them. */
function claimsOf(claim: Claim): Claim[] {
  return [claim, ...(claim.mates ?? [])];
}
