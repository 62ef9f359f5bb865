/** Single jobs, pages of jobs, counts, and who uses a file. */
import { foldersOf, pageRequest, searchText } from '../../list-query.ts';
import { JOB_STATUSES, type JobPage, type JobRecord, type JobStatus, type ListQuery } from '../../port.ts';
import { withoutSlash } from './enqueue.ts';
import { reading } from './lua.ts';
import { type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Jobs that one script looks at when text is searched for; it keeps Redis busy for a few milliseconds. */
const SCANNED_AT_ONCE = 500;

/** Jobs looked at by one search; the page then ends early, and its cursor goes on from there. */
const SCANNED_AT_MOST = 100_000;

const CANDIDATES = `
-- Ids and sequence numbers in the lists ARGV[5…], newest first below ARGV[3], ARGV[4] of them at most.
local limit = tonumber(ARGV[4])
local found = {}
for i = 5, #ARGV do
  local part = C('ZREVRANGEBYSCORE', P .. ARGV[i], '(' .. ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, limit)
  for k = 1, #part, 2 do found[#found + 1] = {part[k], tonumber(part[k + 1])} end
end
if #ARGV > 5 then table.sort(found, function(a, b) return a[2] > b[2] end) end
local answer = {}
for i = 1, math.min(limit, #found) do
  local id = found[i][1]
`;

const PAGE = reading('page', `${CANDIDATES}answer[i] = C('HGETALL', P .. 'job:' .. id) end return answer`);

/**
 * ARGV[3]: before, [4]: limit, [5]: the text in lower case, [6]: how many records are wanted, or 0 for none but
 * all statuses, [7…]: lists. Answers the last sequence number looked at (0 at the end) and {seq, status, record} of
 * what was found. Of an error its words count, not the names of its fields; upper and lower case are the same for
 * ASCII letters only, as in the embedded queue.
 */
const SEARCH = reading(
  'search',
  `local text, wanted = table.remove(ARGV, 5), tonumber(table.remove(ARGV, 5))
local function holds(value)
  return value and string.find(string.lower(value), text, 1, true) ~= nil
end
${CANDIDATES}
  local v = C('HMGET', P .. 'job:' .. id, 'id', 'task', 'input_path', 'output_path', 'error', 'status')
  local hit = holds(v[1]) or holds(v[2]) or holds(v[3]) or holds(v[4])
  if not hit and v[5] then
    local error = cjson.decode(v[5])
    hit = holds(error.detail) or holds(error.title) or holds(error.code)
  end
  if hit then
    answer[#answer + 1] = {found[i][2], v[6], wanted > 0 and C('HGETALL', P .. 'job:' .. id) or {}}
    if #answer == wanted then return {found[i][2], answer} end
  end
end
return {#found < limit and 0 or found[limit][2], answer}`,
);

const GET = reading('get', "return C('HGETALL', P .. 'job:' .. ARGV[3])");

/** ARGV: suffix and prefix of the lists. */
const COUNTS = reading(
  'counts',
  `local answer = {}
for i, status in ipairs({${JOB_STATUSES.map((status) => `'${status}'`).join(', ')}}) do
  answer[i] = C('ZCARD', P .. ARGV[4] .. 's:' .. status .. ARGV[3])
end
return answer`,
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

type Filter = Pick<ListQuery, 'status' | 'task' | 'q' | 'owner'>;

export interface Listing {
  get(id: string): Promise<JobRecord | null>;
  page(query: ListQuery): Promise<JobPage>;
  counts(filter: Pick<Filter, 'task' | 'q' | 'owner'>): Promise<Record<JobStatus, number>>;
  usersOf(path: string): Promise<string[]>;
}

export function listing(store: RedisStore): Listing {
  /** Goes through the jobs in slices until `visit` has seen enough; answers where it stopped, null at the end. */
  async function search(
    {
      status,
      task,
      owner,
      q,
    }: { status: JobStatus[]; task: string | undefined; owner: string | undefined; q: string },
    start: number,
    wanted: number,
    visit: (found: { flat: FlatHash; status: JobStatus }) => 'go_on' | 'enough',
  ): Promise<number | null> {
    const text = searchText(q).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    const lists = listsOf(status, task, owner);
    let before = start;
    for (let scanned = 0; scanned < SCANNED_AT_MOST; scanned += SCANNED_AT_ONCE) {
      const answer = await store.run(SEARCH, before, SCANNED_AT_ONCE, text, wanted, ...lists);
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
      const { task, q, owner } = query;
      if (!q) {
        const found = (await store.run(
          PAGE,
          before,
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

    async counts({ task, q, owner }) {
      const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<
        JobStatus,
        number
      >;
      if (q) {
        await search({ status: [], task, owner, q }, Number.MAX_SAFE_INTEGER, 0, ({ status }) => {
          counts[status] += 1;
          return 'go_on';
        });
        return counts;
      }
      const numbers = (await store.run(
        COUNTS,
        task === undefined ? '' : `:${task}`,
        ownPrefix(owner),
      )) as number[];
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
