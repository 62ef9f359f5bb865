/**
 * One process of the benchmark: a contestant that does what it is told, and says how long it took. A process each,
 * so that processor time and memory are its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListQuery, NewJob } from '../../src/queue/port.ts';
import { type Contestant, type Kind, openContestant } from './contestant.ts';

/** Names as they are asked for in lists. */
export const TASKS = ['get_video_info', 'extract_audio', 'make_thumbnail', 'transcode', 'calculate_sha256'];

export interface Commands {
  enqueue: (o: { count: number; batch: number; inFlight: number }) => Promise<Spent>;
  /** Claim and complete as two steps. */
  take: (o: { count: number; claimers: number }) => Promise<Spent>;
  /** As its own worker loop does it. */
  loop: (o: { count: number; claimers: number }) => Promise<Spent>;
  /** An idle worker starts to wait; `latencies` ends it and answers milliseconds. */
  wait: () => Promise<void>;
  latencies: (o: { count: number }) => Promise<number[]>;
  /** Single jobs, one after another with pauses, each with the moment of its sending. */
  send: (o: { count: number; pauseMs: number }) => Promise<void>;
  /** Cancels the newest jobs. */
  cancel: (o: { count: number }) => Promise<void>;
  /** The same page over and over; answers milliseconds, and how many jobs were on it. */
  list: (o: { query: ListQuery; times: number }) => Promise<{ ms: number[]; found: number }>;
  /** Cursor of the page that begins after so many jobs. */
  cursorAfter: (o: { jobs: number; query: ListQuery }) => Promise<string | null>;
  /** Most resident memory so far, bytes. */
  memory: () => Promise<number>;
  close: () => Promise<void>;
}

export interface Spent {
  ms: number;
  /** Processor time of this process, milliseconds. */
  cpuMs: number;
}

/** The clock of the machine, the same in all its processes. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

let serial = 0;

function newJob(more: Record<string, unknown> = {}): NewJob {
  serial += 1;
  return {
    task: TASKS[serial % TASKS.length] as string,
    input_path: `/data/input/holiday-${serial}.mp4`,
    output_path: `/data/output/holiday-${serial}.json`,
    params: { width: 1280, height: 720, format: 'mp4', quality: 23, ...more },
  };
}

async function timed(work: () => Promise<void>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const start = nowMs();
  await work();
  const ms = nowMs() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}

/** `inFlight` loops that share `count` turns. */
async function shared(
  count: number,
  inFlight: number,
  turn: (loop: number) => Promise<unknown>,
): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: inFlight }, async (_, loop) => {
      while (left > 0) {
        left -= 1;
        await turn(loop);
      }
    }),
  );
}

function commandsOf(contestant: Contestant): Commands {
  let latencies: number[] = [];
  let waiting: { stop(): Promise<void> } | undefined;

  return {
    enqueue: ({ count, batch, inFlight }) =>
      timed(() =>
        shared(count / batch, inFlight, () =>
          contestant.enqueue(Array.from({ length: batch }, () => newJob())),
        ),
      ),
    take: ({ count, claimers }) =>
      timed(() => shared(count, claimers, (loop) => contestant.takeOne(`worker-${loop}`))),
    loop: ({ count, claimers }) => timed(() => contestant.workLoop(count, claimers)),
    async wait() {
      latencies = [];
      waiting = contestant.pickUp(({ params }) => {
        if (typeof params.sent === 'number') latencies.push(nowMs() - params.sent);
      });
    },
    async latencies({ count }) {
      const until = nowMs() + 30_000;
      while (latencies.length < count && nowMs() < until) await sleep(20);
      await waiting?.stop();
      return latencies;
    },
    async send({ count, pauseMs }) {
      for (let i = 0; i < count; i += 1) {
        await sleep(pauseMs * (0.5 + Math.random()));
        await contestant.enqueue([newJob({ sent: nowMs() })]);
      }
    },
    async cancel({ count }) {
      let left = count;
      while (left > 0) {
        const { jobs } = await contestant.list({ status: ['queued'], limit: Math.min(200, left) });
        if (jobs.length === 0) return;
        await Promise.all(jobs.map(({ id }) => contestant.cancel(id as string)));
        left -= jobs.length;
      }
    },
    async list({ query, times }) {
      const ms: number[] = [];
      let found = 0;
      for (let i = 0; i < times; i += 1) {
        const start = nowMs();
        const { jobs } = await contestant.list(query);
        ms.push(nowMs() - start);
        found = jobs.length;
      }
      return { ms, found };
    },
    async cursorAfter({ jobs, query }) {
      let cursor: string | null | undefined;
      for (let seen = 0; seen < jobs && cursor !== null; seen += 200) {
        const page = await contestant.list({ ...query, limit: 200, ...(cursor && { cursor }) });
        cursor = page.next_cursor;
      }
      return cursor ?? null;
    },
    memory: async () => process.resourceUsage().maxRSS * 1024,
    close: () => contestant.close(),
  };
}

if (process.send) {
  const [kind, place] = process.argv.slice(2) as [Kind, string];
  const commands = commandsOf(await openContestant(kind, place));
  process.on('message', async ({ name, options }: { name: keyof Commands; options: never }) => {
    try {
      process.send?.({ answer: await commands[name](options) });
    } catch (error) {
      process.send?.({ failed: String(error) });
    }
    if (name === 'close') process.disconnect();
  });
  // Whoever started it has gone, or is done with it.
  process.on('disconnect', () => process.exit());
  process.send({ answer: 'ready' });
}
