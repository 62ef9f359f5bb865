/**
 * A process full of workers that only pretend to work: each holds one job at a time for as long as it is told, and
 * says to the queue all that a worker says meanwhile. Arguments: Redis' URL, queue, workers, milliseconds of a job.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import openBullmqQueue from '../../src/queue/drivers/bullmq.ts';
import type { Claim, Queue } from '../../src/queue/port.ts';

const LEASE_MS = 30_000;
/** As the real ones do: runner/worker.ts, lease-keeper.ts, presence.ts, report-relay.ts. */
const RECOVER_MS = 1000;
const PROGRESS_MS = 500;

const [url = '', queueName = '', workers = '1', jobMs = '1000'] = process.argv.slice(2);
const stop = new AbortController();
/** Commands that were not answered in time. */
let late = 0;
process.on('SIGTERM', () => stop.abort());

async function hold(queue: Queue, claim: Claim): Promise<void> {
  const renewal = setInterval(() => queue.renew(claim, LEASE_MS).catch(() => {}), LEASE_MS / 3);
  const until = performance.now() + Number(jobMs);
  let percent = 0;
  while (performance.now() < until) {
    await sleep(Math.min(PROGRESS_MS, until - performance.now()));
    percent = Math.min(100, percent + 10);
    await queue.progress(claim, { percent, fps: 25 });
  }
  clearInterval(renewal);
  const metrics = { duration_ms: Number(jobMs), input_size_bytes: 1, output_size_bytes: 1 };
  const done = { message: 'done', output_path: null, outputs: [], data: {}, warnings: [], metrics };
  await queue.complete(claim, { success: true, ...done });
}

async function worker(index: number): Promise<void> {
  const queue = await openBullmqQueue({ url, queueName });
  const id = `fleet-${process.pid}-${index}`;
  const since = new Date().toISOString();
  const announce = (jobs: string[]) =>
    queue
      .announce(
        { id, host: 'fleet', pid: process.pid, started_at: since, jobs, concurrency: 1, state: 'running' },
        LEASE_MS,
      )
      .catch(() => {});
  const present = setInterval(() => void announce([]), LEASE_MS / 3);
  const recovery = setInterval(() => void queue.recover().catch(() => {}), RECOVER_MS);
  // Every worker listens for cancels.
  const watching = (async () => {
    for await (const _ of queue.watch(stop.signal)) if (stop.signal.aborted) break;
  })();
  while (!stop.signal.aborted) {
    try {
      const claim = await queue.claim(id, LEASE_MS);
      if (!claim) {
        await queue.waitForWork(stop.signal);
        continue;
      }
      await announce([claim.job.id]);
      await hold(queue, claim);
    } catch {
      // A Redis or a machine that is behind; a worker waits and goes on.
      late += 1;
      await sleep(RECOVER_MS);
    }
  }
  clearInterval(present);
  clearInterval(recovery);
  await watching.catch(() => {});
  await queue.close();
}

await Promise.all(Array.from({ length: Number(workers) }, (_, index) => worker(index)));
if (late > 0) process.stderr.write(`${late} commands were not answered in time\n`);
