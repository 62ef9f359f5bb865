/**
 * Keeps delays as long as they were asked for when the clock of the Redis host is set. The clocks of the workers do
 * not matter: every time in the queue is that of Redis. Each process compares how far that clock has come between two
 * looks with its own time since boot. Where the two cannot be brought together, the clock was set, and the due times
 * move with it; the epoch sees to it that only the first who notices moves them.
 *
 * A clock that is set forward may let jobs enter whose time comes within the step, in the moment before it is noticed.
 */
import os from 'node:os';
import { recording } from './lua.ts';
import type { RedisStore } from './redis.ts';

/** Smaller differences are the slow corrections of a time service, and rounding. */
const STEP_MS = 2000;

/** ARGV: by how much, and the epoch in which it was noticed. */
const MOVE = recording(
  'moveDue',
  `if (C('GET', P .. 'clock-epoch') or '0') ~= ARGV[4] then return 0 end
C('INCR', P .. 'clock-epoch')
for _, status in ipairs({'scheduled', 'deferred'}) do
  for _, id in ipairs(C('ZRANGE', P .. 's:' .. status, 0, -1)) do
    local at = C('HGET', P .. 'job:' .. id, 'scheduled_at')
    if at then
      C('HSET', P .. 'job:' .. id, 'scheduled_at', string.format('%.0f', tonumber(at) + tonumber(ARGV[3])))
      if status == 'scheduled' then C('ZINCRBY', P .. 'due', ARGV[3], id) end
    end
  end
end
return 1`,
);

/** The time of Redis, read at some moment between two times since boot of this machine; milliseconds. */
export interface ClockReading {
  after: number;
  before: number;
  now: number;
  /** How often the clock was seen to be set. */
  epoch: string;
}

export interface RedisClock {
  /** Milliseconds since this machine started, its sleep included. */
  uptime(): number;
  /** Moves the due times when the clock was set since the last reading. */
  learn(reading: ClockReading): Promise<void>;
}

/** `uptime` in milliseconds, for tests. */
export function redisClock(store: RedisStore, uptime: () => number = () => os.uptime() * 1000): RedisClock {
  let last: ClockReading | null = null;
  return {
    uptime,
    async learn(reading) {
      const by = last?.epoch === reading.epoch ? setBy(last, reading) : 0;
      last = reading;
      if (by !== 0) await store.run(MOVE, Math.round(by), reading.epoch);
    },
  };
}

/** By how much the clock was set between two readings; 0 when the time they took may explain the difference. */
export function setBy(from: ClockReading, to: ClockReading): number {
  const passed = to.now - from.now;
  const least = passed - (to.before - from.after);
  const most = passed - (to.after - from.before);
  return least > STEP_MS || most < -STEP_MS ? (least + most) / 2 : 0;
}
