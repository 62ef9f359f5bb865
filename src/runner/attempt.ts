/**
 * One attempt of a job, from its claim to its end: fetch, run, publish, tell the queue. Nothing becomes visible
 * without a fence: the claim is renewed once more right before the output is published.
 */
import { type Failure, MillError, toMillError } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import type { Claim, JobRecord, JobResult, Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';
import { type Devices, encodersOf, runWithDevice } from './devices.ts';
import { type ErrandPorts, runErrands } from './errands.ts';
import { type HostPathMask, maskHostPaths } from './host-paths.ts';
import { keepLease } from './lease-keeper.ts';
import { mediaTypeOf } from './media-types.ts';
import type { AttemptEnd, RunnerObserver, SpanObserver } from './observer.ts';
import { whenAvailable } from './patience.ts';
import { type PreparedOrder, prepareOrder } from './prepare-order.ts';
import type { Outcome, WorkOrder } from './protocol.ts';
import { relayReports } from './report-relay.ts';
import { recordSeries } from './run-series.ts';
import type { HostSeat } from './share-host.ts';
import { timeLimit } from './time-limit.ts';
import { toldFailure } from './told-failure.ts';
import { workName } from './work-name.ts';

/** A shorter run has no curve to speak of. */
const WORTH_A_CURVE_MS = 1000;
/** What the progress of a job says while others have the device it wants. */
const WAITING = 'waiting for a device';
/** How often the curve of a running job is told. */
const TELL_CURVE_MS = 3000;

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
  /** How inputs come here, where several attempts want the same. */
  fetch?: Storage['fetch'] | undefined;
  /** Hardware that jobs take turns with; default: each takes what it finds. */
  devices?: Devices;
  /** Default: nobody listens. */
  observe?: RunnerObserver;
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

export function startAttempt(claim: Claim, host: HostSeat, surroundings: AttemptSurroundings): Attempt {
  const { queue, storage, leaseMs, timeoutMs, memoryLimitBytes, logger, giveUp } = surroundings;
  const { job } = claim;
  const about = {
    job: job.id,
    task: job.task,
    attempt: claim.attempt,
    // The name under which the server logs the request.
    ...(job.origin?.request_id && { reqId: job.origin.request_id }),
  };
  const started = performance.now();
  const stop = new AbortController();
  const lease = keepLease(queue, claim, leaseMs, {
    cancelRequested: () => stop.abort('canceled'),
    lost: () => stop.abort('lease_lost'),
  });
  const relay = relayReports(queue, claim);
  const series = recordSeries();
  const observed = surroundings.observe?.attempt(claim);
  const curve = setInterval(() => {
    if (series.samples.length > 0) relay.note({ series: [...series.samples] });
  }, TELL_CURVE_MS);
  let mask = maskHostPaths(new Map());
  let ended = false;

  /** A step that observers see; a failure ends it too. */
  async function step<T>(name: string, work: (span?: SpanObserver) => Promise<T>): Promise<T> {
    const span = observed?.begin(name);
    try {
      const made = await work(span);
      span?.end();
      return made;
    } catch (error) {
      span?.end(toMillError(error).toFailure());
      throw error;
    }
  }

  async function produce(work: string): Promise<Ending> {
    const limitMs = job.timeout_seconds === null ? timeoutMs : job.timeout_seconds * 1000;
    using deadline = timeLimit(limitMs - elapsed(started), limitMs);
    /** For transfers: they end with the attempt, and with its time. */
    const within = AbortSignal.any([stop.signal, deadline.signal]);
    const wish = await surroundings.devices?.wish(encodersOf(surroundings.registry, job), within);
    const prepared = await step('prepare', () =>
      prepareOrder(job, work, { ...surroundings, signal: within }),
    );
    mask = maskHostPaths(prepared.shown);
    const outcome = await step('run', (span) => {
      const run = (order: WorkOrder) =>
        host.run(order, {
          signal: stop.signal,
          timeoutMs: limitMs,
          spentMs: elapsed(started),
          memoryLimitBytes,
          onProgress(progress) {
            relay.progress(progress);
            series.progress(progress);
          },
          onMemory: series.memory,
          ...(prepared.partial && { onNeed: prepared.partial.fill }),
          onPlan: (plan) => relay.note({ plan: mask.known(plan), input_size_bytes: prepared.inputBytes }),
          onLog: (level, text) => relay.log(level, mask.all(text)),
          ...(span && {
            onPart: ({ name, start_ms, end_ms, facts }) => span.past(name, start_ms, end_ms, facts),
          }),
        });
      return runWithDevice(wish, prepared.order, run, {
        signal: within,
        waits() {
          // Those that came with it may be the ones that have the device.
          host.leave();
          relay.progress({ percent: null, stage: WAITING });
        },
        log: (text) => relay.log('info', text),
      });
    });
    await whenAvailable(lease.renew, stop.signal);
    if (stop.signal.aborted) throw new MillError('canceled');
    const { publication } = prepared;
    if (publication) {
      await step('publish', () => storage.publish(publication.local, publication.path, within));
    }
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
      return endingOf(toMillError(error), stop.signal, job, mask);
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
    host.leave();
    ended = true;
    clearInterval(curve);
    series.end();
    if (elapsed(started) > WORTH_A_CURVE_MS) relay.note({ series: [...series.samples] });
    observed?.ended({ ...ending, durationMs: elapsed(started) } satisfies AttemptEnd);
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
function endingOf(error: MillError, stop: AbortSignal, job: JobRecord, mask: HostPathMask): Ending {
  const cause: StopCause | undefined = stop.reason;
  if (cause === 'released' || cause === 'lease_lost') return { kind: cause };
  if (cause === 'canceled') {
    const canceled = error.code === 'canceled' ? error : new MillError('canceled');
    return { kind: 'failed', failure: canceled.toFailure() };
  }
  return { kind: 'failed', failure: toldFailure(error.toFailure(), job, mask) };
}

function resultOf(
  { report, outputs, metrics }: Outcome,
  { publication, inputBytes, fetchedBytes }: PreparedOrder,
  mask: HostPathMask,
  durationMs: number,
): JobResult {
  const published = publication ? outputs : [];
  const fetched = fetchedBytes();
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
      ...(fetched !== null && { input_fetched_bytes: fetched }),
      output_size_bytes: published.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
    },
    data: mask.known(report.data),
    warnings: mask.known(report.warnings),
  };
}

function elapsed(since: number): number {
  return performance.now() - since;
}
