/** Forgets ended jobs, a few in each script, so that claims between them need not wait. */
import { randomUUID } from 'node:crypto';
import type { RetentionPolicy } from '../../port.ts';
import { ERASE_LUA, moving } from './lua.ts';
import type { RedisStore } from './redis.ts';

/** Jobs and log lines that one script removes: a few milliseconds. */
const JOBS_AT_ONCE = 50;
const LINES_AT_ONCE = 10_000;

/** Ended jobs that one script looks at: jobs that others wait for are passed over. */
const LOOKED_AT = 500;

/** Whoever sweeps does so alone for this long, milliseconds. */
const SWEEPER_MS = 10_000;

/**
 * ARGV[3]: name of the sweeper; [4]: longest age, or ''; [5]: most jobs, or ''; [6]: how many were passed over so far.
 * Answers how many were forgotten, how many passed over, and 1 when there may be more; or false when another sweeps.
 */
const FORGET = moving(
  'forget',
  `${ERASE_LUA}
local sweeper = C('GET', P .. 'sweeper')
if sweeper and sweeper ~= ARGV[3] then return false end
C('SET', P .. 'sweeper', ARGV[3], 'PX', ${SWEEPER_MS})

local ended = C('ZCARD', P .. 'ended')
local all = 0
for status in pairs(FINAL) do all = all + C('ZCARD', P .. 's:' .. status) end
if ended < all then
  -- Jobs that ended before this list was kept.
  for status in pairs(FINAL) do
    for _, id in ipairs(C('ZRANGE', P .. 's:' .. status, 0, -1)) do
      C('ZADD', P .. 'ended', 'NX', C('HGET', P .. 'job:' .. id, 'ended_at') or now, id)
    end
  end
  ended = all
end

local excess = ARGV[5] ~= '' and ended - tonumber(ARGV[5]) or 0
local before = ARGV[4] ~= '' and now - tonumber(ARGV[4]) or -1
local skipped = tonumber(ARGV[6])
local found = C('ZRANGE', P .. 'ended', skipped, skipped + ${LOOKED_AT - 1}, 'WITHSCORES')
local forgotten, lines = 0, 0
for i = 1, #found, 2 do
  if forgotten >= ${JOBS_AT_ONCE} or lines >= ${LINES_AT_ONCE} then return {forgotten, skipped, 1} end
  if tonumber(found[i + 1]) >= before and forgotten >= excess then return {forgotten, skipped, 0} end
  local j = job(found[i])
  if not j then
    C('ZREM', P .. 'ended', found[i])
  elseif waiting(j)[1] then
    skipped = skipped + 1
  else
    lines = lines + C('LLEN', P .. 'log:' .. j.id)
    erase(j)
    forgotten = forgotten + 1
  end
end
return {forgotten, skipped, #found == ${2 * LOOKED_AT} and 1 or 0}
`,
);

export interface Retention {
  forget(policy: RetentionPolicy): Promise<{ forgotten: number; more: boolean }>;
}

export function retention(store: RedisStore): Retention {
  const sweeper = randomUUID();
  /** Jobs at the head of the list that others wait for, while a sweep goes on. */
  let passed = 0;
  return {
    async forget({ max_age_ms, max_jobs }) {
      const answer = (await store.run(FORGET, sweeper, max_age_ms ?? '', max_jobs ?? '', passed)) as
        | [number, number, number]
        | null;
      if (answer === null) return { forgotten: 0, more: false };
      const [forgotten, skipped, more] = answer;
      passed = more === 1 ? skipped : 0;
      return { forgotten, more: more === 1 };
    },
  };
}
