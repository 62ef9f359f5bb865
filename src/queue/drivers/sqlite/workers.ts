/** The workers that have announced themselves. */
import type { DatabaseSync } from 'node:sqlite';
import type { Held } from '../../leases.ts';
import type { WorkerInfo } from '../../port.ts';

export interface HeldWorker extends Held {
  info: WorkerInfo;
}

export interface Workers {
  announce(info: WorkerInfo, leaseMs: number): void;
  /** With `beat`: only if it has not announced itself since. */
  withdraw(id: string, beat?: number): void;
  all(): HeldWorker[];
}

export function workerTable(db: DatabaseSync): Workers {
  const upsert = db.prepare(
    `INSERT INTO worker (id, lease_ms, beat, info) VALUES (?, ?, 1, ?)
     ON CONFLICT (id) DO UPDATE SET lease_ms = excluded.lease_ms, beat = beat + 1, info = excluded.info`,
  );
  const remove = db.prepare('DELETE FROM worker WHERE id = ? AND beat = coalesce(?, beat)');
  const select = db.prepare('SELECT id, lease_ms, beat, info FROM worker ORDER BY id');

  return {
    announce: (info, leaseMs) => void upsert.run(info.id, leaseMs, JSON.stringify(info)),
    withdraw: (id, beat) => void remove.run(id, beat ?? null),
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
