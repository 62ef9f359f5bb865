/**
 * Group commit: writes that are asked for in the same turn of the event loop share one transaction, and so
 * one wait for the disk. Each keeps its own outcome: one that throws is rolled back alone.
 */
import type { DatabaseSync } from 'node:sqlite';
import { MillError } from '../../../core/errors.ts';
import { databaseError, whenFree } from './connection.ts';

/**
 * `synced`: on the disk when it resolves, safe from a power failure.
 * `unsynced`: safe from the death of any process, but a power failure may take it: for renewals, progress and
 * logs, which would otherwise cost a wait for the disk each. A later synced write makes it safe as well.
 */
export type Durability = 'synced' | 'unsynced';

export interface Transaction {
  /** Wall clock, milliseconds; the same for all writes of the transaction. */
  readonly now: number;
  /** Number for one change that watchers shall see; rises by one, in the order of commits. */
  nextChange(): number;
}

export interface Writer {
  /**
   * Runs `work` in a transaction. It must be synchronous, change nothing but the database, and fetch what it
   * decides on itself: nothing read before is certain any more.
   */
  write<T>(durability: Durability, work: (tx: Transaction) => T): Promise<T>;
  /** Refuses further writes; resolves when those already asked for are done. */
  close(): Promise<void>;
}

/** Bounds how long one group keeps other processes and the event loop waiting. */
const MAX_GROUP = 256;

interface Pending {
  durability: Durability;
  work: (tx: Transaction) => unknown;
  resolve: (value: never) => void;
  reject: (error: MillError) => void;
}

type Outcome = { value: unknown } | { error: MillError };

export interface GroupCommitOptions {
  /** Wall clock, milliseconds. */
  now: () => number;
  /** Called first in every transaction. */
  begin: () => void;
  /** Called after every commit with changes, before the writes resolve; it must not throw. */
  committed: () => void;
}

export function groupCommit(db: DatabaseSync, { now, begin, committed }: GroupCommitOptions): Writer {
  let pending: Pending[] = [];
  let flushing: Promise<void> | null = null;
  let closed = false;

  const readChange = db.prepare("SELECT value FROM state WHERE key = 'change'");
  const writeChange = db.prepare("UPDATE state SET value = ? WHERE key = 'change'");

  async function flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const group = pending.slice(0, MAX_GROUP);
      pending = pending.slice(MAX_GROUP);
      await commit(group);
    }
    flushing = null;
  }

  async function commit(group: Pending[]): Promise<void> {
    let outcomes: Outcome[];
    try {
      const synced = group.some((item) => item.durability === 'synced');
      await whenFree(() => {
        db.exec(synced ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL');
        db.exec('BEGIN IMMEDIATE');
      });
      const done = runAll(group);
      outcomes = done.outcomes;
      if (done.changed) committed();
    } catch (error) {
      const failure = databaseError(error);
      for (const item of group) item.reject(failure);
      return;
    }
    for (const [index, item] of group.entries()) {
      const outcome = outcomes[index] as Outcome;
      if ('error' in outcome) item.reject(outcome.error);
      else item.resolve(outcome.value as never);
    }
  }

  function runAll(group: Pending[]): { outcomes: Outcome[]; changed: boolean } {
    try {
      begin();
      const before = (readChange.get() as { value: number }).value;
      let change = before;
      const tx: Transaction = {
        now: now(),
        nextChange: () => {
          change += 1;
          return change;
        },
      };
      const outcomes = group.map((item) => runOne(item, tx));
      if (change !== before) writeChange.run(change);
      db.exec('COMMIT');
      return { outcomes, changed: change !== before };
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  function runOne({ work }: Pending, tx: Transaction): Outcome {
    db.exec('SAVEPOINT work');
    try {
      const value = work(tx);
      db.exec('RELEASE work');
      return { value };
    } catch (error) {
      if (!db.isTransaction) throw error;
      db.exec('ROLLBACK TO work; RELEASE work');
      return { error: databaseError(error) };
    }
  }

  return {
    write<T>(durability: Durability, work: (tx: Transaction) => T): Promise<T> {
      if (closed) return Promise.reject(new MillError('queue_unavailable', 'The queue has been closed.'));
      return new Promise<T>((resolve, reject) => {
        pending.push({ durability, work, resolve: resolve as (value: never) => void, reject });
        flushing ??= flush();
      });
    },
    async close(): Promise<void> {
      closed = true;
      await flushing;
    },
  };
}
