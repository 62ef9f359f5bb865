/** Waiting jobs in the order in which they will be claimed, as the sorted sets have it that they are taken from. */
import { createdFrom, searchText } from '../../list-query.ts';
import { type NextPlace, type NextSlice, nextPage, type WaitingStatus } from '../../next-order.ts';
import type { JobPage, ListQuery } from '../../port.ts';
import { reading } from './lua.ts';
import { type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';
import { HOLDS, lowerCase } from './text-search.ts';

/** Jobs that one script looks at; it keeps Redis busy for a few milliseconds. */
const SCANNED_AT_ONCE = 500;

/** Slices looked at for one page: 100,000 jobs. */
const MOST_SLICES = 200;

/**
 * ARGV[3]: status, [4]: score and [5]: id of the place to go on behind, or '', [6]: how many are wanted, [7]: filter
 * as JSON. Answers score and id of the last one looked at, or '' at the end, and {score, id, record} of what was
 * found.
 */
const SLICE = reading(
  'next slice',
  `${HOLDS}
local status, score, place, wanted = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local filter = cjson.decode(ARGV[7])
local lists = {queued = B .. 'prioritized', scheduled = P .. 'due', deferred = P .. 's:deferred'}
local list = lists[status]

-- The first rank behind the place; those of one score are sorted by id.
local rank = 0
if score ~= '' then
  rank = C('ZCOUNT', list, '-inf', '(' .. score)
  local high = C('ZCOUNT', list, '-inf', score)
  while rank < high do
    local middle = math.floor((rank + high) / 2)
    if C('ZRANGE', list, middle, middle)[1] > place then high = middle else rank = middle + 1 end
  end
end

local function passes(id)
  local v = C('HMGET', P .. 'job:' .. id, 'status', 'task', 'owner', 'run_id', 'created_at')
  return v[1] == status
    and (not filter.task or v[2] == filter.task)
    and (not filter.owner or v[3] == filter.owner)
    and (not filter.run or v[4] == filter.run)
    and (not filter.from or tonumber(v[5]) >= filter.from)
    and (not filter.text or jobHolds(id, filter.text))
end

local seen = C('ZRANGE', list, rank, rank + ${SCANNED_AT_ONCE - 1}, 'WITHSCORES')
local answer = {}
for i = 1, #seen, 2 do
  if passes(seen[i]) then
    answer[#answer + 1] = {seen[i + 1], seen[i], C('HGETALL', P .. 'job:' .. seen[i])}
    if #answer == wanted then return {seen[i + 1], seen[i], answer} end
  end
end
if #seen < ${2 * SCANNED_AT_ONCE} then return {'', '', answer} end
return {seen[#seen], seen[#seen - 1], answer}`,
);

type Answer = [score: string, id: string, found: [score: string, id: string, flat: FlatHash][]];

/** Throws `invalid_request`. */
export async function pageOfNext(store: RedisStore, query: ListQuery): Promise<JobPage> {
  const { task, owner, run, q, created_after } = query;
  const filter = JSON.stringify({
    task,
    owner,
    run,
    ...(created_after !== undefined && { from: createdFrom(created_after) }),
    ...(q && { text: lowerCase(searchText(q)) }),
  });

  async function slice(
    status: WaitingStatus,
    after: NextPlace | null,
    wanted: number,
  ): Promise<NextSlice<FlatHash>> {
    const behind = [after?.major ?? '', after?.minor ?? ''];
    const [score, last, found] = (await store.run(SLICE, status, ...behind, wanted, filter)) as Answer;
    return {
      found: found.map(([major, minor, job]) => ({ place: { major, minor }, job })),
      stopped: score === '' ? null : { major: score, minor: last },
    };
  }

  const { jobs, next } = await nextPage(query, slice, MOST_SLICES);
  return { jobs: jobs.map((flat) => toRecord(fieldsOf(flat))), next_cursor: next };
}
