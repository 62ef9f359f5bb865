/** The pause of the whole queue: kept in the database, so that it holds for every process and after a restart. */
import type { DatabaseSync } from 'node:sqlite';
import type { PauseState } from '../../port.ts';
import { iso } from './rows.ts';
import type { Transaction } from './transactions.ts';

export interface Pause {
  /** While paused another reason replaces the first; the time stays. */
  pause(tx: Transaction, reason?: string): PauseState;
  resume(tx: Transaction): PauseState;
  state(): PauseState;
  isPaused(): boolean;
}

const RUNNING: PauseState = { paused: false, reason: null, since: null };

export function pause(db: DatabaseSync): Pause {
  const select = db.prepare("SELECT value FROM state WHERE key = 'pause'");
  const store = db.prepare('INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)');
  const remove = db.prepare("DELETE FROM state WHERE key = 'pause'");

  const state = (): PauseState => {
    const row = select.get() as { value: string } | undefined;
    return row ? (JSON.parse(row.value) as PauseState) : RUNNING;
  };

  return {
    state,
    isPaused: () => select.get() !== undefined,
    pause(tx, reason) {
      const before = state();
      if (before.paused && (reason === undefined || reason === before.reason)) return before;
      const after = { paused: true, reason: reason ?? null, since: before.since ?? iso(tx.now) };
      store.run('pause', JSON.stringify(after));
      store.run('pause_change', tx.nextChange());
      return after;
    },
    resume(tx) {
      if (!state().paused) return RUNNING;
      remove.run();
      store.run('pause_change', tx.nextChange());
      return RUNNING;
    },
  };
}
