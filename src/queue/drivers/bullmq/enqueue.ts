/** Storing new jobs: all of a batch or none, in one script. */
import { jobId } from '../../job-id.ts';
import { pathsIn, settingsOf, unknownParent } from '../../new-job.ts';
import type { JobRecord, NewJob } from '../../port.ts';
import { moving } from './lua.ts';
import { changed, type FlatHash } from './records.ts';
import type { RedisStore } from './redis.ts';

/** ARGV[3…]: one job each, see {@link argumentOf}. Answers the records, or {'no parent', id} with nothing stored. */
const ENQUEUE = moving(
  'enqueue',
  `
local jobs = {}
for i = 3, #ARGV do jobs[#jobs + 1] = cjson.decode(ARGV[i]) end
local function known(n)
  return n.key and C('HGET', P .. 'keys', n.key)
end

-- Before anything is written.
for _, n in ipairs(jobs) do
  if not known(n) then
    for _, parent in ipairs(n.parents) do
      if C('EXISTS', P .. 'job:' .. parent) == 0 then return {'no parent', parent} end
    end
  end
end

local answers = {}
for i, n in ipairs(jobs) do
  local first = known(n)
  if first then
    answers[i] = C('HGETALL', P .. 'job:' .. first)
  else
    local j = {id = n.id, seq = C('INCR', P .. 'seq'), task = n.task, priority = n.priority,
      place = C('INCR', P .. 'change'), attempts = 0, max_attempts = n.attempts, claims = 0, key = n.key,
      scheduled_at = n.delay > 0 and now + n.delay or nil, uses = n.uses}
    put(j, 'seq', j.seq, 'place', j.place, 'created_at', now, 'attempts', 0, 'claims', 0, 'beat', 0, unpack(n.fields))
    if j.scheduled_at then put(j, 'scheduled_at', j.scheduled_at) end
    if j.key then C('HSET', P .. 'keys', j.key, j.id) end
    C('ZADD', P .. 'all', j.seq, j.id)
    C('ZADD', P .. 'task:' .. j.task, j.seq, j.id)
    note(j, 'enqueued')
    for _, id in ipairs(n.parents) do
      local parent = job(id)
      if parent.status == 'failed' or parent.status == 'canceled' then noteBlocked(j, parent) end
      C('ZADD', P .. 'parents:' .. j.id, parent.seq, id)
      C('ZADD', P .. 'children:' .. id, j.seq, j.id)
    end
    settle(j)
    answers[i] = tell(j)
  end
end
return answers
`,
);

export async function enqueue(
  store: RedisStore,
  jobs: NewJob[],
  defaultAttempts: number,
): Promise<JobRecord[]> {
  const given = jobs.map((job) => argumentOf(job, defaultAttempts));
  if (given.length === 0) return [];
  const answer = (await store.run(ENQUEUE, ...given)) as FlatHash[] | ['no parent', string];
  if (answer[0] === 'no parent') throw unknownParent(answer[1] as string);
  return (answer as FlatHash[]).map((flat) => changed(store, flat));
}

function argumentOf(job: NewJob, defaultAttempts: number): string {
  const { priority, delay_ms, attempts } = settingsOf(job, defaultAttempts);
  const id = jobId(Date.now());
  const paths = [job.input_path, job.output_path, ...pathsIn(job.params)].filter((path) => path !== null);
  const uses = paths.length > 0 ? JSON.stringify([...new Set(paths.map(withoutSlash))]) : undefined;
  const parents = job.depends_on ?? [];
  const fields: Record<string, string | null | undefined> = {
    id,
    task: job.task,
    priority: String(priority),
    max_attempts: String(attempts),
    chain_depth: String(job.chain_depth ?? 0),
    params: JSON.stringify(job.params),
    depends_on: JSON.stringify(parents),
    input_path: job.input_path,
    output_path: job.output_path,
    timeout_seconds: job.timeout_seconds?.toString(),
    idempotency_key: job.idempotency_key,
    uses,
  };
  return JSON.stringify({
    id,
    task: job.task,
    priority,
    attempts,
    delay: delay_ms,
    key: job.idempotency_key,
    uses,
    parents,
    fields: Object.entries(fields).flatMap(([name, value]) => (value == null ? [] : [name, value])),
  });
}

export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
