/** What happens to a job while a worker has it: claimed, renewed, and then finished, failed, given back or lost. */
import { type Failure, MillError } from '../../../core/errors.ts';
import { type Backoff, backoffMs } from '../../backoff.ts';
import type { Held, Lost } from '../../leases.ts';
import { withMates } from '../../mates.ts';
import type { Claim, JobRecord, JobResult } from '../../port.ts';
import { DUE_AT_ONCE, moving, recording } from './lua.ts';
import { CLAIM_PLAIN, COMPLETE_PLAIN, NOT_PLAIN } from './plain-steps.ts';
import { changed, type Fields, type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';

/** A running attempt, as far as its lease is concerned. */
export interface HeldJob extends Held {
  id: string;
  attempts: number;
  max_attempts: number;
}

/** The record as it was, the time, the number of the change, and the new entry of the timeline. */
type PlainAnswer = [flat: FlatHash, at: string, change: number, entry: string];

/** BullMQ may hold entries that are not ours; a claim clears away at most this many. */
const STRANGERS_AT_ONCE = 100;

/** ARGV[3…6] of every script below that writes for a worker: id, worker, attempt, token or ''. Sets `j` or answers nothing. */
const FENCE_OF = (read: string): string => `
local j = ${read}
if not j or j.status ~= 'started' or j.worker ~= ARGV[4] or j.attempts ~= tonumber(ARGV[5])
  or (ARGV[6] ~= '' and j.claims ~= tonumber(ARGV[6])) then
  return false
end
`;
export const FENCE = FENCE_OF('job(ARGV[3])');

/** For what happens often and changes little: not the whole record is read, and `put` and `tell` know nothing of it. */
const GLANCE = `
local glance = C('HMGET', P .. 'job:' .. ARGV[3], 'status', 'worker', 'attempts', 'claims', 'beat', 'cancel_requested')
${FENCE_OF(`{id = ARGV[3], status = glance[1], worker = glance[2], attempts = tonumber(glance[3]),
  claims = tonumber(glance[4]), beat = tonumber(glance[5]), cancel = glance[6] == '1'}`)}
local record = P .. 'job:' .. j.id
`;

const ENDINGS = `
-- Final: nobody holds it any more, and those who wait for it learn.
local function finish(j, status, detail, message, code)
  put(j, 'ended_at', now)
  note(j, status, {attempt = j.attempts, worker = j.worker, detail = detail, code = code})
  move(j, status)
  if status == 'finished' then bullFinish(j, 'completed', 'returnvalue', cjson.encode(message or ''))
  else bullFinish(j, 'failed', 'failedReason', detail or status) end
  local flat = tell(j)
  if status == 'finished' then
    for _, child in ipairs(waiting(j)) do
      settle(child)
      if child.status ~= 'deferred' then tell(child) end
    end
  else
    block(j)
  end
  return flat
end

local function backToQueue(j)
  drop(j, 'worker', 'lease_ms', 'started_at', 'progress')
  settle(j, 'active')
  return tell(j)
end
`;

/** ARGV: worker, lease. Answers number of the claim and record of each job: the next, and those that come along. */
const CLAIM = moving(
  'claim',
  `
local worker, lease = ARGV[3], tonumber(ARGV[4])
local answer = {}
local function start(j)
  j.attempts = j.attempts + 1
  j.claims = j.claims + 1
  j.worker = worker
  drop(j, 'error', 'progress', 'scheduled_at')
  put(j, 'attempts', j.attempts, 'claims', j.claims, 'beat', j.beat + 1, 'worker', worker, 'lease_ms', lease,
    'started_at', now)
  note(j, 'claimed', {attempt = j.attempts, worker = worker})
  move(j, 'started')
  bullStarted(j)
  answer[#answer + 1] = j.claims
  answer[#answer + 1] = tell(j)
end

-- Queued jobs of the same pass, in their order.
local function matesOf(first)
  local found = {}
  for _, id in ipairs(C('ZRANGE', passOf(first), 0, -1)) do
    if C('HGET', P .. 'job:' .. id, 'status') == 'queued' then
      local mate = job(id)
      if mate.owner == first.owner then found[#found + 1] = mate end
    end
  end
  table.sort(found, function(a, b) return bullScore(a) < bullScore(b) end)
  return found
end

for _ = 1, 10 do
  if admitDue() < ${DUE_AT_ONCE} then break end
end
for _ = 1, ${STRANGERS_AT_ONCE} do
  local id = bullTake(worker, lease)
  if not id then return false end
  local j = job(id)
  if j and (j.status == 'queued' or j.status == 'scheduled') then
    start(j)
    for _, mate in ipairs(j.pass and matesOf(j) or {}) do
      if bullTakeAlso(mate, worker, lease) then start(mate) end
    end
    return answer
  end
  -- Not one of our jobs, or not one that waits: it has no business in the queue.
  bullRemove({id = id})
end
return false
`,
  ['moveToActive'],
);

/** ARGV: fence, lease. Answers whether a cancel was requested. */
const RENEW = recording(
  'renew',
  `${GLANCE}
C('HSET', record, 'beat', j.beat + 1, 'lease_ms', ARGV[7])
-- For BullMQ's own tools: this job is held.
C('SET', B .. j.id .. ':lock', j.worker, 'PX', ARGV[7])
return {j.cancel and 1 or 0}
`,
);

/** ARGV: fence, progress. */
const PROGRESS = recording(
  'progress',
  `${GLANCE}
C('HSET', record, 'progress', ARGV[7])
publish('p', 0, {id = j.id, progress = ARGV[7]})
return 1
`,
);

/** ARGV: fence, result, message for BullMQ. */
const COMPLETE = moving(
  'complete',
  `${FENCE}${ENDINGS}
put(j, 'result', ARGV[7])
drop(j, 'progress')
return finish(j, 'finished', nil, ARGV[8])
`,
);

/** ARGV: fence, failure, 'canceled' | 'final' | 'again', detail, wait before the next attempt. */
const FAIL = moving(
  'fail',
  `${FENCE}${ENDINGS}
local how, detail = ARGV[8], ARGV[9]
put(j, 'error', ARGV[7])
if how == 'canceled' or j.cancel then return finish(j, 'canceled', detail) end
local code = cjson.decode(ARGV[7]).code
if how == 'final' or j.attempts >= j.max_attempts then return finish(j, 'failed', detail, nil, code) end
note(j, 'attempt_failed', {attempt = j.attempts, worker = j.worker, detail = detail, code = code})
j.scheduled_at = now + tonumber(ARGV[10])
put(j, 'scheduled_at', j.scheduled_at)
return backToQueue(j)
`,
);

/** ARGV: fence. */
const RELEASE = moving(
  'release',
  `${FENCE}${ENDINGS}
note(j, 'released', {attempt = j.attempts, worker = j.worker})
if j.cancel then return finish(j, 'canceled') end
j.attempts = j.attempts - 1
put(j, 'attempts', j.attempts)
return backToQueue(j)
`,
);

/** ARGV: id, beat when it was judged, what was lost, failure when no attempt is left, its detail. Answers 1 or 0. */
const LOSE = moving(
  'lose',
  `${ENDINGS}
local j = job(ARGV[3])
-- Since it was judged it may have ended, or have been renewed.
if not j or j.status ~= 'started' or j.beat ~= tonumber(ARGV[4]) then return 0 end
note(j, 'lease_expired', {attempt = j.attempts, worker = j.worker, detail = ARGV[5]})
if j.cancel then
  finish(j, 'canceled')
elseif j.attempts < j.max_attempts then
  backToQueue(j)
else
  put(j, 'error', ARGV[6])
  finish(j, 'failed', ARGV[7], nil, 'crashed')
end
return 1
`,
);

export interface Attempts {
  claim(worker: string, leaseMs: number): Promise<Claim | null>;
  renew(claim: Claim, leaseMs: number): Promise<{ cancelRequested: boolean }>;
  progress(claim: Claim, json: string): Promise<boolean>;
  complete(claim: Claim, result: JobResult): Promise<JobRecord>;
  fail(claim: Claim, failure: Failure): Promise<JobRecord>;
  release(claim: Claim): Promise<void>;
  /** Ends an attempt whose worker is gone or has let its lease run out; answers whether it was still that attempt. */
  lose(lost: Lost<HeldJob>): Promise<boolean>;
}

export function attempts(store: RedisStore, backoff?: Backoff): Attempts {
  /** Throws `lease_lost` when the fence has answered nothing. */
  const held = <T>(claim: Claim, answer: unknown): T => {
    if (answer !== null) return answer as T;
    throw leaseLost(claim);
  };
  const ended = (claim: Claim, answer: unknown): JobRecord => changed(store, held<FlatHash>(claim, answer));

  /** The record after a change that added to its timeline. */
  function after(flat: FlatHash, change: number, entry: string): Fields {
    store.knows(change);
    const fields = fieldsOf(flat);
    return { ...fields, timeline: `${fields.timeline},${entry}` };
  }

  function claimed(worker: string, [flat, at, change, entry]: PlainAnswer): Claim {
    const { error: _, progress: __, scheduled_at: ___, ...fields } = after(flat, change, entry);
    const attempt = Number(fields.attempts ?? 0) + 1;
    const job = toRecord({
      ...fields,
      status: 'started',
      attempts: String(attempt),
      worker,
      started_at: at,
    });
    return { job, worker, attempt, token: Number(fields.claims ?? 0) + 1 };
  }

  return {
    async claim(worker, leaseMs) {
      const lease = Math.ceil(leaseMs);
      const plain = await store.run(CLAIM_PLAIN, worker, lease, JSON.stringify(worker));
      if (plain === null) return null;
      if (plain !== NOT_PLAIN) return claimed(worker, plain as PlainAnswer);
      const answer = ((await store.run(CLAIM, worker, lease)) as (number | FlatHash)[] | null) ?? [];
      const claims: Claim[] = [];
      for (let i = 0; i < answer.length; i += 2) {
        const job = changed(store, answer[i + 1] as FlatHash);
        claims.push({ job, worker, attempt: job.attempts, token: answer[i] as number });
      }
      return withMates(claims);
    },
    async renew(claim, leaseMs) {
      const answer = await store.run(RENEW, ...fence(claim), Math.ceil(leaseMs));
      return { cancelRequested: held<[number]>(claim, answer)[0] === 1 };
    },
    progress: async (claim, json) => (await store.run(PROGRESS, ...fence(claim), json)) !== null,
    async complete(claim, result) {
      const json = JSON.stringify(result);
      const message = JSON.stringify(result.message);
      const worker = JSON.stringify(claim.worker);
      const plain = await store.run(COMPLETE_PLAIN, ...fence(claim), json, message, worker);
      if (plain === NOT_PLAIN) {
        return ended(claim, await store.run(COMPLETE, ...fence(claim), json, result.message));
      }
      const [flat, at, change, entry] = held<PlainAnswer>(claim, plain);
      const { progress: _, ...fields } = after(flat, change, entry);
      return toRecord({ ...fields, status: 'finished', ended_at: at, result: json });
    },
    async fail(claim, failure) {
      const how = failure.code === 'canceled' ? 'canceled' : failure.retryable ? 'again' : 'final';
      const wait = backoffMs(claim.attempt, backoff);
      const answer = await store.run(
        FAIL,
        ...fence(claim),
        JSON.stringify(failure),
        how,
        failure.detail,
        wait,
      );
      return ended(claim, answer);
    },
    async release(claim) {
      held(claim, await store.run(RELEASE, ...fence(claim)));
    },
    async lose({ held: { id, worker, beat, attempts }, reason }) {
      const lost =
        reason === 'gone' ? 'The process of its worker is gone.' : 'Its worker let the lease run out.';
      const times = attempts === 1 ? 'the only attempt' : `${attempts} attempts`;
      const failure = new MillError('crashed', `${lost} Given up after ${times}.`, {
        facts: { attempts, worker },
      }).toFailure();
      return (await store.run(LOSE, id, beat, lost, JSON.stringify(failure), failure.detail)) === 1;
    },
  };
}

export { GLANCE };

/** The fence: the same worker, the same attempt, and the same claim where the claim says which it is. */
export function fence({ job, worker, attempt, token }: Claim): (string | number)[] {
  return [job.id, worker, attempt, token ?? ''];
}

export function leaseLost({ job, worker, attempt }: Claim): MillError {
  return new MillError('lease_lost', `Attempt ${attempt} of job ${job.id} no longer belongs to ${worker}.`, {
    facts: { job: job.id, worker, attempt },
  });
}
