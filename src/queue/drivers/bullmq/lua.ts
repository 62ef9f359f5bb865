/**
 * What all our Lua scripts share: the job's record, the sorted sets that list it, its timeline, and the telling of
 * changes. Every script is one atomic step, and Redis writes it to its append-only file as one.
 *
 * ARGV[1] is BullMQ's key prefix, ARGV[2] ours; the arguments of a script follow. Time is the clock of Redis, the
 * one clock that all processes share.
 *
 * Our keys, below `mediamill:<queue>:`
 * | key | what |
 * |---|---|
 * | `seq`, `change` | counters: jobs ever, changes ever |
 * | `job:<id>` | hash: the record |
 * | `all`, `task:<task>`, `s:<status>`, `s:<status>:<task>` | sorted by `seq`: ids |
 * | `changes`, `removed` | sorted by change: the last change of each job, and of those removed |
 * | `due` | sorted by time: ids of `scheduled` jobs |
 * | `keys` | hash: idempotency key → id |
 * | `uses` | sorted by name: `path NUL id` of jobs that have not ended |
 * | `parents:<id>`, `children:<id>` | sorted by `seq`: ids |
 * | `log:<id>` | list: lines |
 * | `workers`, `worker-beats` | hashes |
 * | `events` | channel |
 */
import { BULL_LUA, type BullScriptName, bullScripts } from './bull.ts';

/** A job that fails over and over must not grow its record for ever; the first entries go. */
const MAX_TIMELINE = 200;

/** Removals that a watcher which was away can still learn of. */
const REMOVALS_KEPT = 10_000;

/** Larger records are not sent along with their event: watchers fetch them. Bytes. */
const LARGEST_MESSAGE = 32 * 1024;

/** Due jobs that one round moves at most. */
export const DUE_AT_ONCE = 500;

const RECORD_LUA = String.raw`
local FINAL = {finished = true, failed = true, canceled = true}

-- What decisions need of a record; nil when there is no such job.
local function job(id)
  local v = C('HMGET', P .. 'job:' .. id, 'seq', 'status', 'task', 'priority', 'place', 'attempts', 'max_attempts',
    'claims', 'worker', 'beat', 'cancel_requested', 'scheduled_at', 'uses', 'idempotency_key')
  if not v[1] then return nil end
  return {
    id = id, seq = tonumber(v[1]), status = v[2], task = v[3], priority = tonumber(v[4]), place = tonumber(v[5]),
    attempts = tonumber(v[6]), max_attempts = tonumber(v[7]), claims = tonumber(v[8]), worker = v[9] or nil,
    beat = tonumber(v[10]), cancel = v[11] == '1', scheduled_at = tonumber(v[12]), uses = v[13] or nil,
    key = v[14] or nil,
  }
end

local function put(j, ...) C('HSET', P .. 'job:' .. j.id, ...) end
local function drop(j, ...) C('HDEL', P .. 'job:' .. j.id, ...) end

local function note(j, event, more)
  local entry = more or {}
  entry.at = now
  entry.event = event
  local v = C('HMGET', P .. 'job:' .. j.id, 'timeline', 'events')
  local events = tonumber(v[2]) or 0
  local text = cjson.encode(entry)
  if events >= ${MAX_TIMELINE} then
    local kept = {}
    for i, old in ipairs(cjson.decode('[' .. v[1] .. ']')) do
      if i > events - ${MAX_TIMELINE} + 1 then kept[#kept + 1] = cjson.encode(old) end
    end
    v[1] = table.concat(kept, ',')
    events = #kept
  end
  if events > 0 then text = v[1] .. ',' .. text end
  put(j, 'timeline', text, 'events', events + 1)
end

local function uses(j, command)
  if not j.uses then return end
  for _, path in ipairs(cjson.decode(j.uses)) do
    if command == 'ZADD' then C('ZADD', P .. 'uses', 0, path .. '\0' .. j.id)
    else C('ZREM', P .. 'uses', path .. '\0' .. j.id) end
  end
end

-- Gives the job another status in its record and in the lists.
local function move(j, to)
  local from = j.status
  if from then
    C('ZREM', P .. 's:' .. from, j.id)
    C('ZREM', P .. 's:' .. from .. ':' .. j.task, j.id)
  end
  if from == 'scheduled' then C('ZREM', P .. 'due', j.id) end
  C('ZADD', P .. 's:' .. to, j.seq, j.id)
  C('ZADD', P .. 's:' .. to .. ':' .. j.task, j.seq, j.id)
  if FINAL[to] and not FINAL[from] then uses(j, 'ZREM') end
  if not FINAL[to] and (from == nil or FINAL[from]) then uses(j, 'ZADD') end
  j.status = to
  put(j, 'status', to)
end

-- Kind, number and JSON: the first two tell a process without watchers all it needs.
local function publish(kind, n, message)
  C('PUBLISH', P .. 'events', kind .. n .. ' ' .. cjson.encode(message))
end

-- Counts the change and tells it; answers the record.
local function tell(j)
  local n = C('INCR', P .. 'change')
  put(j, 'change', n)
  C('ZADD', P .. 'changes', n, j.id)
  local flat = C('HGETALL', P .. 'job:' .. j.id)
  local size = 0
  for _, text in ipairs(flat) do size = size + #text end
  local message = {id = j.id}
  if size <= ${LARGEST_MESSAGE} then message.job = flat end
  publish(j.status == 'queued' and 'q' or 'j', n, message)
  return flat
end

-- Ids of parents that have not finished, in the order of their creation.
local function unfinished(j)
  local open = {}
  for _, id in ipairs(C('ZRANGE', P .. 'parents:' .. j.id, 0, -1)) do
    local status = C('HGET', P .. 'job:' .. id, 'status')
    if status and status ~= 'finished' then open[#open + 1] = id end
  end
  return open
end

-- Jobs that wait for this one.
local function waiting(j)
  local found = {}
  for _, id in ipairs(C('ZRANGE', P .. 'children:' .. j.id, 0, -1)) do
    local child = job(id)
    if child and child.status == 'deferred' then found[#found + 1] = child end
  end
  return found
end

local function noteBlocked(child, parent)
  local how = parent.status == 'failed' and 'failed' or 'was canceled'
  note(child, 'blocked', {detail = 'Job ' .. parent.id .. ' (' .. parent.task .. ') ' .. how ..
    '. This job waits until that one is retried and finishes.'})
end

local function block(j)
  for _, child in ipairs(waiting(j)) do
    noteBlocked(child, j)
    tell(child)
  end
end
`;

const SETTLE_LUA = `
-- Gives a waiting job the status it must have now, here and in BullMQ. 'from': where it is in BullMQ.
local function settle(j, from)
  if #unfinished(j) > 0 then
    if from then bullRemove(j) end
    move(j, 'deferred')
  elseif j.scheduled_at and j.scheduled_at > now then
    bullDelay(j, from, j.scheduled_at - now)
    move(j, 'scheduled')
    C('ZADD', P .. 'due', j.scheduled_at, j.id)
  else
    move(j, 'queued')
    j.scheduled_at = nil
    drop(j, 'scheduled_at')
    put(j, 'enqueued_at', now)
    bullWait(j, from)
  end
end

-- Lets scheduled jobs enter whose time has come; answers how many.
local function admitDue()
  local due = C('ZRANGEBYSCORE', P .. 'due', '-inf', now, 'LIMIT', 0, ${DUE_AT_ONCE})
  for _, id in ipairs(due) do
    local j = job(id)
    if j and j.status == 'scheduled' then
      settle(j, 'delayed')
      tell(j)
    else
      C('ZREM', P .. 'due', id)
    end
  end
  return #due
end
`;

const SETTLE_NEEDS: BullScriptName[] = [
  'addPrioritizedJob',
  'addDelayedJob',
  'moveToDelayed',
  'moveJobFromActiveToWait',
  'promote',
  'removeJob',
];

export interface LuaScript {
  name: string;
  text: string;
}

/** A script that only reads. */
export function reading(name: string, body: string): LuaScript {
  return { name, text: [HEAD, body].join('\n') };
}

/** A script that changes records but moves nothing in BullMQ. */
export function recording(name: string, body: string): LuaScript {
  return { name, text: [HEAD, RECORD_LUA, body].join('\n') };
}

/** A script that moves jobs; `more` are the BullMQ scripts it runs besides those that `settle` needs. */
export function moving(name: string, body: string, more: BullScriptName[] = []): LuaScript {
  const bull = bullScripts([...SETTLE_NEEDS, ...more]);
  return { name, text: [HEAD, bull, BULL_LUA, RECORD_LUA, SETTLE_LUA, REMOVED_LUA, body].join('\n') };
}

const HEAD = `
local C = redis.call
local B, P = ARGV[1], ARGV[2]
local time = C('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

const REMOVED_LUA = `
local function tellRemoved(j)
  local n = C('INCR', P .. 'change')
  C('ZREM', P .. 'changes', j.id)
  C('ZADD', P .. 'removed', n, j.id)
  C('ZREMRANGEBYRANK', P .. 'removed', 0, -${REMOVALS_KEPT + 1})
  publish('r', n, {id = j.id})
end
`;
