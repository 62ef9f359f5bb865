/**
 * The three steps that nearly every job takes and nothing else: it comes in, is claimed, and finishes. They are
 * written out here without the functions that the other scripts share, because those cost more than all commands of
 * these steps. Whatever is not plain, each of them leaves alone and answers {@link NOT_PLAIN}: then the script that
 * knows all cases does it. What is written is the same; the contract suite holds for both.
 */
import { KEPT_IN_BULLMQ } from './bull.ts';
import { type LuaScript, MAX_TIMELINE, reading, TOLD_ONE_BY_ONE } from './lua.ts';

/** The answer of a step that has changed nothing. */
export const NOT_PLAIN = 'not plain';

/** Scores and ids that one command takes at most; Lua's stack has room for some 8000 values. */
const VALUES_AT_ONCE = 4000;

/**
 * ARGV[3]: number of jobs; then for each: id, task, score in its priority, priority for BullMQ, data and options for
 * BullMQ, owner or '', number of paths, paths, number of names and values of its record, names and values.
 * None has a key, a parent, a delay or a run. Answers the time, and the number of the change before the first.
 * Of a job's two changes the first is its place in the queue, the second tells that it came in.
 */
export const ENQUEUE_PLAIN: LuaScript = reading(
  'enqueue plain',
  String.raw`
local count = tonumber(ARGV[3])
local seq = C('INCRBY', P .. 'seq', count) - count
local before = C('INCRBY', P .. 'change', 2 * count) - 2 * count
local at = string.format('%.0f', now)
local timeline = '{"at":' .. at .. ',"event":"enqueued"}'
local lists, prioritized, changes, uses = {}, {}, {}, {}
local n, u, i, ids = 0, 0, 4, {}
for k = 1, count do
  local id, task, owner = ARGV[i], ARGV[i + 1], ARGV[i + 6]
  local number, place, change = seq + k, before + 2 * k - 1, before + 2 * k
  ids[k] = id
  C('HSET', B .. id, 'name', task, 'data', ARGV[i + 4], 'opts', ARGV[i + 5], 'timestamp', at, 'delay', '0',
    'priority', ARGV[i + 3])
  prioritized[n + 1], prioritized[n + 2] = tonumber(ARGV[i + 2]) * 4294967296 + place % 4294967296, id
  changes[n + 1], changes[n + 2] = change, id
  n = n + 2
  local paths = tonumber(ARGV[i + 7])
  for p = i + 8, i + 7 + paths do
    uses[u + 1], uses[u + 2] = 0, ARGV[p] .. '\0' .. id
    u = u + 2
  end
  i = i + 8 + paths
  local values = tonumber(ARGV[i])
  C('HSET', P .. 'job:' .. id, 'status', 'queued', 'seq', number, 'place', place, 'change', change,
    'created_at', at, 'enqueued_at', at, 'timeline', timeline, 'events', '1', unpack(ARGV, i + 1, i + values))
  i = i + 1 + values
  local kinds = lists[owner]
  if not kinds then kinds = {} lists[owner] = kinds end
  local list = kinds[task]
  if not list then list = {} kinds[task] = list end
  list[#list + 1] = number
  list[#list + 1] = id
end

local function write(key, values)
  if #values <= ${VALUES_AT_ONCE} then return C('ZADD', key, unpack(values)) end
  for from = 1, #values, ${VALUES_AT_ONCE} do
    C('ZADD', key, unpack(values, from, math.min(#values, from + ${VALUES_AT_ONCE - 1})))
  end
end
for owner, kinds in pairs(lists) do
  for task, list in pairs(kinds) do
    for _, of in ipairs(owner == '' and {P} or {P, P .. 'o:' .. owner .. ':'}) do
      write(of .. 'all', list)
      write(of .. 'task:' .. task, list)
      write(of .. 's:queued', list)
      write(of .. 's:queued:' .. task, list)
    end
  end
end
if u > 0 then write(P .. 'uses', uses) end
write(P .. 'changes', changes)
write(B .. 'prioritized', prioritized)

if count > ${TOLD_ONE_BY_ONE} then
  C('PUBLISH', P .. 'events', 'q' .. string.format('%.0f', before + 2 * count) .. ' {"id":""}')
else
  local watched = C('PUBSUB', 'NUMSUB', P .. 'watched')[2] > 0
  for k, id in ipairs(ids) do
    local message = watched and cjson.encode({id = id, job = C('HGETALL', P .. 'job:' .. id)}) or '{"id":"' .. id .. '"}'
    C('PUBLISH', P .. 'events', 'q' .. string.format('%.0f', before + 2 * k) .. ' ' .. message)
  end
end
return {at, string.format('%.0f', before)}
`,
);

/** Moves `id` with the fields `f` from one status to another, and tells it. `change` is its number. */
const MOVE = (from: string, to: string): string => `
local change = C('INCR', P .. 'change')
local seq, task = f.seq, f.task
for _, of in ipairs(f.owner and {P, P .. 'o:' .. f.owner .. ':'} or {P}) do
  C('ZREM', of .. 's:${from}', id)
  C('ZREM', of .. 's:${from}:' .. task, id)
  C('ZADD', of .. 's:${to}', seq, id)
  C('ZADD', of .. 's:${to}:' .. task, seq, id)
end
C('ZADD', P .. 'changes', change, id)
`;

const TELL = `
local message = '{"id":"' .. id .. '"}'
if C('PUBSUB', 'NUMSUB', P .. 'watched')[2] > 0 then
  message = cjson.encode({id = id, job = C('HGETALL', P .. 'job:' .. id)})
end
C('PUBLISH', P .. 'events', 'j' .. string.format('%.0f', change) .. ' ' .. message)
`;

const READ = `
local flat = C('HGETALL', P .. 'job:' .. id)
local f = {}
for i = 1, #flat, 2 do f[flat[i]] = flat[i + 1] end
`;

/**
 * ARGV[3]: worker, [4]: lease, [5]: worker as JSON. Answers the record as it was, the time, the number of the change
 * and the new entry of the timeline; or nothing; or {@link NOT_PLAIN}.
 */
export const CLAIM_PLAIN: LuaScript = reading(
  'claim plain',
  `
if C('ZCOUNT', P .. 'due', '-inf', now) > 0 or C('LLEN', B .. 'wait') > 0 then return '${NOT_PLAIN}' end
local meta = C('HMGET', B .. 'meta', 'paused', 'concurrency', 'max')
if meta[2] or meta[3] then return '${NOT_PLAIN}' end
if meta[1] then return false end
local popped = C('ZPOPMIN', B .. 'prioritized')
local id = popped[1]
if not id then return false end
${READ}
if f.status ~= 'queued' or f.run_pass or tonumber(f.events) >= ${MAX_TIMELINE} then
  C('ZADD', B .. 'prioritized', popped[2], id)
  return '${NOT_PLAIN}'
end
local worker, lease, at = ARGV[3], ARGV[4], string.format('%.0f', now)
local attempts, claims = (tonumber(f.attempts) or 0) + 1, (tonumber(f.claims) or 0) + 1
${MOVE('queued', 'started')}
local entry = '{"at":' .. at .. ',"event":"claimed","attempt":' .. attempts .. ',"worker":' .. ARGV[5] .. '}'
C('HSET', P .. 'job:' .. id, 'status', 'started', 'attempts', attempts, 'claims', claims,
  'beat', (tonumber(f.beat) or 0) + 1, 'worker', worker, 'lease_ms', lease, 'started_at', at, 'change', change,
  'timeline', f.timeline .. ',' .. entry, 'events', tonumber(f.events) + 1)
if f.error or f.progress or f.scheduled_at then C('HDEL', P .. 'job:' .. id, 'error', 'progress', 'scheduled_at') end
C('LPUSH', B .. 'active', id)
C('SET', B .. id .. ':lock', worker, 'PX', lease)
C('HSET', B .. id, 'processedOn', at, 'pb', worker, 'ats', claims)
${TELL}
return {flat, at, change, entry}
`,
);

/**
 * ARGV[3…6]: id, worker, attempt, token or ''; [7]: result, [8]: its message as JSON, [9]: worker as JSON. Answers as
 * {@link CLAIM_PLAIN}; nothing when the claim is no longer current.
 */
export const COMPLETE_PLAIN: LuaScript = reading(
  'complete plain',
  String.raw`
local id = ARGV[3]
${READ}
if f.status ~= 'started' or f.worker ~= ARGV[4] or f.attempts ~= ARGV[5] or (ARGV[6] ~= '' and f.claims ~= ARGV[6]) then
  return false
end
if f.webhook_url or tonumber(f.events) >= ${MAX_TIMELINE} or C('EXISTS', P .. 'children:' .. id) == 1 then
  return '${NOT_PLAIN}'
end
local at = string.format('%.0f', now)
${MOVE('started', 'finished')}
C('ZADD', P .. 'ended', at, id)
local entry = '{"at":' .. at .. ',"event":"finished","attempt":' .. f.attempts .. ',"worker":' .. ARGV[9] .. '}'
C('HSET', P .. 'job:' .. id, 'status', 'finished', 'ended_at', at, 'change', change, 'result', ARGV[7],
  'timeline', f.timeline .. ',' .. entry, 'events', tonumber(f.events) + 1)
if f.progress then C('HDEL', P .. 'job:' .. id, 'progress') end
if f.uses then
  local uses = cjson.decode(f.uses)
  for i, path in ipairs(uses) do uses[i] = path .. '\0' .. id end
  C('ZREM', P .. 'uses', unpack(uses))
end
C('DEL', B .. id .. ':lock')
-- Somebody may have removed it there.
if C('LREM', B .. 'active', -1, id) > 0 and C('EXISTS', B .. id) == 1 then
  C('HSET', B .. id, 'returnvalue', ARGV[8], 'finishedOn', at, 'atm', f.attempts)
  C('ZADD', B .. 'completed', at, id)
  if C('ZCARD', B .. 'completed') > ${KEPT_IN_BULLMQ} then C('DEL', B .. C('ZPOPMIN', B .. 'completed')[1]) end
end
${TELL}
return {flat, at, change, entry}
`,
);
