/** Databases of every earlier format become the present one, with their jobs; that of a later one is left alone. */
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS, migrate } from '../../src/queue/drivers/sqlite/schema.ts';
import { newJob, take } from '../contracts/queue/kit.ts';
import { resultOf } from '../server/fixtures/server.ts';
import { createStore, integrity, type Store } from './sqlite-store.ts';

let store: Store;
beforeEach(async () => {
  store = await createStore();
});
afterEach(() => store.dispose());

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const iso = new Date(AT).toISOString();

/** Jobs as the first released program wrote them: every column it had, and none that came later. */
const FIRST_JOBS = `
  INSERT INTO job (id, status, task, change, place, priority, attempts, max_attempts, claims, worker, created_at,
    enqueued_at, started_at, ended_at, timeout_seconds, input_path, output_path, idempotency_key, chain_depth, error,
    depends_on, params, timeline, reported_metrics, result)
  VALUES
    ('01-done', 'finished', 'get_video_info', 1, 1, 50, 1, 3, 1, 'w0', ${AT}, ${AT}, ${AT}, ${AT}, 90.5,
      '/data/input/a.mp4', '/data/output/a.json', 'key-1', 0, NULL, '[]', '{"deep":true}',
      '[{"at":"${iso}","event":"enqueued"},{"at":"${iso}","event":"finished"}]', '{"vmaf":94.5}',
      '{"success":true,"message":"done","output_path":"/data/output/a.json","outputs":[],"metrics":{"duration_ms":1,"input_size_bytes":2,"output_size_bytes":3},"data":{},"warnings":[]}'),
    ('02-waits', 'queued', 'calculate_sha256', 2, 2, 70, 0, 3, 0, NULL, ${AT}, ${AT}, NULL, NULL, NULL,
      '/data/input/b.bin', NULL, NULL, 0, NULL, '[]', '{}', '[{"at":"${iso}","event":"enqueued"}]', '{}', NULL),
    ('03-child', 'deferred', 'calculate_sha256', 3, 3, 50, 0, 3, 0, NULL, ${AT}, NULL, NULL, NULL, NULL,
      '/data/input/c.bin', NULL, NULL, 0, NULL, '["02-waits"]', '{}', '[{"at":"${iso}","event":"enqueued"}]', '{}', NULL);
  INSERT INTO dependency SELECT p.seq, c.seq FROM job p, job c WHERE p.id = '02-waits' AND c.id = '03-child';
  INSERT INTO log VALUES (1, 1, 4, ${AT}, 'info', 1, 'a line');
  UPDATE state SET value = 4 WHERE key = 'change';
`;

/** A database of that format, with the jobs of the first program in it. */
function databaseOf(format: number): void {
  const db = new DatabaseSync(store.database);
  migrate(db, store.database, MIGRATIONS.slice(0, 1));
  db.exec(FIRST_JOBS);
  migrate(db, store.database, MIGRATIONS.slice(0, format));
  db.close();
}

describe.each(MIGRATIONS.map((_, index) => index + 1))('a database of format %d', (format) => {
  test('keeps its jobs, and goes on', async () => {
    databaseOf(format);
    const queue = await store.open();
    expect(await queue.get('01-done')).toMatchObject({
      status: 'finished',
      timeout_seconds: 90.5,
      params: { deep: true },
      reported_metrics: { vmaf: 94.5 },
      idempotency_key: 'key-1',
      on_parent_failure: 'wait',
      owner: null,
      webhook_url: null,
      run: null,
      created_at: iso,
      result: { message: 'done' },
    });
    expect((await queue.logs('01-done')).map(({ text }) => text)).toEqual(['a line']);
    expect(await queue.counts()).toMatchObject({ finished: 1, queued: 1, deferred: 1 });
    expect((await queue.list({ limit: 10 })).jobs.map(({ id }) => id)).toEqual([
      '03-child',
      '02-waits',
      '01-done',
    ]);

    const [again] = await queue.enqueue([newJob({ idempotency_key: 'key-1' })]);
    expect(again?.id).toBe('01-done');
    const first = await take(queue);
    expect(first.job.id).toBe('02-waits');
    await queue.complete(first, resultOf(null));
    expect((await take(queue)).job.id).toBe('03-child');
    await queue.close();
    expect(await integrity(store.database)).toBe('ok');
  });
});

test('a program of an earlier format refuses a later database, by name and numbers, and changes nothing', async () => {
  databaseOf(MIGRATIONS.length);
  const db = new DatabaseSync(store.database);
  for (let format = 1; format < MIGRATIONS.length; format += 1) {
    expect(() => migrate(db, store.database, MIGRATIONS.slice(0, format))).toThrow(
      `written by a newer version of Media Mill (format ${MIGRATIONS.length}; this one knows ${format})`,
    );
  }
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
  expect(db.prepare('SELECT count(*) AS n FROM job').get()).toEqual({ n: 3 });
  db.close();
});
