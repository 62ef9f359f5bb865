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
 * | `ended` | sorted by time: ids of jobs that have ended |
 * | `run:<id>` | sorted by `seq`: ids of the steps of one run of a recipe |
 * | `o:<owner>:<list>` | the same lists of one owner |
 * | `pass:<run> NUL <pass>` | sorted by `seq`: ids of the steps of one pass, whatever their status |
 * | `keys` | hash: idempotency key, after its owner and NUL → id |
 * | `outbox` | sorted by `ends`, a counter: number and record of ended jobs that a webhook shall tell of |
 * | `uses` | sorted by name: `path NUL id` of jobs that have not ended |
 * | `parents:<id>`, `children:<id>` | sorted by `seq`: ids |
 * | `log:<id>` | list: lines |
 * | `series:<id>` | text: JSON, moments of the last attempt |
 * | `workers`, `worker-beats`, `worker-wishes` | hashes |
 * | `pause` | hash: why and since when the queue is paused; that it is says BullMQ's own `meta` |
 * | `sweeper` | who forgets ended jobs just now; expires |
 * | `clock-epoch` | how often the clock of Redis was seen to jump |
 * | `events` | channel |
 * | `watched` | channel without messages: while somebody listens to it, records are sent along in `events` |
 */
import { ERRORS } from '../../../core/errors.ts';
import { BULL_LUA, type BullScriptName, bullScripts } from './bull.ts';

/** A job that fails over and over must not grow its record for ever; the first entries go. */
export const MAX_TIMELINE = 200;

/** Removals that a watcher which was away can still learn of. */
const REMOVALS_KEPT = 10_000;

/** Larger records are not sent along with their event: watchers fetch them. Bytes. */
const LARGEST_MESSAGE = 32 * 1024;

/** Jobs changed by one script that are told one by one; of more, such as a batch, only that there are some. */
export const TOLD_ONE_BY_ONE = 20;

/** Values that one command of a script takes at most; Lua's stack has room for some 8000. */
const VALUES_AT_ONCE = 4000;

/** Due jobs that one round moves at most. */
export const DUE_AT_ONCE = 500;

/**
 * Sorted sets are written once each, when the script is done or asks for it by `flush`: a batch of a thousand jobs
 * then costs a dozen commands for all of its lists, not thousands. The changes are counted in the same way.
 */
const WRITES_LUA = `
local added, removed, change = {}, {}, nil
local told = {}

local function zadd(key, score, member)
  if removed[key] then removed[key][member] = nil end
  local of = added[key]
  if not of then of = {} added[key] = of end
  of[member] = score
end
local function zrem(key, member)
  if added[key] then added[key][member] = nil end
  local of = removed[key]
  if not of then of = {} removed[key] = of end
  of[member] = true
end

local function inParts(command, key, values)
  for from = 1, #values, ${VALUES_AT_ONCE} do
    C(command, key, unpack(values, from, math.min(#values, from + ${VALUES_AT_ONCE - 1})))
  end
end

local function flush()
  for key, members in pairs(removed) do
    local values = {}
    for member in pairs(members) do values[#values + 1] = member end
    inParts('ZREM', key, values)
  end
  for key, members in pairs(added) do
    local values = {}
    for member, score in pairs(members) do
      values[#values + 1] = score
      values[#values + 1] = member
    end
    inParts('ZADD', key, values)
  end
  added, removed = {}, {}
  if change then C('SET', P .. 'change', string.format('%.0f', change)) end
  change = nil
end

local function nextChange()
  change = (change or tonumber(C('GET', P .. 'change') or 0)) + 1
  return change
end
`;

const RECORD_LUA = `local PARENT_FAILED = ${luaTexts(ERRORS.parent_failed.title, ERRORS.parent_failed.next)}
${String.raw`
local FINAL = {finished = true, failed = true, canceled = true}

-- Jobs of this script by id, as 'job' has read them, with all that was changed of them since.
local loaded = {}

-- The job whose record has these fields.
local function jobOf(id, f)
  local j = {
    id = id, f = f, dirty = {}, gone = {},
    seq = tonumber(f.seq), status = f.status, task = f.task, priority = tonumber(f.priority), place = tonumber(f.place),
    attempts = tonumber(f.attempts) or 0, max_attempts = tonumber(f.max_attempts), claims = tonumber(f.claims) or 0,
    worker = f.worker, beat = tonumber(f.beat) or 0, cancel = f.cancel_requested == '1',
    scheduled_at = tonumber(f.scheduled_at), uses = f.uses, key = f.idempotency_key, owner = f.owner,
    webhook = f.webhook_url, fails_too = f.on_parent_failure == 'fail', run = f.run_id, pass = f.run_pass,
  }
  loaded[id] = j
  return j
end

-- nil when there is no such job. Twice the same job is the same table.
local function job(id)
  if loaded[id] then return loaded[id] end
  local flat = C('HGETALL', P .. 'job:' .. id)
  if not flat[1] then return nil end
  local f = {}
  for i = 1, #flat, 2 do f[flat[i]] = flat[i + 1] end
  return jobOf(id, f)
end

local function text(value)
  if type(value) == 'number' then return string.format('%.0f', value) end
  return value
end

-- Changes the record; 'save' writes what was changed, all of it at once.
local function put(j, ...)
  for i = 1, select('#', ...), 2 do
    local name, value = select(i, ...)
    j.f[name] = text(value)
    j.dirty[name] = true
    j.gone[name] = nil
  end
end
local function drop(j, ...)
  for i = 1, select('#', ...) do
    local name = select(i, ...)
    if j.f[name] then
      j.f[name] = nil
      j.dirty[name] = nil
      j.gone[name] = true
    end
  end
end
local function save(j)
  local set, del = {}, {}
  for name in pairs(j.dirty) do
    set[#set + 1] = name
    set[#set + 1] = j.f[name]
  end
  for name in pairs(j.gone) do del[#del + 1] = name end
  if set[1] then C('HSET', P .. 'job:' .. j.id, unpack(set)) end
  if del[1] then C('HDEL', P .. 'job:' .. j.id, unpack(del)) end
  j.dirty, j.gone = {}, {}
end

-- The record as 'HGETALL' would answer it.
local function flatOf(j)
  local flat, n = {}, 0
  for name, value in pairs(j.f) do
    flat[n + 1], flat[n + 2] = name, value
    n = n + 2
  end
  return flat
end

local function note(j, event, more)
  local entry = more or {}
  entry.at = now
  entry.event = event
  local before, events = j.f.timeline, tonumber(j.f.events) or 0
  local text = cjson.encode(entry)
  if events >= ${MAX_TIMELINE} then
    local kept = {}
    for i, old in ipairs(cjson.decode('[' .. before .. ']')) do
      if i > events - ${MAX_TIMELINE} + 1 then kept[#kept + 1] = cjson.encode(old) end
    end
    before = table.concat(kept, ',')
    events = #kept
  end
  if events > 0 then text = before .. ',' .. text end
  put(j, 'timeline', text, 'events', events + 1)
end

local function uses(j, command)
  if not j.uses then return end
  for _, path in ipairs(j.paths or cjson.decode(j.uses)) do
    if command == 'ZADD' then zadd(P .. 'uses', 0, path .. '\0' .. j.id)
    else zrem(P .. 'uses', path .. '\0' .. j.id) end
  end
end

-- A list of jobs, and the list of those of the same owner.
local function enlist(j, list)
  zadd(P .. list, j.seq, j.id)
  if j.owner then zadd(P .. 'o:' .. j.owner .. ':' .. list, j.seq, j.id) end
end
local function strike(j, list)
  zrem(P .. list, j.id)
  if j.owner then zrem(P .. 'o:' .. j.owner .. ':' .. list, j.id) end
end

-- The lists in which a job is found that is a step of a recipe.
local function passOf(j)
  return P .. 'pass:' .. j.run .. '\0' .. j.pass
end
local function enlistRun(j)
  if not j.run then return end
  enlist(j, 'run:' .. j.run)
  if j.pass then zadd(passOf(j), j.seq, j.id) end
end
local function strikeRun(j)
  if not j.run then return end
  strike(j, 'run:' .. j.run)
  if j.pass then zrem(passOf(j), j.id) end
end

-- Idempotency keys are each owner's own.
local function keyOf(j)
  return j.owner and j.owner .. '\0' .. j.key or j.key
end

-- Gives the job another status in its record and in the lists.
local function move(j, to)
  local from = j.status
  if from then
    strike(j, 's:' .. from)
    strike(j, 's:' .. from .. ':' .. j.task)
  end
  if from == 'scheduled' then zrem(P .. 'due', j.id) end
  enlist(j, 's:' .. to)
  enlist(j, 's:' .. to .. ':' .. j.task)
  if FINAL[to] and not FINAL[from] then
    uses(j, 'ZREM')
    zadd(P .. 'ended', now, j.id)
  end
  if not FINAL[to] and (from == nil or FINAL[from]) then
    uses(j, 'ZADD')
    if from then zrem(P .. 'ended', j.id) end
  end
  j.status = to
  put(j, 'status', to)
  if j.webhook and FINAL[to] and not FINAL[from] then
    local n = C('INCR', P .. 'ends')
    C('ZADD', P .. 'outbox', n, n .. ' ' .. cjson.encode(flatOf(j)))
  end
end

-- Kind, number and JSON: the first two tell a process without watchers all it needs.
local function publish(kind, n, message)
  C('PUBLISH', P .. 'events', kind .. n .. ' ' .. cjson.encode(message))
end

-- Counts the change, saves and tells it; answers the record.
local function tell(j)
  local n = nextChange()
  put(j, 'change', n)
  zadd(P .. 'changes', n, j.id)
  save(j)
  local flat = flatOf(j)
  told[#told + 1] = {j.status == 'queued' and 'q' or 'j', n, j.id, flat}
  return flat
end

-- What is left to write when a script has done its work.
local function conclude()
  for _, j in pairs(loaded) do save(j) end
  flush()
  if #told > ${TOLD_ONE_BY_ONE} then
    -- Those who watch read the changes themselves.
    local kind = 'j'
    for _, one in ipairs(told) do
      if one[1] == 'q' then kind = 'q' end
    end
    publish(kind, told[#told][2], {id = ''})
    return
  end
  local watched = told[1] and C('PUBSUB', 'NUMSUB', P .. 'watched')[2] > 0
  for _, one in ipairs(told) do
    local message, size = {id = one[3]}, 0
    for _, text in ipairs(one[4]) do size = size + #text end
    if watched and size <= ${LARGEST_MESSAGE} then message.job = one[4] end
    publish(one[1], one[2], message)
  end
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

-- The sentences are those of parent-failure.ts.
local HOW = {failed = 'failed', canceled = 'was canceled', removed = 'was removed'}
local function parentEnded(parent, removed)
  return 'Job ' .. parent.id .. ' (' .. parent.task .. ') ' .. HOW[removed and 'removed' or parent.status]
end

local function noteBlocked(child, parent)
  note(child, 'blocked', {detail = parentEnded(parent) .. '. This job waits until that one is retried and finishes.'})
end

-- Ends a job that waits because of a parent; it is not in BullMQ. Does not tell its own children.
local function failWith(child, parent, removed)
  local detail = parentEnded(parent, removed) .. ', and this job depends on it.'
  drop(child, 'scheduled_at')
  put(child, 'ended_at', now, 'error', cjson.encode({code = 'parent_failed', title = PARENT_FAILED[1], detail = detail,
    next = PARENT_FAILED[2], retryable = false,
    facts = {job = parent.id, task = parent.task, status = removed and 'removed' or parent.status}}))
  note(child, 'failed', {detail = detail, code = 'parent_failed'})
  move(child, 'failed')
end

-- The job has failed, was canceled or is about to be removed: tells its children, or fails them with it.
local function block(first, removed)
  local ended, i = {first}, 1
  while ended[i] do
    local parent = ended[i]
    for _, child in ipairs(waiting(parent)) do
      if child.fails_too then
        failWith(child, parent, removed and i == 1)
        ended[#ended + 1] = child
      else
        noteBlocked(child, parent)
      end
      tell(child)
    end
    i = i + 1
  end
end
`}`;

const SETTLE_LUA = `
-- Gives a waiting job the status it must have now, here and in BullMQ. 'from': where it is in BullMQ.
local function settle(j, from)
  if not j.alone and #unfinished(j) > 0 then
    if from then bullRemove(j) end
    move(j, 'deferred')
  elseif j.scheduled_at and j.scheduled_at > now then
    bullDelay(j, from, j.scheduled_at - now)
    move(j, 'scheduled')
    zadd(P .. 'due', j.scheduled_at, j.id)
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
      zrem(P .. 'due', id)
    end
  end
  if due[1] then flush() end
  return #due
end
`;

const SETTLE_NEEDS: BullScriptName[] = [
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
  return { name, text: [HEAD, WRITES_LUA, RECORD_LUA, main(body)].join('\n') };
}

/** A script that moves jobs; `more` are the BullMQ scripts it runs besides those that `settle` needs. */
export function moving(name: string, body: string, more: BullScriptName[] = []): LuaScript {
  const bull = bullScripts([...SETTLE_NEEDS, ...more]);
  const parts = [HEAD, WRITES_LUA, bull, BULL_LUA, RECORD_LUA, SETTLE_LUA, REMOVED_LUA, main(body)];
  return { name, text: parts.join('\n') };
}

/** However the script ends, what it has changed is written. */
function main(body: string): string {
  return `local function main()\n${body}\nend\nlocal answer = main()\nconclude()\nreturn answer`;
}

const HEAD = `
local C = redis.call
local B, P = ARGV[1], ARGV[2]
local time = C('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

const REMOVED_LUA = `
local function tellRemoved(j)
  local n = nextChange()
  zrem(P .. 'changes', j.id)
  zadd(P .. 'removed', n, j.id)
  flush()
  C('ZREMRANGEBYRANK', P .. 'removed', 0, -${REMOVALS_KEPT + 1})
  publish('r', n, {id = j.id})
end
`;

/** Removes a job with every key and entry of its own. For scripts made by `moving`. */
export const ERASE_LUA = `
local function erase(j)
  bullRemove(j)
  if not FINAL[j.status] then uses(j, 'ZREM') end
  for _, list in ipairs({'all', 'task:' .. j.task, 's:' .. j.status, 's:' .. j.status .. ':' .. j.task}) do
    strike(j, list)
  end
  strikeRun(j)
  zrem(P .. 'due', j.id)
  zrem(P .. 'ended', j.id)
  for _, id in ipairs(C('ZRANGE', P .. 'parents:' .. j.id, 0, -1)) do C('ZREM', P .. 'children:' .. id, j.id) end
  for _, id in ipairs(C('ZRANGE', P .. 'children:' .. j.id, 0, -1)) do C('ZREM', P .. 'parents:' .. id, j.id) end
  if j.key then C('HDEL', P .. 'keys', keyOf(j)) end
  j.dirty, j.gone, loaded[j.id] = {}, {}, nil
  C('DEL', P .. 'job:' .. j.id, P .. 'log:' .. j.id, P .. 'series:' .. j.id, P .. 'parents:' .. j.id, P .. 'children:' .. j.id)
  tellRemoved(j)
end
`;

/** A table of texts; plain ASCII is written the same way in JSON. */
function luaTexts(...texts: string[]): string {
  return `{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;
}
