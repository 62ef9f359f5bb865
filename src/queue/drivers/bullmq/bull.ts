/**
 * BullMQ's side of a job, in Lua. Our scripts run BullMQ's own scripts, word for word from the installed package,
 * as functions inside them: so a change of our record and the move of the job between BullMQ's lists are one
 * atomic step, and there is no moment between the two in which a crash could part them.
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
const LONGEST_DATA = 4096;

const SCRIPTS = [
  'addPrioritizedJob',
  'addDelayedJob',
  'moveToActive',
  'moveToFinished',
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
  local v = C('HMGET', P .. 'job:' .. j.id, 'input_path', 'output_path', 'params')
  local data = {}
  for i, name in ipairs({'input_path', 'output_path'}) do
    if v[i] then data[#data + 1] = '"' .. name .. '":' .. cjson.encode(v[i]) end
  end
  if v[3] and #v[3] <= ${LONGEST_DATA} then data[#data + 1] = '"params":' .. v[3] end
  local args = cmsgpack.pack({B, j.id, j.task, now})
  local opts = {priority = 101 - j.priority, attempts = j.max_attempts}
  local json = '{' .. table.concat(data, ',') .. '}'
  if delay then
    opts.delay = delay
    bull.addDelayedJob(bullKeys('marker', 'meta', 'id', 'delayed', 'completed', 'events'),
      {args, json, cmsgpack.pack(opts)})
  else
    bull.addPrioritizedJob(
      bullKeys('marker', 'meta', 'id', 'prioritized', 'delayed', 'completed', 'active', 'events', 'pc'),
      {args, json, cmsgpack.pack(opts)})
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
  C('ZADD', B .. 'prioritized', bullScore(j), j.id)
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
end

local function bullFinish(j, target, property, text)
  bullUnlock(j)
  bull.moveToFinished(
    bullKeys('wait', 'active', 'prioritized', 'events', 'stalled', 'limiter', 'delayed', 'paused', 'meta', 'pc',
      target, j.id, 'metrics:' .. target, 'marker'),
    {j.id, now, property, text, target, '', B,
      cmsgpack.pack({token = '0', keepJobs = {count = ${KEPT_IN_BULLMQ}}, attempts = j.max_attempts, maxMetricsSize = ''}), ''})
end
`;
