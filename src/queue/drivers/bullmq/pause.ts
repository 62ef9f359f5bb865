/**
 * The pause of the whole queue. That it is paused says BullMQ's own mark, so that its dashboards can do it and see it
 * too; why and since when lies beside it.
 */
import type { PauseState } from '../../port.ts';
import { moving, reading } from './lua.ts';
import { type FlatHash, fieldsOf, iso } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Answers whether it is paused, and what is known of it. */
const STATE = `
local function pauseState()
  local paused = C('HEXISTS', B .. 'meta', 'paused')
  return {paused, paused == 1 and C('HGETALL', P .. 'pause') or {}}
end
`;

const READ = reading('pauseState', `${STATE} return pauseState()`);

/** ARGV[3]: '1' to pause, '0' to go on; [4]: reason, or ''. */
const SET = moving(
  'pause',
  `${STATE}
local before = C('HEXISTS', B .. 'meta', 'paused') == 1
local pause = ARGV[3] == '1'
if pause then
  if before and (ARGV[4] == '' or C('HGET', P .. 'pause', 'reason') == ARGV[4]) then return pauseState() end
  C('HSET', B .. 'meta', 'paused', 1)
  C('HSETNX', P .. 'pause', 'since', now)
  if ARGV[4] ~= '' then C('HSET', P .. 'pause', 'reason', ARGV[4]) end
else
  C('HDEL', P .. 'pause', 'reason', 'since')
  if not before then return pauseState() end
  C('HDEL', B .. 'meta', 'paused')
end
local n = C('INCR', P .. 'change')
C('HSET', P .. 'pause', 'change', n)
-- A queue that goes on may have work for those who wait.
publish(pause and 's' or 'q', n, {id = '', pause = pauseState()})
return pauseState()
`,
);

type Answer = [number, FlatHash];

export interface Pause {
  pause(reason?: string): Promise<PauseState>;
  resume(): Promise<PauseState>;
  state(): Promise<PauseState>;
}

export function pause(store: RedisStore): Pause {
  return {
    pause: async (reason) => toState((await store.run(SET, '1', reason ?? '')) as Answer),
    resume: async () => toState((await store.run(SET, '0', '')) as Answer),
    state: async () => toState((await store.run(READ)) as Answer),
  };
}

export function toState([paused, flat]: Answer): PauseState {
  const { reason, since } = fieldsOf(flat.map(String));
  return {
    paused: paused === 1,
    reason: reason ?? null,
    since: since === undefined ? null : iso(Number(since)),
  };
}
