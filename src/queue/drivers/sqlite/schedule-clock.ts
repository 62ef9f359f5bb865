/**
 * Keeps delays as long as they were asked for when the wall clock is set. Due times are kept in wall-clock time,
 * the only one that outlives a reboot; beside them lies the distance of the wall clock from the time since boot.
 * When that distance jumps, the clock was set, and all due times move with it. Every process of one boot sees
 * the same distance, so the first that notices moves them and the others find it done.
 */

import os from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { bootId, placeName } from '../../this-host.ts';

/** Smaller differences are the slow corrections of a time service, and rounding. */
const STEP_MS = 2000;

interface Distance {
  /** Boot and namespace in which the time since boot was read. */
  identity: string;
  ms: number;
}

export interface ScheduleClock {
  /** Makes this boot the one the distance belongs to; moves due times if the clock was set while nobody looked. */
  adopt(): void;
  /** Has the wall clock been set since the distance was stored? */
  wasSet(): boolean;
  /** Moves the due times when the clock was set. Every transaction begins with it, so that all due times agree. */
  settle(): void;
}

/** `now`: wall clock in milliseconds. Does nothing where the system does not tell its boot. */
export function scheduleClock(db: DatabaseSync, now: () => number): ScheduleClock {
  const boot = bootId();
  const place = placeName();
  const identity = boot === null || place === null ? null : `${boot} ${place}`;

  const select = db.prepare("SELECT value FROM state WHERE key = 'clock'");
  const store = db.prepare("INSERT OR REPLACE INTO state (key, value) VALUES ('clock', ?)");
  const move = db.prepare(
    `UPDATE job SET scheduled_at = scheduled_at + ?
     WHERE scheduled_at IS NOT NULL AND status IN ('scheduled', 'deferred')`,
  );

  const distance = (): number => Math.round(now() - os.uptime() * 1000);

  function stored(): Distance | null {
    const row = select.get() as { value: string } | undefined;
    return row ? (JSON.parse(row.value) as Distance) : null;
  }

  /** Milliseconds the clock was set by; 0 when it was not, or when it is not ours to judge. */
  function step(): number {
    const before = stored();
    if (before === null || before.identity !== identity) return 0;
    const by = distance() - before.ms;
    return Math.abs(by) < STEP_MS ? 0 : by;
  }

  function settle(): void {
    const by = step();
    if (by === 0) return;
    move.run(by);
    store.run(JSON.stringify({ identity, ms: distance() }));
  }

  return {
    adopt() {
      if (identity === null) return;
      if (stored()?.identity === identity) settle();
      else store.run(JSON.stringify({ identity, ms: distance() }));
    },
    wasSet: () => step() !== 0,
    settle,
  };
}
