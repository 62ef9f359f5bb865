/**
 * One attempt of a job, from its claim to its end: fetch, run, publish, tell the queue. Nothing becomes visible
 * without a fence: the claim is renewed once more right before the output is published.
 */
import { type Failure, MillError, toMillError } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import type { Claim, JobResult, Queue } from '../queue/port.ts';
import type { ChildHost } from './child-host.ts';
import { type ErrandPorts, runErrands } from './errands.ts';
import { type HostPathMask, maskHostPaths } from './host-paths.ts';
import { keepLease } from './lease-keeper.ts';
import { mediaTypeOf } from './media-types.ts';
import { whenAvailable } from './patience.ts';
import { type PreparedOrder, prepareOrder } from './prepare-order.ts';
import type { Outcome, WorkOrder } from './protocol.ts';
import { relayReports } from './report-relay.ts';
import { workName } from './work-name.ts';

/** The part of pino's interface that the runner uses. */
export interface RunnerLogger {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

export interface AttemptSurroundings extends Pick<WorkOrder, 'threads' | 'network'>, ErrandPorts {
  registry: Registry;
  logger: RunnerLogger;
  leaseMs: number;
  /** Wall-clock limit of jobs that bring none. */
  timeoutMs: number;
  memoryLimitBytes: number;
  /** Aborted when the worker can no longer wait for a queue that is away. */
  giveUp: AbortSignal;
}

/** `released`: given back untouched because the worker goes. The first cause wins. */
export type StopCause = 'canceled' | 'lease_lost' | 'released';

export interface Attempt {
  readonly claim: Claim;
  /** Resolves when the queue knows how it ended, or nothing can be done; never rejects. */
  readonly ended: Promise<void>;
  stop(cause: StopCause): void;
  /** Asks the queue whether the claim still holds. */
  checkLease(): void;
}

type Ending =
  | { kind: 'finished'; result: JobResult }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'released' }
  | { kind: 'lease_lost' };

export function startAttempt(claim: Claim, host: ChildHost, surroundings: AttemptSurroundings): Attempt {
  const { queue, storage, leaseMs, timeoutMs, memoryLimitBytes, logger, giveUp } = surroundings;
  const { job } = claim;
  const about = { job: job.id, task: job.task, attempt: claim.attempt };
  const started = performance.now();
  const stop = new AbortController();
  const lease = keepLease(queue, claim, leaseMs, {
    cancelRequested: () => stop.abort('canceled'),
    lost: () => stop.abort('lease_lost'),
  });
  const relay = relayReports(queue, claim);
  let mask = maskHostPaths(new Map());
  let ended = false;

  async function produce(work: string): Promise<Ending> {
    const prepared = await prepareOrder(job, work, surroundings);
    mask = maskHostPaths(prepared.shown);
    const limitMs = job.timeout_seconds === null ? timeoutMs : job.timeout_seconds * 1000;
    const outcome = await host.run(prepared.order, {
      signal: stop.signal,
      timeoutMs: limitMs,
      spentMs: elapsed(started),
      memoryLimitBytes,
      onProgress: relay.progress,
      onLog: (level, text) => relay.log(level, mask.all(text)),
    });
    await whenAvailable(lease.renew, stop.signal);
    if (stop.signal.aborted) throw new MillError('canceled');
    const { publication } = prepared;
    if (publication) await storage.publish(publication.local, publication.path);
    const done = await runErrands(outcome.report.errands, job, surroundings);
    const result = resultOf(outcome, prepared, mask, elapsed(started));
    return { kind: 'finished', result: { ...result, data: { ...result.data, ...done } } };
  }

  /** The work folder is gone before the queue hears of the end: the next attempt may begin at once. */
  async function inWorkFolder(): Promise<Ending> {
    let work: string | null = null;
    try {
      work = await storage.createWork(workName(claim));
      return await produce(work);
    } catch (error) {
      return endingOf(toMillError(error), stop.signal, mask);
    } finally {
      if (work !== null) {
        await storage
          .removeWork(work)
          .catch((error) => logger.warn({ ...about, err: error }, 'work folder stays'));
      }
    }
  }

  async function run(): Promise<void> {
    logger.info(about, 'job started');
    const ending = await inWorkFolder();
    ended = true;
    await relay.end();
    try {
      await whenAvailable(() => tell(queue, claim, ending), giveUp);
      const facts = { ...about, duration_ms: Math.round(elapsed(started)) };
      if (ending.kind === 'failed') logger.warn({ ...facts, failure: ending.failure }, 'attempt failed');
      else logger.info(facts, `job ${ending.kind}`);
    } catch (error) {
      logger.warn({ ...about, err: error }, 'the end of the job could not be told; its lease will run out');
    } finally {
      lease.stop();
    }
  }

  return {
    claim,
    ended: run(),
    stop: (cause) => stop.abort(cause),
    checkLease() {
      if (!ended) lease.check();
    },
  };
}

async function tell(queue: Queue, claim: Claim, ending: Ending): Promise<void> {
  if (ending.kind === 'finished') await queue.complete(claim, ending.result);
  if (ending.kind === 'failed') await queue.fail(claim, ending.failure);
  if (ending.kind === 'released') await queue.release(claim);
}

/** Why the work was stopped says more than the error it ended with. */
function endingOf(error: MillError, stop: AbortSignal, mask: HostPathMask): Ending {
  const cause: StopCause | undefined = stop.reason;
  if (cause === 'released' || cause === 'lease_lost') return { kind: cause };
  if (cause === 'canceled') {
    const canceled = error.code === 'canceled' ? error : new MillError('canceled');
    return { kind: 'failed', failure: canceled.toFailure() };
  }
  const { detail, facts, ...failure } = error.toFailure();
  return {
    kind: 'failed',
    failure: { ...failure, detail: mask.all(detail), ...(facts && { facts: mask.all(facts) }) },
  };
}

function resultOf(
  { report, outputs, metrics }: Outcome,
  { publication, inputBytes }: PreparedOrder,
  mask: HostPathMask,
  durationMs: number,
): JobResult {
  const published = publication ? outputs : [];
  return {
    success: true,
    message: mask.known(report.message),
    output_path: publication?.path ?? null,
    outputs: published.map((file) => ({ ...file, media_type: mediaTypeOf(file.name) })),
    metrics: {
      ...report.metrics,
      ...metrics,
      duration_ms: Math.round(durationMs),
      input_size_bytes: inputBytes,
      output_size_bytes: published.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
    },
    data: mask.known(report.data),
    warnings: mask.known(report.warnings),
  };
}

function elapsed(since: number): number {
  return performance.now() - since;
}
