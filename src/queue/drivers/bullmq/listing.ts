/** Single jobs, pages of jobs, counts, and who uses a file. */
import { createdFrom, foldersOf, pageRequest, searchText } from '../../list-query.ts';
import { JOB_STATUSES, type JobPage, type JobRecord, type JobStatus, type ListQuery } from '../../port.ts';
import { withoutSlash } from './enqueue.ts';
import { reading } from './lua.ts';
import { type Fields, type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';
import { HOLDS, lowerCase } from './text-search.ts';

/** Jobs that one script looks at when text is searched for; it keeps Redis busy for a few milliseconds. */
const SCANNED_AT_ONCE = 500;

/** Jobs looked at by one search; the page then ends early, and its cursor goes on from there. */
const SCANNED_AT_MOST = 100_000;

const CANDIDATES = `
-- Ids and sequence numbers in the lists ARGV[6…], newest first below ARGV[3] down to ARGV[4], ARGV[5] of them at most.
local limit = tonumber(ARGV[5])
local found = {}
for i = 6, #ARGV do
  local part = C('ZREVRANGEBYSCORE', P .. ARGV[i], '(' .. ARGV[3], ARGV[4], 'WITHSCORES', 'LIMIT', 0, limit)
  for k = 1, #part, 2 do found[#found + 1] = {part[k], tonumber(part[k + 1])} end
end
if #ARGV > 6 then table.sort(found, function(a, b) return a[2] > b[2] end) end
local answer = {}
for i = 1, math.min(limit, #found) do
  local id = found[i][1]
`;

const PAGE = reading('page', `${CANDIDATES}answer[i] = C('HGETALL', P .. 'job:' .. id) end return answer`);

/**
 * ARGV[3]: before, [4]: from, [5]: limit, [6]: the text in lower case, [7]: how many records are wanted, or 0 for none
 * but all statuses, [8]: statuses between spaces, or '' for any, [9]: task, or '' for any, [10…]: lists. Answers the
 * last sequence number looked at (0 at the end) and {seq, status, record} of what was found.
 */
const SEARCH = reading(
  'search',
  `${HOLDS}
local text, wanted = table.remove(ARGV, 6), tonumber(table.remove(ARGV, 6))
local statuses, task = table.remove(ARGV, 6), table.remove(ARGV, 6)
${CANDIDATES}
  local v = C('HMGET', P .. 'job:' .. id, 'status', 'task')
  if v[1] and (task == '' or v[2] == task) and (statuses == '' or string.find(statuses, ' ' .. v[1] .. ' ', 1, true))
    and (text == '' or jobHolds(id, text)) then
    answer[#answer + 1] = {found[i][2], v[1], wanted > 0 and C('HGETALL', P .. 'job:' .. id) or {}}
    if #answer == wanted then return {found[i][2], answer} end
  end
end
return {#found < limit and 0 or found[limit][2], answer}`,
);

const GET = reading('get', "return C('HGETALL', P .. 'job:' .. ARGV[3])");

/** ARGV: suffix and prefix of the lists, and the first sequence number that counts. */
const COUNTS = reading(
  'counts',
  `local answer = {}
for i, status in ipairs({${JOB_STATUSES.map((status) => `'${status}'`).join(', ')}}) do
  answer[i] = C('ZCOUNT', P .. ARGV[4] .. 's:' .. status .. ARGV[3], ARGV[5], '+inf')
end
return answer`,
);

/** ARGV: time. Answers the number of the first job created then or later; jobs are numbered in that order. */
const FIRST_SINCE = reading(
  'first since',
  `local time, list = tonumber(ARGV[3]), P .. 'all'
local low, high = 0, C('ZCARD', list)
while low < high do
  local middle = math.floor((low + high) / 2)
  local created = tonumber(C('HGET', P .. 'job:' .. C('ZRANGE', list, middle, middle)[1], 'created_at'))
  if created and created < time then low = middle + 1 else high = middle end
end
return C('ZRANGE', list, low, low, 'WITHSCORES')[2] or '+inf'`,
);

/** ARGV: the path, then the folders it lies in. Answers ids, the oldest first. */
const USERS = reading(
  'users',
  String.raw`
local found = {}
local function add(min, max)
  for _, member in ipairs(C('ZRANGEBYLEX', P .. 'uses', min, max)) do
    found[string.match(member, '%z([^%z]*)$')] = true
  end
end
for i = 3, #ARGV do add('[' .. ARGV[i] .. '\0', '(' .. ARGV[i] .. '\1') end
-- '0' is the character after '/': everything below the path.
add('[' .. ARGV[3] .. '/', '(' .. ARGV[3] .. '0')
local ids = {}
for id in pairs(found) do ids[#ids + 1] = {id, tonumber(C('HGET', P .. 'job:' .. id, 'seq')) or 0} end
table.sort(ids, function(a, b) return a[2] < b[2] end)
for i, pair in ipairs(ids) do ids[i] = pair[1] end
return ids
`,
);

type Filter = Pick<ListQuery, 'status' | 'task' | 'q' | 'owner' | 'run'>;
type Counted = Pick<ListQuery, 'task' | 'q' | 'owner' | 'run' | 'created_after'>;

export interface Listing {
  get(id: string): Promise<JobRecord | null>;
  page(query: ListQuery): Promise<JobPage>;
  counts(filter: Counted): Promise<Record<JobStatus, number>>;
  usersOf(path: string): Promise<string[]>;
}

export function listing(store: RedisStore): Listing {
  /** Goes through the jobs in slices until `visit` has seen enough; answers where it stopped, null at the end. */
  async function search(
    { status = [], task, owner, run, q = '' }: Filter,
    start: number,
    wanted: number,
    visit: (found: { flat: FlatHash; status: JobStatus }) => 'go_on' | 'enough',
    from = '-inf',
  ): Promise<number | null> {
    const text = lowerCase(searchText(q));
    // The steps of a run are few; their list is not divided further.
    const lists = run === undefined ? listsOf(status, task, owner) : [`${ownPrefix(owner)}run:${run}`];
    const which = status.length === 0 ? '' : ` ${status.join(' ')} `;
    let before = start;
    for (let scanned = 0; scanned < SCANNED_AT_MOST; scanned += SCANNED_AT_ONCE) {
      const answer = await store.run(
        SEARCH,
        before,
        from,
        SCANNED_AT_ONCE,
        text,
        wanted,
        which,
        task ?? '',
        ...lists,
      );
      const [last, found] = answer as [number, [number, JobStatus, FlatHash][]];
      for (const [seq, status, flat] of found) if (visit({ flat, status }) === 'enough') return seq;
      if (last === 0) return null;
      before = last;
    }
    return before;
  }

  return {
    async get(id) {
      const flat = (await store.run(GET, id)) as FlatHash;
      return flat.length === 0 ? null : toRecord(fieldsOf(flat));
    },

    async page(query) {
      const { limit, before, statuses } = pageRequest(query);
      const { task, q, owner, run } = query;
      if (run !== undefined) {
        // One more than wanted tells whether there are more.
        const found: Fields[] = [];
        const stopped = await search({ ...query, status: statuses }, before, limit + 1, ({ flat }) =>
          found.push(fieldsOf(flat)) <= limit ? 'go_on' : 'enough',
        );
        const page = found.slice(0, limit);
        const next = found.length > limit ? page.at(-1)?.seq : stopped;
        return { jobs: page.map(toRecord), next_cursor: next == null ? null : String(next) };
      }
      if (!q) {
        const found = (await store.run(
          PAGE,
          before,
          '-inf',
          limit + 1,
          ...listsOf(statuses, task, owner),
        )) as FlatHash[];
        const fields = found.slice(0, limit).map(fieldsOf);
        const last = found.length > limit ? fields.at(-1) : undefined;
        return { jobs: fields.map(toRecord), next_cursor: last?.seq ?? null };
      }
      const jobs: JobRecord[] = [];
      const stopped = await search({ status: statuses, task, owner, q }, before, limit, ({ flat }) =>
        jobs.push(toRecord(fieldsOf(flat))) < limit ? 'go_on' : 'enough',
      );
      return { jobs, next_cursor: stopped === null ? null : String(stopped) };
    },

    async counts({ task, q, owner, run, created_after: time }) {
      const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<
        JobStatus,
        number
      >;
      const from =
        time === undefined ? '-inf' : ((await store.run(FIRST_SINCE, createdFrom(time))) as string);
      if (q || run !== undefined) {
        const count = ({ status }: { status: JobStatus }) => {
          counts[status] += 1;
          return 'go_on' as const;
        };
        await search({ task, owner, run, q }, Number.MAX_SAFE_INTEGER, 0, count, from);
        return counts;
      }
      const suffix = task === undefined ? '' : `:${task}`;
      const numbers = (await store.run(COUNTS, suffix, ownPrefix(owner), from)) as number[];
      for (const [index, status] of JOB_STATUSES.entries()) counts[status] = numbers[index] ?? 0;
      return counts;
    },

    async usersOf(path) {
      const name = withoutSlash(path);
      return (await store.run(USERS, name, ...foldersOf(name))) as string[];
    },
  };
}

function listsOf(statuses: JobStatus[], task: string | undefined, owner: string | undefined): string[] {
  const suffix = task === undefined ? '' : `:${task}`;
  const prefix = ownPrefix(owner);
  if (statuses.length > 0) return statuses.map((status) => `${prefix}s:${status}${suffix}`);
  return [prefix + (task === undefined ? 'all' : `task:${task}`)];
}

function ownPrefix(owner: string | undefined): string {
  return owner === undefined ? '' : `o:${owner}:`;
}
