/** What a worker finds out about a job while it runs: its plan, the size of its inputs, and how the run goes. */
import type { DatabaseSync } from 'node:sqlite';
import type { Claim, RunNotes, RunSample } from '../../port.ts';
import type { JobTable } from './jobs.ts';
import type { Transaction } from './transactions.ts';

export interface Notes {
  /** Answers false when the claim is not current. */
  keep(tx: Transaction, claim: Claim, notes: RunNotes): boolean;
  /** Throws `job_not_found`. */
  series(id: string): RunSample[];
}

export function notes(db: DatabaseSync, jobs: JobTable): Notes {
  const update = db.prepare(
    'UPDATE job SET plan = coalesce(?, plan), input_size_bytes = coalesce(?, input_size_bytes) WHERE seq = ?',
  );
  const upsert = db.prepare(
    'INSERT INTO series (job, value) VALUES (?, ?) ON CONFLICT (job) DO UPDATE SET value = excluded.value',
  );
  const select = db.prepare('SELECT value FROM series WHERE job = ?');

  return {
    keep(tx, claim, { plan, input_size_bytes, series }) {
      if (!jobs.isCurrent(claim)) return false;
      const row = jobs.held(claim);
      if (series) upsert.run(row.seq, JSON.stringify(series));
      if (plan || input_size_bytes !== undefined) {
        update.run(plan ? JSON.stringify(plan) : null, input_size_bytes ?? null, row.seq);
        jobs.save(tx, row);
      }
      return true;
    },
    series(id) {
      const found = select.get(jobs.require(id).seq) as { value: string } | undefined;
      return found ? (JSON.parse(found.value) as RunSample[]) : [];
    },
  };
}
