/**
 * The embedded queue: one SQLite file, shared by any number of processes of one machine. No service, nothing to
 * set up; what `enqueue` has acknowledged survives the death of every process and a power failure.
 */
import { stat } from 'node:fs/promises';
import { MillError } from '../../core/errors.ts';
import type { Backoff } from '../backoff.ts';
import { JUDGE_EVERY_MS, leaseObserver } from '../leases.ts';
import { notBefore } from '../list-query.ts';
import { withMates } from '../mates.ts';
import type { Claim, JobRecord, Queue } from '../port.ts';
import { attempts as attemptsOf } from './sqlite/attempts.ts';
import { changes as changesOf } from './sqlite/changes.ts';
import { databaseError, openDatabase, whenFree } from './sqlite/connection.ts';
import { control as controlOf } from './sqlite/control.ts';
import { entrance as entranceOf } from './sqlite/enqueue.ts';
import { type HeldJob, jobTable } from './sqlite/jobs.ts';
import { listing as listingOf } from './sqlite/listing.ts';
import { logs as logsOf } from './sqlite/logs.ts';
import { nextOrder } from './sqlite/next-order.ts';
import { notes as notesOf } from './sqlite/notes.ts';
import { outbox as outboxOf } from './sqlite/outbox.ts';
import { parents as parentsOf } from './sqlite/parents.ts';
import { pause as pauseOf } from './sqlite/pause.ts';
import { liveProgress } from './sqlite/progress.ts';
import { retention as retentionOf } from './sqlite/retention.ts';
import { type JobRow, toRecord } from './sqlite/rows.ts';
import { scheduleClock } from './sqlite/schedule-clock.ts';
import { ticker as startTicker } from './sqlite/ticker.ts';
import { groupCommit, type Transaction } from './sqlite/transactions.ts';
import { waiting as waitingFor } from './sqlite/waiting.ts';
import { watchers as watchersOf } from './sqlite/watchers.ts';
import { type HeldWorker, workerTable } from './sqlite/workers.ts';

export interface SqliteQueueOptions {
  /** Path of the database file; it and its folder are created when missing. Two more files lie beside it while it is open. */
  database: string;
  /** Most attempts of a job that does not say otherwise, 1…1000; default 3. */
  attempts?: number;
  /** Waits between attempts. */
  backoff?: Backoff;
  /** Wall clock in milliseconds since 1970; default `Date.now`. Leases do not depend on it. */
  now?: () => number;
}

/**
 * Looking for what other processes did costs some ten microseconds. At this pace a job of another process is
 * picked up within 100 ms.
 */
const LOOK_EVERY_MS = { min: 50, max: 90 };

/** Throws `queue_unavailable` when the file cannot be used, or belongs to a newer version or another program. */
export default async function openSqliteQueue(options: SqliteQueueOptions): Promise<Queue> {
  const { database, attempts: defaultAttempts = 3, backoff, now = Date.now } = options;
  const db = await openDatabase(database);
  const { dev, ino } = await stat(database);

  const jobs = jobTable(db);
  const parents = parentsOf(db, jobs);
  const entrance = entranceOf(db, jobs, parents, defaultAttempts);
  const attempts = attemptsOf(jobs, entrance, parents, backoff);
  const control = controlOf(jobs, entrance, parents);
  const listing = listingOf(db);
  const waitingList = nextOrder(db);
  const logs = logsOf(db, jobs);
  const notes = notesOf(db, jobs);
  const outbox = outboxOf(db);
  const workers = workerTable(db);
  const pause = pauseOf(db);
  const retention = retentionOf(db, jobs);
  const clock = scheduleClock(db, now);
  const saveCheck = db.prepare("INSERT OR REPLACE INTO state (key, value) VALUES ('checked', ?)");

  const look = (): void => {
    waiting.look();
    watchers.look();
  };
  const ticker = startTicker(LOOK_EVERY_MS.min, LOOK_EVERY_MS.max, look);
  const writer = groupCommit(db, { now, begin: clock.settle, committed: look });
  const progress = liveProgress(jobs, writer, (id, report) => watchers.tell(id, report));
  const watchers = watchersOf(
    changesOf(db, jobs, pause, (id) => progress.of(id)),
    ticker,
  );
  const claimable = (): boolean => jobs.anyClaimable(now()) && !pause.isPaused();
  const waiting = waitingFor(claimable, ticker);

  const record = (row: JobRow): JobRecord => toRecord(row, progress.of(row.id));
  const write = async (work: (tx: Transaction) => JobRow): Promise<JobRecord> =>
    record(await writer.write('synced', work));

  const jobLeases = leaseObserver<HeldJob>((held) => held.seq);
  const workerLeases = leaseObserver<HeldWorker>((held) => held.worker);

  async function recover(): Promise<number> {
    const { held, announced, due } = await whenFree(() => ({
      held: jobs.allHeld(),
      announced: workers.all(),
      due: jobs.anyDue(now()) || clock.wasSet(),
    }));
    const lostJobs = jobLeases.judge(held);
    const lostWorkers = workerLeases.judge(announced);
    if (!due && lostJobs.length === 0 && lostWorkers.length === 0) return 0;
    return await writer.write('synced', (tx) => {
      let moved = entrance.admitDue(tx);
      for (const { held: lost, reason } of lostJobs) {
        const row = jobs.bySeq(lost.seq);
        // Since it was judged it may have ended, or have been renewed.
        if (row?.status !== 'started' || row.beat !== lost.beat) continue;
        attempts.lose(tx, row, reason);
        moved += 1;
      }
      for (const { held: lost } of lostWorkers) workers.withdraw(tx, lost.worker, lost.beat);
      return moved;
    });
  }

  /** Ends an attempt; what it reported last is kept. */
  async function finish(claim: Claim, end: (tx: Transaction) => JobRow): Promise<JobRecord> {
    const ended = await writer.write('synced', (tx) => {
      progress.settle(tx, claim);
      return end(tx);
    });
    progress.forget(claim);
    return toRecord(ended);
  }

  let recovering = false;
  const upkeep = setInterval(async () => {
    if (recovering) return;
    recovering = true;
    try {
      progress.flush();
      await recover();
    } catch {
      // The next round tries again; who needs the queue meanwhile gets the failure.
    } finally {
      recovering = false;
    }
  }, JUDGE_EVERY_MS);
  upkeep.unref();

  let closing: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    clearInterval(upkeep);
    watchers.close();
    waiting.close();
    ticker.close();
    await writer.close();
    db.close();
  }

  try {
    await writer.write('unsynced', () => clock.adopt());
    await recover();
  } catch (error) {
    await shutDown();
    throw error;
  }

  return {
    enqueue: async (batch) => {
      const rows = await writer.write('synced', (tx) => entrance.enqueue(tx, batch));
      return rows.map(record);
    },

    async claim(worker, leaseMs) {
      if (!(await whenFree(claimable))) return null;
      const rows = await writer.write('synced', (tx) => {
        if (pause.isPaused()) return [];
        entrance.admitDue(tx);
        return attempts.claim(tx, worker, leaseMs);
      });
      return withMates(
        rows.map((row) => ({ job: toRecord(row), worker, attempt: row.attempts, token: row.claims })),
      );
    },
    waitForWork: (signal) => waiting.wait(signal),
    renew: (claim, leaseMs) => writer.write('unsynced', () => jobs.renew(claim, leaseMs)),
    progress: (claim, report) => progress.report(claim, report),
    log: (claim, lines) => writer.write('unsynced', (tx) => logs.append(tx, claim, lines)),
    note: (claim, found) => writer.write('unsynced', (tx) => notes.keep(tx, claim, found)),
    complete: (claim, result) => finish(claim, (tx) => attempts.complete(tx, claim, result)),
    fail: (claim, failure) => finish(claim, (tx) => attempts.fail(tx, claim, failure)),
    release: async (claim) => void (await finish(claim, (tx) => attempts.release(tx, claim))),
    recover,

    cancel: (id, by) => write((tx) => control.cancel(tx, id, by)),
    retry: (id, by) => write((tx) => control.retry(tx, id, by)),
    remove: (id) => write((tx) => control.remove(tx, id)),
    forget: (policy) => writer.write('unsynced', (tx) => retention.forget(tx, policy)),
    pause: (reason) => writer.write('synced', (tx) => pause.pause(tx, reason)),
    resume: () => writer.write('synced', (tx) => pause.resume(tx)),
    pauseState: () => whenFree(() => pause.state()),
    addMetrics: (id, metrics) => write((tx) => control.addMetrics(tx, id, metrics)),

    async get(id) {
      const row = await whenFree(() => jobs.byId(id));
      return row && record(row);
    },
    async list(query) {
      const byTurn = query.order === 'next';
      const { seqs, next } = await (byTurn ? waitingList : listing).page(query);
      const rows = await whenFree(() => seqs.map((seq) => jobs.bySeq(seq)));
      const page = { jobs: rows.filter((row) => row !== null).map(record), next_cursor: next };
      return byTurn ? page : notBefore(page, query);
    },
    counts: async (query = {}) => listing.counts(query),
    logs: (id, after = 0) => whenFree(() => logs.of(id, after)),
    series: (id) => whenFree(() => notes.series(id)),
    watch: (signal) => watchers.watch(signal),
    usersOf: (path) => whenFree(() => listing.usersOf(path)),

    announce: (worker, leaseMs) => writer.write('unsynced', (tx) => workers.announce(tx, worker, leaseMs)),
    withdraw: (id) => writer.write('unsynced', (tx) => workers.withdraw(tx, id)),
    wish: (id, wish) => writer.write('unsynced', (tx) => workers.wish(tx, id, wish)),
    workers: async () => (await whenFree(() => workers.all())).map(({ info }) => info),

    outbox: (limit) => whenFree(() => outbox.first(limit)),
    clearOutbox: (entries) => writer.write('synced', () => outbox.clear(entries)),

    async check() {
      const found = await stat(database).catch((error: unknown) => {
        throw databaseError(error);
      });
      if (found.dev !== dev || found.ino !== ino) {
        throw new MillError('queue_unavailable', `The queue database ${database} was replaced. Restart.`);
      }
      await writer.write('unsynced', (tx) => void saveCheck.run(tx.now));
    },
    async close() {
      closing ??= shutDown();
      await closing;
    },
  };
}
