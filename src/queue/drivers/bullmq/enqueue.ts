/** Storing new jobs: all of a batch or none, in one script. */
import { batchOrder } from '../../batch-order.ts';
import { jobId } from '../../job-id.ts';
import { pathsIn, settingsOf, unknownParent } from '../../new-job.ts';
import type { JobRecord, NewJob } from '../../port.ts';
import { LONGEST_DATA } from './bull.ts';
import { moving } from './lua.ts';
import { ENQUEUE_PLAIN } from './plain-steps.ts';
import { changed, type Fields, type FlatHash, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';

/** ARGV[3…]: one job each, parents before children, see {@link argumentOf}. Answers the records, or {'no parent', id} with nothing stored. */
const ENQUEUE = moving(
  'enqueue',
  `
local jobs = {}
for i = 3, #ARGV do jobs[#jobs + 1] = cjson.decode(ARGV[i]) end
local function known(n)
  return n.key and C('HGET', P .. 'keys', keyOf(n))
end

-- Before anything is written.
local refs = {}
for _, n in ipairs(jobs) do
  if not known(n) then
    for _, parent in ipairs(n.parents) do
      if not refs[parent] and C('EXISTS', P .. 'job:' .. parent) == 0 then return {'no parent', parent} end
    end
  end
  if n.ref then refs[n.ref] = true end
end
refs = {}

local answers = {}
local seq = tonumber(C('GET', P .. 'seq') or 0)
for i, n in ipairs(jobs) do
  local first = known(n)
  if n.ref then refs[n.ref] = first or n.id end
  if first then
    answers[i] = C('HGETALL', P .. 'job:' .. first)
  else
    local named = false
    for k, parent in ipairs(n.parents) do
      if refs[parent] then n.parents[k], named = refs[parent], true end
    end
    local j = jobOf(n.id, n.fields)
    for name in pairs(n.fields) do j.dirty[name] = true end
    seq = seq + 1
    j.seq, j.place, j.paths, j.alone = seq, nextChange(), n.paths, not n.parents[1]
    put(j, 'seq', j.seq, 'place', j.place, 'created_at', now)
    if named then put(j, 'depends_on', cjson.encode(n.parents)) end
    if n.delay > 0 then
      j.scheduled_at = now + n.delay
      put(j, 'scheduled_at', j.scheduled_at)
    end
    if j.key then C('HSET', P .. 'keys', keyOf(j), j.id) end
    enlist(j, 'all')
    enlist(j, 'task:' .. j.task)
    enlistRun(j)
    note(j, 'enqueued')
    local lost = {}
    for _, id in ipairs(n.parents) do
      local parent = job(id)
      if parent.status == 'failed' or parent.status == 'canceled' then lost[#lost + 1] = parent end
      C('ZADD', P .. 'parents:' .. j.id, parent.seq, id)
      C('ZADD', P .. 'children:' .. id, j.seq, j.id)
    end
    if lost[1] and n.fails_too then
      failWith(j, lost[1])
    else
      for _, parent in ipairs(lost) do noteBlocked(j, parent) end
      settle(j)
    end
    answers[i] = tell(j)
  end
end
C('SET', P .. 'seq', string.format('%.0f', seq))
return answers
`,
);

export async function enqueue(
  store: RedisStore,
  jobs: NewJob[],
  defaultAttempts: number,
): Promise<JobRecord[]> {
  if (jobs.length > 0 && jobs.every(isPlain)) return enqueuePlain(store, jobs, defaultAttempts);
  const order = batchOrder(jobs);
  const given = order.map((index) => argumentOf(jobs[index] as NewJob, defaultAttempts));
  if (given.length === 0) return [];
  const answer = (await store.run(ENQUEUE, ...given)) as FlatHash[] | ['no parent', string];
  if (answer[0] === 'no parent') throw unknownParent(answer[1] as string);
  const records: JobRecord[] = [];
  for (const [at, flat] of (answer as FlatHash[]).entries())
    records[order[at] as number] = changed(store, flat);
  return records;
}

/** Nothing to look up, nothing to wait for, and in no other lists than every job. */
function isPlain({ idempotency_key, depends_on = [], delay_ms = 0, run }: NewJob): boolean {
  return idempotency_key === undefined && depends_on.length === 0 && delay_ms === 0 && run === undefined;
}

interface Pending {
  given: Given[];
  resolve: (records: JobRecord[]) => void;
  reject: (error: unknown) => void;
}

/** By queue: what came in while a script was under way goes together into the next one. */
const turns = new WeakMap<RedisStore, { calls: Pending[]; done: Promise<void> }>();

/** Resolves when what was asked for is stored, or has failed. */
export async function enqueued(store: RedisStore): Promise<void> {
  await turns.get(store)?.done;
}

/** Jobs that one script takes in when they come from several calls: it keeps Redis busy for some milliseconds. */
const TOGETHER = 200;

function enqueuePlain(store: RedisStore, jobs: NewJob[], defaultAttempts: number): Promise<JobRecord[]> {
  // Refuses a ref that is there twice.
  batchOrder(jobs);
  const given = jobs.map((job) => fieldsFor(job, defaultAttempts));
  const turn = turns.get(store);
  return new Promise((resolve, reject) => {
    const one = { given, resolve, reject };
    if (turn) {
      turn.calls.push(one);
      return;
    }
    const calls = [one];
    turns.set(store, { calls, done: storeInTurn(store, calls) });
  });
}

/** Nothing of a plain job can be refused on its own, so calls may share a script and its fate. */
async function storeInTurn(store: RedisStore, queue: Pending[]): Promise<void> {
  while (queue.length > 0) {
    const calls: Pending[] = [];
    for (let jobs = 0; queue[0] && (jobs === 0 || jobs + queue[0].given.length <= TOGETHER); ) {
      jobs += queue[0].given.length;
      calls.push(queue.shift() as Pending);
    }
    try {
      const records = await storePlain(
        store,
        calls.flatMap(({ given }) => given),
      );
      let from = 0;
      for (const { given, resolve } of calls) {
        resolve(records.slice(from, from + given.length));
        from += given.length;
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
  turns.delete(store);
}

async function storePlain(store: RedisStore, given: Given[]): Promise<JobRecord[]> {
  const args: (string | number)[] = [given.length];
  for (const { fields, paths } of given) {
    const { id, task, priority, max_attempts, params, input_path, output_path, owner } = fields as Fields;
    const rank = 101 - Number(priority);
    args.push(id as string, task as string, rank, rank);
    args.push(bullData(params as string, input_path, output_path));
    args.push(`{"priority":${rank},"attempts":${max_attempts}}`);
    args.push(owner ?? '', paths.length, ...paths);
    const named = Object.entries(fields).flat();
    args.push(named.length, ...named);
  }
  const [at, before] = (await store.run(ENQUEUE_PLAIN, ...args)) as [string, string];
  store.knows(Number(before) + 2 * given.length);
  const timeline = `{"at":${at},"event":"enqueued"}`;
  return given.map(({ fields }) =>
    toRecord({ ...fields, status: 'queued', created_at: at, enqueued_at: at, timeline }),
  );
}

/** What BullMQ's tools show of the job. */
function bullData(params: string, input_path: string | undefined, output_path: string | undefined): string {
  const data = JSON.stringify({ input_path, output_path });
  if (params.length > LONGEST_DATA) return data;
  return `${data.slice(0, -1)}${data === '{}' ? '' : ','}"params":${params}}`;
}

/** What is stored of a new job, and the paths it uses. */
interface Given {
  fields: Fields;
  paths: string[];
}

function fieldsFor(job: NewJob, defaultAttempts: number): Given {
  const { priority, attempts } = settingsOf(job, defaultAttempts);
  const { input_path, output_path, params } = job;
  const used = [input_path, output_path, ...pathsIn(params)].filter((path) => path !== null);
  const paths = [...new Set(used.map(withoutSlash))];
  const parents = job.depends_on ?? [];
  const fields: Fields = {
    id: jobId(Date.now()),
    task: job.task,
    priority: String(priority),
    max_attempts: String(attempts),
    params: JSON.stringify(params),
  };
  const optional: Record<string, string | null | undefined> = {
    chain_depth: job.chain_depth ? String(job.chain_depth) : undefined,
    depends_on: parents.length > 0 ? JSON.stringify(parents) : undefined,
    on_parent_failure: job.on_parent_failure,
    input_path,
    output_path,
    timeout_seconds: job.timeout_seconds?.toString(),
    input_name: job.input_name,
    input_size_bytes: job.input_size_bytes?.toString(),
    idempotency_key: job.idempotency_key,
    owner: job.owner ?? undefined,
    webhook_url: job.webhook_url,
    origin: job.origin && JSON.stringify(job.origin),
    run_id: job.run?.id,
    run_recipe: job.run?.recipe,
    run_step: job.run?.step,
    run_pass: job.run?.pass,
    uses: paths.length > 0 ? JSON.stringify(paths) : undefined,
  };
  for (const [name, value] of Object.entries(optional)) if (value != null) fields[name] = value;
  return { fields, paths };
}

function argumentOf(job: NewJob, defaultAttempts: number): string {
  const { fields, paths } = fieldsFor(job, defaultAttempts);
  return JSON.stringify({
    id: fields.id,
    delay: settingsOf(job, defaultAttempts).delay_ms,
    key: job.idempotency_key,
    owner: job.owner ?? undefined,
    paths,
    parents: job.depends_on ?? [],
    ref: job.ref,
    fails_too: job.on_parent_failure === 'fail',
    fields,
  });
}

export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
