/**
 * The queue on Redis, for several machines: jobs wait in a BullMQ queue and are claimed from it, their records lie
 * beside it. Every operation is one Lua script, so that nothing can be half done; see bullmq/lua.ts and
 * bullmq/bull.ts. What survives a crash of Redis itself is a matter of its append-only file: docs/redis.md.
 */
import { MillError } from '../../core/errors.ts';
import type { Backoff } from '../backoff.ts';
import { JUDGE_EVERY_MS, leaseObserver } from '../leases.ts';
import { notBefore } from '../list-query.ts';
import type { Queue } from '../port.ts';
import { attempts as attemptsOf, type HeldJob } from './bullmq/attempts.ts';
import { BULLMQ_EVENTS_KEPT } from './bullmq/bull.ts';
import { tellsOfWork } from './bullmq/changes.ts';
import { redisClock } from './bullmq/clock.ts';
import { control as controlOf } from './bullmq/control.ts';
import { enqueue, enqueued } from './bullmq/enqueue.ts';
import { listing as listingOf } from './bullmq/listing.ts';
import { appendLog, readLog } from './bullmq/logs.ts';
import { pageOfNext } from './bullmq/next-order.ts';
import { keepNotes, readSeries } from './bullmq/notes.ts';
import { clearOutbox, outbox } from './bullmq/outbox.ts';
import { pause as pauseOf } from './bullmq/pause.ts';
import { dangersOf, openStore } from './bullmq/redis.ts';
import { retention as retentionOf } from './bullmq/retention.ts';
import { waiting as waitingFor } from './bullmq/waiting.ts';
import { watchers as watchersOf } from './bullmq/watchers.ts';
import { announce, announced, type HeldWorker, look, wish, withdraw } from './bullmq/workers.ts';

export interface BullmqQueueOptions {
  /** `redis://[user:password@]host[:port][/number]`, `rediss://…` for TLS, or the path of a socket. */
  url: string;
  /** Name of the queue in BullMQ; installations with the same name on the same Redis share their jobs. Without colons. */
  queueName: string;
  /** Most attempts of a job that does not say otherwise, 1…1000; default 3. */
  attempts?: number;
  /** Waits between attempts. */
  backoff?: Backoff;
  /** Hears what about the server's settings would lose jobs; default: nobody. */
  warn?: (sentence: string) => void;
}

/** Throws `queue_unavailable` when Redis cannot be reached, `invalid_config` for a URL or name that is none. */
export default async function openBullmqQueue(options: BullmqQueueOptions): Promise<Queue> {
  const { url, queueName, attempts: defaultAttempts = 3, backoff, warn } = options;
  if (queueName === '' || queueName.includes(':')) {
    throw new MillError('invalid_config', '[redis] queue_name must not be empty, nor contain a colon.', {
      facts: { key: 'redis.queue_name' },
    });
  }
  const store = await openStore(url, queueName);
  const attempts = attemptsOf(store, backoff);
  const control = controlOf(store);
  const pause = pauseOf(store);
  const retention = retentionOf(store);
  const clock = redisClock(store);
  const listing = listingOf(store);
  const watchers = watchersOf(store);
  const waiting = waitingFor(store);
  const jobLeases = leaseObserver<HeldJob>((held) => held.id);
  const workerLeases = leaseObserver<HeldWorker>((held) => held.worker);

  async function recover(): Promise<number> {
    const seen = await look(store, clock);
    let { moved } = seen;
    for (const lost of jobLeases.judge(seen.jobs)) if (await attempts.lose(lost)) moved += 1;
    for (const { held } of workerLeases.judge(seen.workers)) await withdraw(store, held.worker, held.beat);
    return moved;
  }

  let recovering: Promise<void> | null = null;
  const upkeep = setInterval(() => {
    recovering ??= recover()
      .then(
        () => {},
        () => {
          // The next round tries again; who needs the queue meanwhile gets the failure.
        },
      )
      .finally(() => {
        recovering = null;
      });
  }, JUDGE_EVERY_MS);
  upkeep.unref();

  let closing: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    clearInterval(upkeep);
    watchers.close();
    waiting.close();
    await enqueued(store);
    await store.close();
    await recovering;
  }

  try {
    await store.command((redis) =>
      redis.hset(`${store.bull}meta`, 'opts.maxLenEvents', String(BULLMQ_EVENTS_KEPT)),
    );
    await store.listen(
      (message) => {
        if (tellsOfWork(message)) waiting.wake();
        watchers.hear(message);
      },
      () => {
        waiting.wake();
        watchers.missed();
      },
    );
    store.knows(Number(await store.command((redis) => redis.get(`${store.own}change`))));
    await recover();
    if (warn) for (const sentence of await dangersOf(store)) warn(sentence);
  } catch (error) {
    await shutDown();
    throw error;
  }

  return {
    enqueue: (jobs) => enqueue(store, jobs, defaultAttempts),

    claim: (worker, leaseMs) => attempts.claim(worker, leaseMs),
    waitForWork: (signal) => waiting.wait(signal),
    renew: (claim, leaseMs) => attempts.renew(claim, leaseMs),
    progress: (claim, progress) => attempts.progress(claim, JSON.stringify(progress)),
    log: (claim, lines) => appendLog(store, claim, lines),
    note: (claim, notes) => keepNotes(store, claim, notes),
    complete: (claim, result) => attempts.complete(claim, result),
    fail: (claim, failure) => attempts.fail(claim, failure),
    release: (claim) => attempts.release(claim),
    recover,

    cancel: (id, by) => control.cancel(id, by),
    retry: (id, by) => control.retry(id, by),
    remove: (id) => control.remove(id),
    forget: (policy) => retention.forget(policy),
    pause: (reason) => pause.pause(reason),
    resume: () => pause.resume(),
    pauseState: () => pause.state(),
    addMetrics: (id, metrics) => control.addMetrics(id, metrics),

    get: (id) => listing.get(id),
    list: async (query) =>
      query.order === 'next' ? pageOfNext(store, query) : notBefore(await listing.page(query), query),
    counts: (query = {}) => listing.counts(query),
    logs: (id, after = 0) => readLog(store, id, after),
    series: (id) => readSeries(store, id),
    watch: (signal) => watchers.watch(signal),
    usersOf: (path) => listing.usersOf(path),

    announce: (worker, leaseMs) => announce(store, worker, leaseMs),
    withdraw: (id) => withdraw(store, id),
    wish: (id, wanted) => wish(store, id, wanted),
    workers: () => announced(store),

    outbox: (limit) => outbox(store, limit),
    clearOutbox: (entries) => clearOutbox(store, entries),

    /** Writes, so that a full disk, a read-only replica and a memory limit are noticed. */
    check: async () =>
      void (await store.command((redis) => redis.set(`${store.own}checked`, String(Date.now())))),
    async close() {
      closing ??= shutDown();
      await closing;
    },
  };
}
