/** The workers that have announced themselves, and what is wanted of them. */
import type { DatabaseSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';
import type { Held } from '../../leases.ts';
import type { WorkerInfo, WorkerWish } from '../../port.ts';
import type { Transaction } from './transactions.ts';

export interface HeldWorker extends Held {
  info: WorkerInfo;
}

export interface Workers {
  announce(tx: Transaction, info: WorkerInfo, leaseMs: number): WorkerWish | null;
  /** With `beat`: only if it has not announced itself since. */
  withdraw(tx: Transaction, id: string, beat?: number): void;
  /** Throws `worker_not_found`. */
  wish(tx: Transaction, id: string, wish: Pick<WorkerWish, 'state' | 'reason'>): WorkerWish;
  all(): HeldWorker[];
}

export function workerTable(db: DatabaseSync): Workers {
  const selectOne = db.prepare('SELECT info, wish FROM worker WHERE id = ?');
  const upsert = db.prepare(
    `INSERT INTO worker (id, lease_ms, beat, info) VALUES (?, ?, 1, ?)
     ON CONFLICT (id) DO UPDATE SET lease_ms = excluded.lease_ms, beat = beat + 1, info = excluded.info`,
  );
  const remove = db.prepare('DELETE FROM worker WHERE id = ? AND beat = coalesce(?, beat)');
  const saveWish = db.prepare('UPDATE worker SET wish = ? WHERE id = ?');
  const select = db.prepare('SELECT id, lease_ms, beat, info FROM worker ORDER BY id');
  const saveChange = db.prepare("INSERT OR REPLACE INTO state (key, value) VALUES ('workers', ?)");

  return {
    announce(tx, info, leaseMs) {
      const json = JSON.stringify(info);
      const before = selectOne.get(info.id) as { info: string; wish: string | null } | undefined;
      upsert.run(info.id, leaseMs, json);
      if (before?.info !== json) saveChange.run(tx.nextChange());
      return before?.wish ? (JSON.parse(before.wish) as WorkerWish) : null;
    },
    withdraw(tx, id, beat) {
      if (remove.run(id, beat ?? null).changes > 0) saveChange.run(tx.nextChange());
    },
    wish(tx, id, { state, reason }) {
      if (selectOne.get(id) === undefined)
        throw new MillError('worker_not_found', `There is no worker ${id}.`);
      const wish: WorkerWish = { state, number: tx.nextChange(), ...(reason !== undefined && { reason }) };
      saveWish.run(JSON.stringify(wish), id);
      return wish;
    },
    all: () =>
      (select.all() as unknown as { id: string; lease_ms: number; beat: number; info: string }[]).map(
        ({ id, lease_ms, beat, info }) => ({
          worker: id,
          lease_ms,
          beat,
          info: JSON.parse(info) as WorkerInfo,
        }),
      ),
  };
}
