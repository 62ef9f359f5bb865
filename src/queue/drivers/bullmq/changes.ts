/** What happened in the queue: as messages tell it, and as the records still tell it afterwards. */
import type { Progress } from '../../../core/plan.ts';
import type { QueueEvent } from '../../port.ts';
import { toLine } from './logs.ts';
import { reading } from './lua.ts';
import { toState } from './pause.ts';
import { type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';

export interface Change {
  /** Number among all changes; 0 for progress and log lines, which are none. */
  number: number;
  id: string;
  /** Null when the record was too large to be sent along, or there is nothing to tell any more. */
  event: QueueEvent | null;
}

/**
 * ARGV: number, limit. Answers the last number, jobs as {number, id, record}, removals as {number, id}, and the state
 * of the pause as {number, state}.
 */
const AFTER = reading(
  'after',
  `local function after(list)
  local found = C('ZRANGEBYSCORE', P .. list, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  local answer = {}
  for i = 1, #found, 2 do answer[#answer + 1] = {found[i + 1], found[i]} end
  return answer
end
local jobs = after('changes')
for _, job in ipairs(jobs) do job[3] = C('HGETALL', P .. 'job:' .. job[2]) end
local pause = C('HMGET', P .. 'pause', 'change', 'since', 'reason')
local state = {}
if pause[2] then state = {'since', pause[2], 'reason', pause[3] or nil} end
if tonumber(pause[1] or 0) > tonumber(ARGV[3]) then
  pause = {{pause[1], {C('HEXISTS', B .. 'meta', 'paused'), state}}}
else
  pause = {}
end
return {C('GET', P .. 'change') or '0', jobs, after('removed'), pause}
`,
);

type Answer = [string, [string, string, FlatHash][], [string, string][], [string, [number, FlatHash]][]];

/**
 * The changes after a number, in order, and up to which number they are complete. Of several changes of one job
 * only the last is left.
 */
export async function changesAfter(
  store: RedisStore,
  number: number,
  limit: number,
): Promise<{ changes: Change[]; upTo: number; more: boolean }> {
  const [last, jobs, removed, pauses] = (await store.run(AFTER, number, limit)) as Answer;
  const ends = [jobs, removed]
    .filter((list) => list.length === limit)
    .map((list) => Number(list.at(-1)?.[0]));
  const upTo = Math.min(Number(last), ...ends);
  const changes: Change[] = [
    ...jobs.map(([n, id, flat]) => ({ number: Number(n), id, event: jobEvent(flat) })),
    ...removed.map(([n, id]) => ({ number: Number(n), id, event: { type: 'removed', id } as const })),
    ...pauses.map(([n, state]) => ({
      number: Number(n),
      id: '',
      event: { type: 'queue', state: toState(state) } as const,
    })),
  ];
  return {
    changes: changes.filter((change) => change.number <= upTo).sort((a, b) => a.number - b.number),
    upTo,
    more: ends.length > 0,
  };
}

/** Is a message about a job that waits to be claimed? */
export function tellsOfWork(message: string): boolean {
  return message.startsWith('q');
}

/** The number of the change that a message tells of; 0 for progress and log lines. */
export function numberOf(message: string): number {
  return Number(message.slice(1, message.indexOf(' ')));
}

export function changeOf(message: string): Change {
  const { id, job, progress, line, pause, workers } = JSON.parse(message.slice(message.indexOf(' '))) as {
    id: string;
    job?: FlatHash;
    progress?: string;
    line?: string;
    pause?: [number, FlatHash | Record<string, never>];
    workers?: string;
  };
  const about = { number: numberOf(message), id };
  if (progress !== undefined) {
    return { ...about, event: { type: 'progress', id, progress: JSON.parse(progress) as Progress } };
  }
  if (line !== undefined) return { ...about, event: { type: 'log', id, line: toLine(line) } };
  if (pause !== undefined) {
    // An empty table of Lua may be either in JSON.
    const state = toState([pause[0], Array.isArray(pause[1]) ? pause[1] : []]);
    return { ...about, event: { type: 'queue', state } };
  }
  if (workers !== undefined) {
    return { ...about, event: { type: 'workers', ...(workers !== '' && { wish: workers }) } };
  }
  if (message.startsWith('r')) return { ...about, event: { type: 'removed', id } };
  return { ...about, event: job ? jobEvent(job) : null };
}

function jobEvent(flat: FlatHash): QueueEvent | null {
  return flat.length === 0 ? null : { type: 'job', job: toRecord(fieldsOf(flat)) };
}
