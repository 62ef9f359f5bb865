/** What is in the database after many jobs, with retention on: as much as after the same number again. */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepRetention, policyOf } from '../../src/queue/retention.ts';
import { eventually, newJob } from '../contracts/queue/kit.ts';
import { forgetAll, JOBS, runMany } from './growth.ts';
import { createStore, type Store } from './sqlite-store.ts';

const KEPT = 100;

describe('retention', () => {
  let store: Store;
  beforeEach(async () => {
    store = await createStore();
  });
  afterEach(() => store.dispose());

  function census(): Record<string, number> {
    const db = new DatabaseSync(store.database, { timeout: 5000 });
    try {
      const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as {
        name: string;
      }[];
      return Object.fromEntries(
        tables.map(({ name }) => [
          name,
          (db.prepare(`SELECT count(*) AS n FROM ${name}`).get() as { n: number }).n,
        ]),
      );
    } finally {
      db.close();
    }
  }

  test('nothing grows without bound', { timeout: 60_000 + JOBS * 120 }, async () => {
    const queue = await store.open();
    await runMany(queue, JOBS, 'a');
    await forgetAll(queue, KEPT);
    const first = census();
    const sizes = [statSync(store.database).size];
    for (const round of ['b', 'c']) {
      await runMany(queue, JOBS, round);
      await forgetAll(queue, KEPT);
      sizes.push(statSync(store.database).size);
    }
    const last = census();
    expect(last).toMatchObject({ job: KEPT, worker: 0 });
    // Jobs that failed keep how far they came: every tenth.
    expect(last.progress).toBeLessThanOrEqual(0.2 * KEPT);
    expect(last.log).toBeLessThanOrEqual(2 * KEPT);
    expect(last.param_path).toBeLessThanOrEqual(KEPT);
    expect(last.dependency).toBeLessThanOrEqual(KEPT);
    for (const [table, rows] of Object.entries(last)) {
      if (table === 'removed') expect(rows).toBeLessThanOrEqual(100_000);
      else expect(rows, table).toBeLessThanOrEqual(Math.max(2 * KEPT, 1.2 * (first[table] ?? 0)));
    }
    // Removals that watchers may still ask for are the only thing that grew.
    const removals = ((last.removed ?? 0) - (first.removed ?? 0)) * 100;
    expect(sizes.at(-1)).toBeLessThan(1.5 * (sizes[0] ?? 0) + removals + 256 * 1024);
    process.stdout.write(`SQLite after rounds of ${JOBS} jobs, ${KEPT} kept: ${sizes.join(', ')} bytes\n`);
  });

  test('a large file gives space back', { timeout: 60_000 }, async () => {
    const queue = await store.open();
    const long = { text: 'x'.repeat(50_000) };
    for (let i = 0; i < 6; i += 1) {
      const jobs = await queue.enqueue(Array.from({ length: 100 }, () => newJob({ params: long })));
      await Promise.all(jobs.map(({ id }) => queue.cancel(id)));
    }
    await queue.close();
    const large = statSync(store.database).size;
    const again = await store.open();
    for (let i = 0; i < 6; i += 1) await again.forget({ max_age_ms: null, max_jobs: 0 });
    const jobs = await again.enqueue(Array.from({ length: 40 }, () => newJob()));
    for (const { id } of jobs) {
      await again.cancel(id);
      await again.forget({ max_age_ms: null, max_jobs: 0 });
    }
    await again.close();
    expect(large).toBeGreaterThan(25e6);
    expect(statSync(store.database).size).toBeLessThan(0.6 * large);
  });

  test('goes on by itself, within the settings', { timeout: 30_000 }, async () => {
    const queue = await store.open();
    let forgotten = 0;
    const policy = policyOf({ retention_days: 0, retention_jobs: 5 });
    expect(policy).toEqual({ max_age_ms: null, max_jobs: 5 });
    expect(policyOf({ retention_days: 30, retention_jobs: 0 })).toEqual({
      max_age_ms: 30 * 24 * 3600 * 1000,
      max_jobs: null,
    });
    const keeper = keepRetention(queue, policy, {
      everyMs: 50,
      firstMs: 10,
      forgot: (jobs) => {
        forgotten += jobs;
      },
    });
    for (let i = 0; i < 3; i += 1) {
      const jobs = await queue.enqueue(Array.from({ length: 20 }, () => newJob()));
      for (const { id } of jobs) await queue.cancel(id);
    }
    await eventually(async () => (await queue.counts()).canceled === 5, 10_000, 'the sweep');
    await sleep(100);
    expect(forgotten).toBe(55);
    await keeper.stop();
    const off = keepRetention(queue, policyOf({ retention_days: 0, retention_jobs: 0 }), { firstMs: 1 });
    await off.stop();
  });
});
