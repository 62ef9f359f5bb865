/** Takes over jobs of another queue with everything that is known of them, under the ids they have. */
import type { TakenJob } from '../../taken-job.ts';
import { withoutSlash } from './enqueue.ts';
import { moving } from './lua.ts';
import { type Fields, REPORTED } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Jobs that one script takes over; it keeps Redis busy for some milliseconds. */
const AT_ONCE = 50;

/**
 * ARGV[3…]: one job each, parents before children. One that is there already is left as it is. Answers how many
 * were new.
 */
const ADOPT = moving(
  'adopt',
  `
local seq = tonumber(C('GET', P .. 'seq') or 0)
local adopted = 0
for i = 3, #ARGV do
  local n = cjson.decode(ARGV[i])
  if C('EXISTS', P .. 'job:' .. n.id) == 0 then
    local j = jobOf(n.id, n.fields)
    for name in pairs(n.fields) do j.dirty[name] = true end
    seq = seq + 1
    adopted = adopted + 1
    j.seq, j.place, j.paths = seq, n.place, n.paths
    put(j, 'seq', j.seq, 'place', j.place, 'lines', n.lines)
    if j.key and C('HSETNX', P .. 'keys', keyOf(j), j.id) == 0 then j.key = nil end
    enlist(j, 'all')
    enlist(j, 'task:' .. j.task)
    enlistRun(j)
    for _, id in ipairs(n.parents) do
      local parent = job(id)
      if parent then
        C('ZADD', P .. 'parents:' .. j.id, parent.seq, id)
        C('ZADD', P .. 'children:' .. id, j.seq, j.id)
      end
    end
    if FINAL[n.status] then
      -- Its end was told already.
      j.webhook = nil
      move(j, n.status)
      zadd(P .. 'ended', tonumber(j.f.ended_at) or now, j.id)
    else
      local since = j.f.enqueued_at
      settle(j)
      if since and j.status == 'queued' then put(j, 'enqueued_at', since) end
    end
    for _, line in ipairs(n.log) do C('RPUSH', P .. 'log:' .. j.id, line) end
    tell(j)
    -- The next of this batch may be its child.
    save(j)
  end
end
C('SET', P .. 'seq', string.format('%.0f', seq))
return adopted
`,
);

/** May be called again after it broke off: what is there stays. Answers how many were new. */
export async function adopt(store: RedisStore, jobs: Iterable<TakenJob>, count: number): Promise<number> {
  // Room in the order of the queue for all of them, behind what is there.
  const last = Number(await store.command((redis) => redis.incrby(`${store.own}change`, count)));
  const first = last - count;
  let adopted = 0;
  let batch: string[] = [];
  const send = async () => {
    if (batch.length > 0) adopted += Number(await store.run(ADOPT, ...batch));
    batch = [];
  };
  for (const job of jobs) {
    batch.push(argumentOf(job, first));
    if (batch.length === AT_ONCE) await send();
  }
  await send();
  return adopted;
}

function argumentOf(job: TakenJob, first: number): string {
  const { id, status, place, parents, log } = job;
  const paths = [...new Set(job.paths.map(withoutSlash))];
  return JSON.stringify({
    id,
    status,
    place: first + place,
    parents,
    paths,
    lines: log.at(-1)?.seq ?? 0,
    log: log.map((line) => JSON.stringify(line)),
    fields: fieldsOf(job, paths),
  });
}

/** As records.ts reads them. The status comes with the lists it belongs to. */
function fieldsOf({ columns, timeline, reported_metrics, progress }: TakenJob, paths: string[]): Fields {
  const { status: _, cancel_requested, ...fields } = columns;
  return {
    ...fields,
    beat: '0',
    timeline: timeline.map(({ at, ...entry }) => JSON.stringify({ ...entry, at: Date.parse(at) })).join(','),
    events: String(timeline.length),
    ...(cancel_requested === '1' && { cancel_requested }),
    ...(paths.length > 0 && { uses: JSON.stringify(paths) }),
    ...(progress !== null && { progress }),
    ...Object.fromEntries(
      Object.entries(reported_metrics).map(([name, value]) => [REPORTED + name, String(value)]),
    ),
  };
}
