/** Ends of jobs that a webhook shall tell of; a trigger of the table `job` writes them (schema.ts). */
import type { DatabaseSync } from 'node:sqlite';
import type { EndedJob, OutboxEntry } from '../../port.ts';
import { iso } from './rows.ts';

export interface Outbox {
  /** The oldest. */
  first(limit: number): OutboxEntry[];
  clear(entries: readonly string[]): void;
}

type Stored = Omit<EndedJob, 'created_at' | 'started_at' | 'ended_at'> & {
  created_at: number;
  started_at: number | null;
  ended_at: number;
};

export function outbox(db: DatabaseSync): Outbox {
  const select = db.prepare('SELECT id, job FROM outbox ORDER BY id LIMIT ?');
  const remove = db.prepare('DELETE FROM outbox WHERE id = ?');
  return {
    first: (limit) =>
      (select.all(limit) as { id: number; job: string }[]).map(({ id, job }) => ({
        id: String(id),
        job: toEnded(JSON.parse(job) as Stored),
      })),
    clear(entries) {
      for (const entry of entries) remove.run(Number(entry));
    },
  };
}

function toEnded({ created_at, started_at, ended_at, ...job }: Stored): EndedJob {
  return {
    ...job,
    created_at: iso(created_at),
    started_at: started_at === null ? null : iso(started_at),
    ended_at: iso(ended_at),
  };
}
