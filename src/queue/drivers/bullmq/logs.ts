/** Log lines of jobs, numbered within each job over all its attempts. */
import type { Claim, LogLine } from '../../port.ts';
import { fence, GLANCE, leaseLost } from './attempts.ts';
import { notFound } from './control.ts';
import { reading, recording } from './lua.ts';
import { iso } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Of a job that writes more, the newest lines are kept. */
const LINES_KEPT = 5000;

/** Characters of one line that are kept. */
const LONGEST_LINE = 8000;

/** ARGV: fence, then level and text of each line. */
const APPEND = recording(
  'log',
  `${GLANCE}
local key = P .. 'log:' .. j.id
local seq = tonumber(C('HGET', P .. 'job:' .. j.id, 'lines')) or 0
for i = 7, #ARGV, 2 do
  seq = seq + 1
  local line = cjson.encode({seq = seq, at = now, level = ARGV[i], attempt = j.attempts, text = ARGV[i + 1]})
  C('RPUSH', key, line)
  publish('l', 0, {id = j.id, line = line})
end
C('HSET', record, 'lines', seq)
C('LTRIM', key, -${LINES_KEPT}, -1)
return 1
`,
);

/** ARGV: id, number after which lines are wanted. */
const READ = reading(
  'logs',
  `
local id, after = ARGV[3], tonumber(ARGV[4])
local found = C('HMGET', P .. 'job:' .. id, 'id', 'lines')
if not found[1] then return false end
local key = P .. 'log:' .. id
local first = (tonumber(found[2]) or 0) - C('LLEN', key) + 1
return C('LRANGE', key, math.max(0, after - first + 1), -1)
`,
);

export async function appendLog(
  store: RedisStore,
  claim: Claim,
  lines: Pick<LogLine, 'level' | 'text'>[],
): Promise<void> {
  const given = lines.flatMap(({ level, text }) => [level, text.slice(0, LONGEST_LINE)]);
  if ((await store.run(APPEND, ...fence(claim), ...given)) === null) throw leaseLost(claim);
}

/** Lines with numbers above `after`, oldest first. Throws `job_not_found`. */
export async function readLog(store: RedisStore, id: string, after: number): Promise<LogLine[]> {
  const lines = (await store.run(READ, id, after)) as string[] | null;
  if (lines === null) throw notFound(id);
  return lines.map(toLine);
}

export function toLine(json: string): LogLine {
  const { seq, at, level, text, attempt } = JSON.parse(json) as Omit<LogLine, 'at'> & { at: number };
  return { seq, at: iso(at), level, text, attempt };
}
