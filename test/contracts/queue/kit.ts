/** What the parts of the queue contract share: a driver under test, sample jobs, and waiting with a deadline. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type ErrorCode, type Failure, MillError } from '../../../src/core/errors.ts';
import type { Backoff } from '../../../src/queue/backoff.ts';
import type { Claim, JobResult, NewJob, Queue, QueueEvent } from '../../../src/queue/port.ts';

/** Short enough to wait for in a test; every handle of a driver under test is opened with it. */
export const TEST_BACKOFF: Backoff = { base_ms: 100, max_ms: 1000 };

/** One empty store, and as many handles on it as a test asks for. */
export interface QueueDriver {
  /** Another handle, as another process would have. Opened with {@link TEST_BACKOFF} and 3 attempts. */
  open(): Promise<Queue>;
  /** Shortest lease the driver keeps, milliseconds. */
  leaseMs: number;
  /** Longest time after the end of a lease until the job is back in the queue, milliseconds. */
  recoveryMs: number;
  /** Closes all handles and removes the store. */
  dispose(): Promise<void>;
}

/** A part of the contract; `driver` is made anew for every test. */
export type ContractPart = (driver: () => QueueDriver) => void;

export function newJob(more: Partial<NewJob> = {}): NewJob {
  return {
    task: 'get_video_info',
    input_path: '/data/input/a.mp4',
    output_path: '/data/output/a.json',
    params: {},
    ...more,
  };
}

export function result(message = 'done'): JobResult {
  return {
    success: true,
    message,
    output_path: '/data/output/a.json',
    outputs: [{ name: 'a.json', size_bytes: 12, media_type: 'application/json' }],
    metrics: { duration_ms: 5, input_size_bytes: 100, output_size_bytes: 12 },
    data: { streams: 2 },
    warnings: [],
  };
}

export function failure(code: ErrorCode, detail = 'It went wrong.'): Failure {
  return new MillError(code, detail).toFailure();
}

/** Enqueues one job. */
export async function put(queue: Queue, more: Partial<NewJob> = {}) {
  const [record] = await queue.enqueue([newJob(more)]);
  if (!record) throw new Error('enqueue answered nothing');
  return record;
}

/** Claims, and fails when there is nothing to claim. */
export async function take(queue: Queue, worker = 'worker-1', leaseMs = 30_000): Promise<Claim> {
  const claim = await queue.claim(worker, leaseMs);
  if (!claim) throw new Error('there is nothing to claim');
  return claim;
}

/** Claims as soon as there is something; for jobs that come back by themselves. */
export async function takeSoon(queue: Queue, worker: string, withinMs: number): Promise<Claim> {
  return await eventually(() => queue.claim(worker, 30_000), withinMs, 'a job to claim');
}

/** The first answer that is neither null nor false. */
export async function eventually<T>(
  look: () => Promise<T | null | false> | T | null | false,
  withinMs: number,
  what: string,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  // Less and less often: a look may cost as much as what is waited for.
  for (let pause = 5; ; pause = Math.min(50, pause * 1.3)) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await sleep(pause);
  }
}

export async function expectCode(promise: Promise<unknown>, code: ErrorCode): Promise<MillError> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillError);
  expect((error as MillError).code).toBe(code);
  return error as MillError;
}

export async function status(queue: Queue, id: string): Promise<string | undefined> {
  return (await queue.get(id))?.status;
}

/** Collects events in the background until it is stopped. */
export function record(queue: Queue) {
  const events: QueueEvent[] = [];
  const abort = new AbortController();
  const done = (async () => {
    for await (const event of queue.watch(abort.signal)) events.push(event);
  })();
  return {
    events,
    /** Statuses a job was seen in, in order, repetitions left out. */
    statuses: (id: string) =>
      events
        .flatMap((event) => (event.type === 'job' && event.job.id === id ? [event.job.status] : []))
        .filter((one, index, all) => one !== all[index - 1]),
    seen: (match: (event: QueueEvent) => boolean, withinMs = 2000) =>
      eventually(() => events.find(match) ?? null, withinMs, 'an event'),
    async stop() {
      abort.abort();
      await done;
    },
  };
}
