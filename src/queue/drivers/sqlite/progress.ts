/**
 * Progress of the jobs that run in this process: watchers here see every report at once, the database, and so
 * other processes, one a second for each job.
 */
import type { Progress } from '../../../core/plan.ts';
import type { Claim } from '../../port.ts';
import { whenFree } from './connection.ts';
import type { JobTable } from './jobs.ts';
import type { Transaction, Writer } from './transactions.ts';

const STORE_EVERY_MS = 1000;

interface Entry {
  claim: Claim;
  latest: Progress;
  storedAt: number;
  dirty: boolean;
}

export interface LiveProgress {
  /** Answers false when the claim is not current. */
  report(claim: Claim, progress: Progress): Promise<boolean>;
  /** Newer than what is stored; undefined for jobs that do not run here. */
  of(id: string): Progress | undefined;
  /** Stores what is due. Called now and then. */
  flush(): void;
  /** Stores what is left of a claim that is about to end. */
  settle(tx: Transaction, claim: Claim): void;
  /** The claim has ended. */
  forget(claim: Claim): void;
}

/** `emit` tells the watchers of this process. */
export function liveProgress(
  jobs: JobTable,
  writer: Writer,
  emit: (id: string, progress: Progress) => void,
): LiveProgress {
  const running = new Map<string, Entry>();

  function forget(claim: Claim): void {
    const entry = running.get(claim.job.id);
    if (entry && sameClaim(entry.claim, claim)) running.delete(claim.job.id);
  }

  async function store(entry: Entry): Promise<void> {
    entry.storedAt = performance.now();
    entry.dirty = false;
    const json = JSON.stringify(entry.latest);
    await writer.write('unsynced', (tx) => {
      if (jobs.isCurrent(entry.claim)) jobs.saveProgress(tx, jobs.held(entry.claim).seq, json);
    });
  }

  return {
    async report(claim, progress) {
      if (!(await whenFree(() => jobs.isCurrent(claim)))) {
        forget(claim);
        return false;
      }
      let entry = running.get(claim.job.id);
      if (!entry || !sameClaim(entry.claim, claim)) {
        entry = { claim, latest: progress, storedAt: Number.NEGATIVE_INFINITY, dirty: true };
        running.set(claim.job.id, entry);
      }
      entry.latest = progress;
      entry.dirty = true;
      emit(claim.job.id, progress);
      if (performance.now() - entry.storedAt >= STORE_EVERY_MS) await store(entry);
      return true;
    },
    of: (id) => running.get(id)?.latest,
    flush() {
      const due = performance.now() - STORE_EVERY_MS;
      for (const entry of running.values()) {
        if (!jobs.isCurrent(entry.claim)) forget(entry.claim);
        // A report that cannot be stored is followed by another one.
        else if (entry.dirty && entry.storedAt <= due) store(entry).catch(() => {});
      }
    },
    settle(tx, claim) {
      const entry = running.get(claim.job.id);
      if (!entry?.dirty || !sameClaim(entry.claim, claim) || !jobs.isCurrent(claim)) return;
      jobs.saveProgress(tx, jobs.held(claim).seq, JSON.stringify(entry.latest));
    },
    forget,
  };
}

function sameClaim(a: Claim, b: Claim): boolean {
  return a.worker === b.worker && a.attempt === b.attempt && a.token === b.token;
}
