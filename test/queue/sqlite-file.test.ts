/** The database file: new, older, newer, foreign, broken, gone, locked. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIGRATIONS, migrate } from '../../src/queue/drivers/sqlite/schema.ts';
import { expectCode, newJob, put, take } from '../contracts/queue/kit.ts';
import { createStore, integrity, type Store } from './sqlite-store.ts';

let store: Store;
beforeEach(async () => {
  store = await createStore();
});
afterEach(() => store.dispose());

function version(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

test('folders are made, and nothing is left beside a closed database', async () => {
  const folder = path.dirname(store.database);
  const queue = await store.open({ database: path.join(folder, 'deep', 'er', 'q.db') });
  await put(queue);
  await queue.close();
  expect(await readdir(path.join(folder, 'deep', 'er'))).toEqual(['q.db']);
});

test('many processes may open a new database at the same time', async () => {
  const queues = await Promise.all(Array.from({ length: 6 }, () => store.open()));
  await Promise.all(queues.map((queue) => put(queue)));
  expect((await queues[0]?.counts())?.queued).toBe(6);
});

test('an older database gets the missing steps and keeps its jobs', async () => {
  const queue = await store.open();
  const { id } = await put(queue);
  await queue.close();
  const db = new DatabaseSync(store.database);
  const next = [...MIGRATIONS, "ALTER TABLE job ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"];
  migrate(db, store.database, next);
  expect(version(db)).toBe(next.length);
  expect(db.prepare('SELECT id, colour FROM job').all()).toEqual([{ id, colour: 'red' }]);
  migrate(db, store.database, next);
  db.close();
});

test('a newer database is refused and left alone', async () => {
  const queue = await store.open();
  await put(queue);
  await queue.close();
  const db = new DatabaseSync(store.database);
  db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  const error = await expectCode(store.open(), 'queue_unavailable');
  expect(error.message).toContain('newer version');
  expect(error.message).toContain(store.database);
  expect(version(db)).toBe(MIGRATIONS.length + 1);
  expect(db.prepare('SELECT count(*) AS n FROM job').get()).toEqual({ n: 1 });
  db.close();
});

test('a database of another program is refused and left alone', async () => {
  const db = new DatabaseSync(store.database);
  db.exec('CREATE TABLE job (mine TEXT)');
  const error = await expectCode(store.open(), 'queue_unavailable');
  expect(error.message).toContain('another program');
  expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'job' }]);
  db.close();
});

test('a file that is no database is refused', async () => {
  await writeFile(store.database, 'This is a shopping list, and quite a long one at that.\n'.repeat(20));
  await expectCode(store.open(), 'queue_unavailable');
});

test('check notices that the file is gone or was replaced', async () => {
  const queue = await store.open();
  await queue.check();
  await rm(store.database);
  await expectCode(queue.check(), 'queue_unavailable');
  await writeFile(store.database, '');
  await expectCode(queue.check(), 'queue_unavailable');
});

test('a lock held by another process is waited for, and the event loop runs meanwhile', async () => {
  const queue = await store.open();
  const other = new DatabaseSync(store.database);
  other.exec('BEGIN IMMEDIATE');
  const stored = put(queue);
  let answered = false;
  void stored.then(() => {
    answered = true;
  });
  let turns = 0;
  const start = performance.now();
  while (performance.now() - start < 400) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    turns += 1;
  }
  expect(answered).toBe(false);
  // Every wait inside SQLite is 25 ms at most; about half of the time is ours.
  expect(turns).toBeGreaterThan(20);
  other.exec('COMMIT');
  other.close();
  expect((await stored).status).toBe('queued');
});

test('a renewal that was only waiting for the lock keeps the lease', async () => {
  const queue = await store.open();
  const { id } = await put(queue);
  const claim = await take(queue, 'worker-1', 600);
  const other = new DatabaseSync(store.database);
  other.exec('BEGIN IMMEDIATE');
  const renewed = queue.renew(claim, 600);
  // Long enough for this process to judge the lease as lapsed, and to wait for the lock with that verdict.
  await sleep(1600);
  other.exec('COMMIT');
  other.close();
  expect(await renewed).toEqual({ cancelRequested: false });
  await sleep(100);
  const job = await queue.get(id);
  expect(job?.status).toBe('started');
  expect(job?.timeline.map((entry) => entry.event)).toEqual(['enqueued', 'claimed']);
});

test('writes of one turn of the event loop share a transaction, and fail alone', async () => {
  const queue = await store.open();
  const reader = new DatabaseSync(store.database);
  const commits = () =>
    (reader.prepare('PRAGMA data_version').get() as { data_version: number }).data_version;
  await put(queue);
  commits();
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 50 }, () => put(queue)),
    queue.cancel('no-such-job'),
    queue.enqueue([newJob(), newJob({ depends_on: ['no-such-job'] })]),
    put(queue),
  ]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual([
    ...Array.from({ length: 50 }, () => 'fulfilled'),
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect((await queue.counts()).queued).toBe(52);
  reader.close();
});

test('what was acknowledged is in the files, not in the memory of the process', async () => {
  const queue = await store.open();
  const jobs = await queue.enqueue(Array.from({ length: 50 }, () => newJob()));
  const { copyFile } = await import('node:fs/promises');
  const copy = `${store.database}.copy`;
  // As after a power failure: the files alone, without the shared memory beside them.
  await copyFile(store.database, copy);
  await copyFile(`${store.database}-wal`, `${copy}-wal`);
  expect(await integrity(copy)).toBe('ok');
  const restored = await store.open({ database: copy });
  expect((await restored.counts()).queued).toBe(50);
  expect((await take(restored)).job.id).toBe(jobs[0]?.id);
});
