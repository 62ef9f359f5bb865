/** The workers that have announced themselves, and all that is held: what observers of leases look at. */

import { MillError } from '../../../core/errors.ts';
import type { Held } from '../../leases.ts';
import type { WorkerInfo, WorkerWish } from '../../port.ts';
import type { HeldJob } from './attempts.ts';
import type { RedisClock } from './clock.ts';
import { DUE_AT_ONCE, moving, reading, recording } from './lua.ts';
import type { RedisStore } from './redis.ts';

export interface HeldWorker extends Held {
  info: WorkerInfo;
}

/** ARGV: id, lease and info as JSON. Answers the wish, if there is one. */
const ANNOUNCE = recording(
  'announce',
  `C('HINCRBY', P .. 'worker-beats', ARGV[3], 1)
if C('HGET', P .. 'workers', ARGV[3]) ~= ARGV[4] then
  C('HSET', P .. 'workers', ARGV[3], ARGV[4])
  publish('w', 0, {id = '', workers = ''})
end
return C('HGET', P .. 'worker-wishes', ARGV[3])`,
);

/** ARGV: id, state, reason or ''. Answers the wish. */
const WISH = recording(
  'wish',
  `if C('HEXISTS', P .. 'workers', ARGV[3]) == 0 then return false end
local wish = {state = ARGV[4], number = C('INCR', P .. 'change')}
if ARGV[5] ~= '' then wish.reason = ARGV[5] end
wish = cjson.encode(wish)
C('HSET', P .. 'worker-wishes', ARGV[3], wish)
publish('w', 0, {id = '', workers = ARGV[3]})
return wish`,
);

/** ARGV: id, beat it must still have, or ''. */
const WITHDRAW = recording(
  'withdraw',
  `if ARGV[4] ~= '' and C('HGET', P .. 'worker-beats', ARGV[3]) ~= ARGV[4] then return 0 end
C('HDEL', P .. 'workers', ARGV[3])
C('HDEL', P .. 'worker-beats', ARGV[3])
C('HDEL', P .. 'worker-wishes', ARGV[3])
publish('w', 0, {id = '', workers = ''})
return 1`,
);

const HELD = `
local function heldWorkers()
  local workers = {}
  local all = C('HGETALL', P .. 'workers')
  for i = 1, #all, 2 do
    workers[#workers + 1] = {all[i], all[i + 1], C('HGET', P .. 'worker-beats', all[i])}
  end
  return workers
end
`;

const WORKERS = reading('workers', `${HELD} return heldWorkers()`);

/** Queued jobs that one round looks at, and puts back into BullMQ, when some are missing there. */
const COMPARED_AT_ONCE = 5000;
const PUT_BACK_AT_ONCE = 500;

/**
 * Lets due jobs enter, puts jobs back that somebody took out of BullMQ (drained, obliterated), and answers how many
 * moved, what is held by whom, the time, and the epoch of the clock.
 */
const LOOK = moving(
  'look',
  `${HELD}
local moved = 0
for _ = 1, 10 do
  local admitted = admitDue()
  moved = moved + admitted
  if admitted < ${DUE_AT_ONCE} then break end
end
local missing = math.min(C('ZCARD', P .. 's:queued') - C('ZCARD', B .. 'prioritized'), ${PUT_BACK_AT_ONCE})
if missing > 0 then
  for _, id in ipairs(C('ZRANGE', P .. 's:queued', 0, ${COMPARED_AT_ONCE - 1})) do
    if missing > 0 and not C('ZSCORE', B .. 'prioritized', id) then
      bullWait(job(id))
      missing = missing - 1
      moved = moved + 1
    end
  end
end
local jobs = {}
for _, id in ipairs(C('ZRANGE', P .. 's:started', 0, -1)) do
  local held = C('HMGET', P .. 'job:' .. id, 'worker', 'beat', 'lease_ms', 'attempts', 'max_attempts')
  held[6] = id
  jobs[#jobs + 1] = held
end
return {moved, jobs, heldWorkers(), now, C('GET', P .. 'clock-epoch') or '0'}
`,
);

type WorkerAnswer = [id: string, json: string, beat: string];

export interface Look {
  /** Jobs that became claimable. */
  moved: number;
  jobs: HeldJob[];
  workers: HeldWorker[];
}

export async function look(store: RedisStore, clock: RedisClock): Promise<Look> {
  const after = clock.uptime();
  const [moved, jobs, workers, now, epoch] = (await store.run(LOOK)) as [
    number,
    string[][],
    WorkerAnswer[],
    number,
    string,
  ];
  await clock.learn({ after, before: clock.uptime(), now, epoch });
  return {
    moved,
    jobs: jobs.map(([worker, beat, lease, attempts, max, id]) => ({
      id: id as string,
      worker: worker as string,
      beat: Number(beat),
      lease_ms: Number(lease),
      attempts: Number(attempts),
      max_attempts: Number(max),
    })),
    workers: workers.map(toHeld),
  };
}

export async function announce(
  store: RedisStore,
  info: WorkerInfo,
  leaseMs: number,
): Promise<WorkerWish | null> {
  const wish = await store.run(ANNOUNCE, info.id, JSON.stringify({ lease_ms: leaseMs, info }));
  return wish === null ? null : (JSON.parse(wish as string) as WorkerWish);
}

/** Throws `worker_not_found`. */
export async function wish(
  store: RedisStore,
  id: string,
  { state, reason = '' }: Pick<WorkerWish, 'state' | 'reason'>,
): Promise<WorkerWish> {
  const stored = await store.run(WISH, id, state, reason);
  if (stored === null) throw new MillError('worker_not_found', `There is no worker ${id}.`);
  return JSON.parse(stored as string) as WorkerWish;
}

/** With `beat`: only if it has not announced itself since. */
export async function withdraw(store: RedisStore, id: string, beat?: number): Promise<void> {
  await store.run(WITHDRAW, id, beat ?? '');
}

/** In the order of their names. */
export async function announced(store: RedisStore): Promise<WorkerInfo[]> {
  const workers = ((await store.run(WORKERS)) as WorkerAnswer[]).map(toHeld);
  return workers.map(({ info }) => info).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function toHeld([worker, json, beat]: WorkerAnswer): HeldWorker {
  const { lease_ms, info } = JSON.parse(json) as { lease_ms: number; info: WorkerInfo };
  return { worker, beat: Number(beat), lease_ms, info };
}
