/** What is compared: the two drivers of the queue port, and BullMQ without anything of ours around it. */
import { Queue as BullQueue, Worker as BullWorker } from 'bullmq';
import { jobId } from '../../src/queue/job-id.ts';
import type { JobResult, ListQuery, NewJob, Queue } from '../../src/queue/port.ts';

export const KINDS = ['embedded', 'redis', 'bullmq'] as const;
export type Kind = (typeof KINDS)[number];

/** What each of them keeps of ended jobs in BullMQ. */
const KEPT = { count: 1000 };

/** Nothing may run out while the machine is busy with something else. */
const LEASE_MS = 600_000;

export interface Contestant {
  enqueue(jobs: NewJob[]): Promise<void>;
  /** Claims a job and completes it, as two steps; false when there is none. */
  takeOne(worker: string): Promise<boolean>;
  /** Ends `count` jobs the way its own worker loop does, `atOnce` at a time. */
  workLoop(count: number, atOnce: number): Promise<void>;
  /** Calls for every job that an idle worker has picked up, until `stop`. */
  pickUp(found: (job: Pick<NewJob, 'params'>) => void): { stop(): Promise<void> };
  /** A page; BullMQ alone has no filters but its own lists. */
  list(query: ListQuery): Promise<{ jobs: { id?: string | undefined }[]; next_cursor: string | null }>;
  cancel(id: string): Promise<void>;
  close(): Promise<void>;
}

/** `place`: a database file, or the address of a Redis and a queue name with `#` between. */
export async function openContestant(kind: Kind, place: string): Promise<Contestant> {
  if (kind === 'bullmq') return rawBullmq(place);
  return ofPort(await openQueue(kind, place));
}

async function openQueue(kind: Exclude<Kind, 'bullmq'>, place: string): Promise<Queue> {
  if (kind === 'embedded') {
    const { default: open } = await import('../../src/queue/drivers/sqlite.ts');
    return open({ database: place });
  }
  const { default: open } = await import('../../src/queue/drivers/bullmq.ts');
  const [url, queueName] = place.split('#') as [string, string];
  return open({ url, queueName });
}

function resultOf(): JobResult {
  return {
    success: true,
    message: 'done',
    output_path: '/data/output/a.json',
    outputs: [{ name: 'a.json', size_bytes: 12, media_type: 'application/json' }],
    metrics: { duration_ms: 5, input_size_bytes: 100, output_size_bytes: 12 },
    data: { streams: 2 },
    warnings: [],
  };
}

function ofPort(queue: Queue): Contestant {
  async function takeOne(worker: string): Promise<boolean> {
    const claim = await queue.claim(worker, LEASE_MS);
    if (claim === null) return false;
    await queue.complete(claim, resultOf());
    return true;
  }
  return {
    enqueue: async (jobs) => void (await queue.enqueue(jobs)),
    takeOne,
    async workLoop(count, atOnce) {
      let left = count;
      await Promise.all(
        Array.from({ length: atOnce }, async (_, index) => {
          while (left > 0) {
            left -= 1;
            await takeOne(`worker-${index}`);
          }
        }),
      );
    },
    pickUp(found) {
      const stopping = new AbortController();
      const loop = async (): Promise<void> => {
        while (!stopping.signal.aborted) {
          const claim = await queue.claim('idle', LEASE_MS);
          if (claim === null) {
            await queue.waitForWork(stopping.signal);
            continue;
          }
          found(claim.job);
          await queue.complete(claim, resultOf());
        }
      };
      const ended = loop();
      return {
        async stop() {
          stopping.abort();
          await ended;
        },
      };
    },
    list: (query) => queue.list(query),
    cancel: async (id) => void (await queue.cancel(id)),
    close: () => queue.close(),
  };
}

function rawBullmq(place: string): Contestant {
  const [url, name] = place.split('#') as [string, string];
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new BullQueue(name, { connection: { url } });
  const manual = new BullWorker(name, null, { connection, autorun: false });

  /** The same payload and the same abilities: an id of ours, a priority, attempts. */
  const argumentsOf = ({ task, params, input_path, output_path, priority = 50, attempts = 3 }: NewJob) => ({
    name: task,
    data: { input_path, output_path, params },
    opts: {
      jobId: jobId(Date.now()),
      priority: 101 - priority,
      attempts,
      removeOnComplete: KEPT,
      removeOnFail: KEPT,
    },
  });

  return {
    async enqueue(jobs) {
      const [first] = jobs;
      if (jobs.length > 1 || first === undefined) {
        await queue.addBulk(jobs.map(argumentsOf));
        return;
      }
      const one = argumentsOf(first);
      await queue.add(one.name, one.data, one.opts);
    },
    async takeOne(worker) {
      const job = await manual.getNextJob(worker, { block: false });
      if (!job) return false;
      await job.moveToCompleted(resultOf(), worker, false);
      return true;
    },
    async workLoop(count, atOnce) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let done = 0;
      const worker = new BullWorker(name, async () => resultOf(), {
        connection,
        concurrency: atOnce,
        lockDuration: LEASE_MS,
        removeOnComplete: KEPT,
      });
      worker.on('completed', () => {
        done += 1;
        if (done === count) resolve();
      });
      await promise;
      await worker.close(true);
    },
    pickUp(found) {
      const worker = new BullWorker(
        name,
        async (job) => {
          found({ params: job.data.params });
          return resultOf();
        },
        { connection, removeOnComplete: KEPT },
      );
      return { stop: () => worker.close() };
    },
    async list({ status = ['queued'], limit = 50, cursor = '0' }) {
      const type = status[0] === 'finished' ? ('completed' as const) : ('prioritized' as const);
      const start = Number(cursor);
      const jobs = await queue.getJobs([type], start, start + limit - 1);
      return { jobs, next_cursor: String(start + limit) };
    },
    async cancel(id) {
      await queue.remove(id);
    },
    async close() {
      await manual.close();
      await queue.close();
    },
  };
}
