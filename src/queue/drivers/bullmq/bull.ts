/**
 * BullMQ's side of a job, in Lua. A change of our record and the move of the job between BullMQ's lists are one
 * atomic step, so there is no moment between the two in which a crash could part them. What most jobs do (enter,
 * be claimed, end) is written out here and in plain-steps.ts: BullMQ's keys and fields, without its event stream and
 * its marker, which only its own workers read. For the rest our scripts run BullMQ's, word for word from the
 * installed package, as functions inside them.
 *
 * The arguments below are those of the pinned version of BullMQ; the contract suite tells when they change.
 *
 * | status of ours | in BullMQ |
 * |---|---|
 * | `queued` | `prioritized`, score = priority and place |
 * | `scheduled` | `delayed` |
 * | `started` | `active`, locked by the worker |
 * | `finished` | `completed`, the newest {@link KEPT_IN_BULLMQ} |
 * | `failed`, and `canceled` while started | `failed`, the newest {@link KEPT_IN_BULLMQ} |
 * | `deferred`, and `canceled` before it started | not there |
 */
import scripts from 'bullmq/dist/cjs/scripts/index.js';

/** Ended jobs that BullMQ keeps of each kind, for dashboards. Our own record is the one that counts. */
export const KEPT_IN_BULLMQ = 1000;

/** Entries of BullMQ's event stream, about. Nobody here reads it. */
export const BULLMQ_EVENTS_KEPT = 1000;

/** Longest params that are copied into BullMQ's data, bytes. */
export const LONGEST_DATA = 4096;

const SCRIPTS = [
  'addDelayedJob',
  'moveToActive',
  'moveToDelayed',
  'moveJobFromActiveToWait',
  'promote',
  'removeJob',
] as const;
export type BullScriptName = (typeof SCRIPTS)[number];

/** Lua that defines `bull.<name>(KEYS, ARGV)` for each. */
export function bullScripts(names: readonly BullScriptName[]): string {
  const functions = names.map((name) => {
    const script = scripts[name];
    if (script === undefined) throw new TypeError(`this version of BullMQ has no script ${name}`);
    return `bull.${name} = function(KEYS, ARGV)\n${script.content}\nend`;
  });
  return ['local bull = {}', ...functions].join('\n');
}

/**
 * What our scripts do with a job in BullMQ. `from` says where it is there: 'active', 'delayed' or nil for nowhere.
 * A job that BullMQ does not know any more (somebody removed it there) does not stop ours.
 */
export const BULL_LUA = `
local function bullKeys(...)
  local keys = {}
  for i, name in ipairs({...}) do keys[i] = B .. name end
  return keys
end

-- BullMQ's own counter starts anew whenever nothing waits, so the order inside a priority is ours.
local function bullScore(j)
  return (101 - j.priority) * 4294967296 + j.place % 4294967296
end

local function bullAdd(j, delay)
  local data = {}
  for _, name in ipairs({'input_path', 'output_path'}) do
    if j.f[name] then data[#data + 1] = '"' .. name .. '":' .. cjson.encode(j.f[name]) end
  end
  if j.f.params and #j.f.params <= ${LONGEST_DATA} then data[#data + 1] = '"params":' .. j.f.params end
  local json = '{' .. table.concat(data, ',') .. '}'
  local priority = 101 - j.priority
  if delay then
    local opts = {priority = priority, attempts = j.max_attempts, delay = delay}
    bull.addDelayedJob(bullKeys('marker', 'meta', 'id', 'delayed', 'completed', 'events'),
      {cmsgpack.pack({B, j.id, j.task, now}), json, cmsgpack.pack(opts)})
  else
    C('HSET', B .. j.id, 'name', j.task, 'data', json, 'opts',
      '{"priority":' .. priority .. ',"attempts":' .. j.max_attempts .. '}', 'timestamp', now, 'delay', 0,
      'priority', priority)
  end
end

local function bullUnlock(j)
  C('DEL', B .. j.id .. ':lock')
end

local function bullWait(j, from)
  if from == 'active' then
    bullUnlock(j)
    bull.moveJobFromActiveToWait(
      bullKeys('active', 'wait', 'stalled', 'paused', 'meta', 'limiter', 'prioritized', 'marker', 'events'),
      {j.id, '0', B .. j.id})
  elseif from == 'delayed' then
    bull.promote(
      bullKeys('delayed', 'wait', 'paused', 'meta', 'prioritized', 'active', 'pc', 'events', 'marker'),
      {B, j.id})
  else
    bullAdd(j)
  end
  zadd(B .. 'prioritized', bullScore(j), j.id)
end

local function bullDelay(j, from, delay)
  if from == 'active' then
    bullUnlock(j)
    bull.moveToDelayed(
      bullKeys('marker', 'active', 'prioritized', 'delayed', j.id, 'events', 'meta', 'stalled', 'wait', 'limiter', 'pc'),
      {B, now, j.id, '0', delay, '0', '', '0', ''})
  elseif from ~= 'delayed' then
    bullAdd(j, delay)
  end
end

local function bullRemove(j)
  bullUnlock(j)
  bull.removeJob(bullKeys(j.id, 'repeat'), {j.id, '0', B})
  C('XTRIM', B .. 'events', 'MAXLEN', '~', ${BULLMQ_EVENTS_KEPT})
end

-- Takes the next job; false when there is none to be had.
local function bullTake(worker, lease)
  local meta = C('HMGET', B .. 'meta', 'paused', 'concurrency', 'max')
  if meta[2] or meta[3] or C('LLEN', B .. 'wait') > 0 then
    -- Somebody has set a limit with BullMQ, or put in a job of their own: BullMQ knows what that means.
    local taken = bull.moveToActive(
      bullKeys('wait', 'active', 'prioritized', 'events', 'stalled', 'limiter', 'delayed', 'paused', 'meta', 'pc',
        'marker'),
      {B, now, cmsgpack.pack({token = worker, lockDuration = lease, name = worker})})
    return type(taken[1]) == 'table' and taken[2]
  end
  if meta[1] then return false end
  local id = C('ZPOPMIN', B .. 'prioritized')[1]
  if not id then return false end
  C('LPUSH', B .. 'active', id)
  C('SET', B .. id .. ':lock', worker, 'PX', lease)
  return id
end

-- Takes one job out of its turn, for the worker that has just taken another; false when it may not be had.
local function bullTakeAlso(j, worker, lease)
  local meta = C('HMGET', B .. 'meta', 'concurrency', 'max')
  -- A limit that somebody has set with BullMQ counts single jobs; and what it does not have waits to be put back.
  if meta[1] or meta[2] or C('ZREM', B .. 'prioritized', j.id) == 0 then return false end
  C('LPUSH', B .. 'active', j.id)
  C('SET', B .. j.id .. ':lock', worker, 'PX', lease)
  return true
end

-- For the eyes of BullMQ's tools: who has it, for which time.
local function bullStarted(j)
  C('HSET', B .. j.id, 'processedOn', now, 'pb', j.worker, 'ats', j.claims)
end

local function bullFinish(j, target, property, text)
  bullUnlock(j)
  -- Somebody may have removed it there.
  if C('LREM', B .. 'active', -1, j.id) == 0 or C('EXISTS', B .. j.id) == 0 then return end
  C('HSET', B .. j.id, property, text, 'finishedOn', now, 'atm', j.attempts)
  C('ZADD', B .. target, now, j.id)
  local over = C('ZCARD', B .. target) - ${KEPT_IN_BULLMQ}
  if over > 0 then
    local oldest = C('ZPOPMIN', B .. target, math.min(over, 1000))
    local keys = {}
    for i = 1, #oldest, 2 do keys[#keys + 1] = B .. oldest[i] end
    C('DEL', unpack(keys))
  end
end
`;
