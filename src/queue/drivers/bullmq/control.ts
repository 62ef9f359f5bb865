/** What people do with jobs: cancel, retry, remove; and the numbers that other jobs add. */
import { MillError } from '../../../core/errors.ts';
import type { Actor, JobRecord } from '../../port.ts';
import { ERASE_LUA, moving, recording } from './lua.ts';
import { changed, type FlatHash, REPORTED } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Sets `j`, or answers nothing for a job that does not exist. A conflict is answered as {'conflict', status, …}. */
const FIND = `
local j = job(ARGV[3])
if not j then return false end
`;

/** ARGV[4]: who asks for it, or ''. */
const BY = `
local by = ARGV[4] ~= '' and ARGV[4] or nil
`;

const CANCEL = moving(
  'cancel',
  `${FIND}${BY}
if FINAL[j.status] then return {'conflict', j.status, 'it has ended already'} end
if j.status == 'started' then
  if j.cancel then return C('HGETALL', P .. 'job:' .. j.id) end
  put(j, 'cancel_requested', '1')
  note(j, 'cancel_requested', {attempt = j.attempts, by = by})
  return tell(j)
end
local there = j.status ~= 'deferred'
drop(j, 'scheduled_at')
put(j, 'ended_at', now, 'cancel_requested', '1')
note(j, 'canceled', {by = by})
move(j, 'canceled')
if there then bullRemove(j) end
local flat = tell(j)
block(j)
return flat
`,
);

const RETRY = moving(
  'retry',
  `${FIND}${BY}
if not FINAL[j.status] then return {'conflict', j.status, 'only a job that has ended can be retried'} end
drop(j, 'worker', 'lease_ms', 'cancel_requested', 'enqueued_at', 'scheduled_at', 'started_at', 'ended_at', 'error',
  'result', 'progress')
j.attempts = 0
j.scheduled_at = nil
j.place = C('INCR', P .. 'change')
put(j, 'attempts', 0, 'place', j.place)
note(j, 'retried', {by = by})
-- What BullMQ still has of its last run would keep it from being added again.
bullRemove(j)
settle(j)
for _, id in ipairs(unfinished(j)) do
  local parent = job(id)
  if FINAL[parent.status] then noteBlocked(j, parent) end
end
return tell(j)
`,
);

const REMOVE = moving(
  'remove',
  `${FIND}${ERASE_LUA}
if j.status == 'started' then return {'conflict', j.status, 'cancel it first'} end
if j.status ~= 'finished' then
  for _, child in ipairs(waiting(j)) do
    if not child.fails_too then
      return {'conflict', j.status, 'job ' .. child.id .. ' waits for it; remove that one first'}
    end
  end
  block(j, true)
end
local flat = C('HGETALL', P .. 'job:' .. j.id)
erase(j)
return flat
`,
);

/** ARGV: id, then names and numbers. */
const ADD_METRICS = recording(
  'addMetrics',
  `${FIND}
for i = 4, #ARGV, 2 do put(j, ARGV[i], ARGV[i + 1]) end
return tell(j)
`,
);

export interface Control {
  cancel(id: string, by?: Actor): Promise<JobRecord>;
  retry(id: string, by?: Actor): Promise<JobRecord>;
  remove(id: string): Promise<JobRecord>;
  addMetrics(id: string, metrics: Record<string, number>): Promise<JobRecord>;
}

export function control(store: RedisStore): Control {
  function answered(id: string, answer: unknown): JobRecord {
    if (answer === null) throw notFound(id);
    const [first, status, why] = answer as string[];
    if (first === 'conflict') {
      throw new MillError('conflict', `Job ${id} is ${status}: ${why}.`, { facts: { job: id, status } });
    }
    return changed(store, answer as FlatHash);
  }

  return {
    cancel: async (id, by) => answered(id, await store.run(CANCEL, id, by ?? '')),
    retry: async (id, by) => answered(id, await store.run(RETRY, id, by ?? '')),
    remove: async (id) => answered(id, await store.run(REMOVE, id)),
    async addMetrics(id, metrics) {
      const pairs = Object.entries(metrics).flatMap(([name, value]) => [REPORTED + name, String(value)]);
      return answered(id, await store.run(ADD_METRICS, id, ...pairs));
    },
  };
}

export function notFound(id: string): MillError {
  return new MillError('job_not_found', `There is no job ${id}.`);
}
