/** How long a job lies before an idle worker has it, and how long a page of many jobs takes. */
import type { ListQuery } from '../../src/queue/port.ts';
import type { Kind } from './contestant.ts';
import { percentile } from './figures.ts';
import type { Member, RedisUnderTest } from './team.ts';

export interface Latency {
  what: string;
  kind: Kind;
  /** Milliseconds. */
  p50: number;
  p99: number;
  max: number;
  samples: number;
}

function latencyOf(what: string, kind: Kind, ms: number[]): Latency {
  return {
    what,
    kind,
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    max: Math.max(...ms),
    samples: ms.length,
  };
}

/** From the call of `enqueue` until the worker has the job. `sender` is a second process on the same queue. */
export async function pickup(member: Member, sender: Member, count: number): Promise<Latency[]> {
  const PAUSE_MS = 40;
  const answers: Latency[] = [];
  for (const [what, from] of [
    ['pickup, same process', member],
    ['pickup, other process', sender],
  ] as const) {
    await member.ask('wait');
    await from.ask('send', { count, pauseMs: PAUSE_MS });
    answers.push(latencyOf(what, member.kind, await member.ask('latencies', { count })));
  }
  return answers;
}

/** Share of the jobs that have ended. */
const ENDED_SHARE = 0.05;

const TIMES = 200;

const PAGES: { what: string; query: ListQuery; times?: number }[] = [
  { what: 'newest', query: {} },
  { what: 'status queued', query: { status: ['queued'] } },
  { what: 'status finished', query: { status: ['finished'] } },
  { what: 'task', query: { task: 'extract_audio' } },
  { what: 'two statuses and a task', query: { status: ['queued', 'finished'], task: 'extract_audio' } },
  { what: 'search, common word', query: { q: 'holiday' } },
  { what: 'search, 1 job in 1000', query: { q: '999.mp4' } },
  { what: 'search, no such job (reads all)', query: { q: 'nowhere-to-be-found' }, times: 10 },
];

/** A page of 50 of that many jobs. Raw BullMQ has no filters: its own list of waiting jobs stands for them. */
export async function listing(
  member: Member,
  jobs: number,
  redis: RedisUnderTest | null,
): Promise<{ latencies: Latency[]; bytes_per_job: number | null }> {
  const before = await redis?.memory();
  await member.ask('enqueue', { count: jobs, batch: 1000, inFlight: 1 });
  const after = await redis?.memory();
  const ended = Math.round(jobs * ENDED_SHARE);
  await member.ask('take', { count: ended, claimers: 8 });
  const raw = member.kind === 'bullmq';
  const latencies: Latency[] = [];
  for (const { what, query, times = TIMES } of PAGES) {
    if (raw && (query.task !== undefined || query.q !== undefined)) continue;
    await member.ask('list', { query, times: 5 });
    const { ms } = await member.ask('list', { query, times });
    latencies.push(latencyOf(`page of 50: ${what}`, member.kind, ms));
  }
  const cursor = raw
    ? String(jobs - ended - 1000)
    : await member.ask('cursorAfter', { jobs: jobs - 1000, query: {} });
  if (cursor !== null) {
    const { ms } = await member.ask('list', { query: { cursor }, times: TIMES });
    latencies.push(latencyOf('page of 50: far down (cursor)', member.kind, ms));
  }
  const bytes = before && after && member.kind !== 'embedded' ? (after.used - before.used) / jobs : null;
  return { latencies, bytes_per_job: bytes };
}
