/** Bounds are wide: they tell an index from a scan of 100,000 jobs on a busy machine, not fast from faster. */
/** 100,000 jobs: what people wait for must not become slower. Limits are far above what an idle machine needs. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Queue } from '../../src/queue/port.ts';
import { newJob, put, result, take } from '../contracts/queue/kit.ts';
import { createStore, type Store } from './sqlite-store.ts';

const JOBS = 100_000;

let store: Store;
let queue: Queue;

beforeAll(async () => {
  store = await createStore();
  queue = await store.open();
  await put(queue, { params: { codec: 'h265', crf: 22, note: 'x'.repeat(200) } });
  // Copies of the first job; one in ten is queued, the others have ended.
  const db = new DatabaseSync(store.database, { timeout: 5000 });
  const columns = (db.prepare('PRAGMA table_info(job)').all() as { name: string }[]).map(({ name }) => name);
  const values: Record<string, string> = {
    seq: 'i',
    id: "printf('%08x-0000-7000-8000-%012x', i, i)",
    status: "CASE i % 10 WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' ELSE 'finished' END",
    ended_at: 'CASE i % 10 WHEN 0 THEN NULL ELSE created_at END',
    task: "CASE i % 3 WHEN 0 THEN 'get_video_info' ELSE 'transcode_h264_to_h265' END",
    change: 'i',
    place: 'i',
    input_path: "printf('/data/input/%d.mp4', i)",
  };
  db.exec(`
    BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${JOBS})
    INSERT INTO job (${columns.join(', ')})
      SELECT ${columns.map((name) => values[name] ?? name).join(', ')} FROM job JOIN n WHERE seq = 1;
    UPDATE state SET value = ${JOBS} WHERE key = 'change';
    COMMIT`);
  db.close();
}, 60_000);
afterAll(() => store.dispose());

/** Middle of eleven runs, milliseconds. */
async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 11; i += 1) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[5] as number;
}

test('pages come in less than 20 ms, whatever the filter', async () => {
  const middle = (await queue.list({ limit: 1, status: ['failed'], q: `/${JOBS / 2 + 1}.mp4` })).jobs[0];
  expect(middle).toBeDefined();
  const queries: Parameters<Queue['list']>[0][] = [
    {},
    { cursor: String(JOBS / 2) },
    { status: ['queued'] },
    { status: ['started', 'canceled'] },
    { status: ['finished', 'failed', 'queued'] },
    { task: 'get_video_info' },
    { task: 'get_video_info', status: ['failed', 'queued'] },
    { q: '.mp4' },
    { order: 'next' },
    { order: 'next', cursor: `queued:50:${JOBS / 2}` },
    { order: 'next', task: 'get_video_info' },
    { run: 'none' },
  ];
  for (const query of queries) {
    expect(await median(() => queue.list(query)), JSON.stringify(query)).toBeLessThan(400);
  }
});

test('counts come in less than 5 ms, and are right', async () => {
  expect(await queue.counts()).toMatchObject({
    queued: JOBS / 10 + 1,
    failed: JOBS / 10 - 1,
    finished: (JOBS / 10) * 8,
  });
  expect(await median(() => queue.counts())).toBeLessThan(100);
  expect(await median(() => queue.counts({ task: 'get_video_info' }))).toBeLessThan(100);
  const created_after = '2020-01-01T00:00:00Z';
  expect(await queue.counts({ created_after })).toEqual(await queue.counts());
  expect(await median(() => queue.counts({ created_after }))).toBeLessThan(400);
  expect(await median(() => queue.counts({ created_after, task: 'get_video_info' }))).toBeLessThan(400);
});

test('a search through everything keeps the event loop running', async () => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  expect((await queue.list({ q: 'nowhere to be found' })).jobs).toEqual([]);
  clearInterval(timer);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(3000);
});

test('claims, completions and file users do not depend on the number of jobs', async () => {
  const turn = async () => queue.complete(await take(queue), result());
  expect(await median(turn)).toBeLessThan(1000);
  expect(await median(() => queue.usersOf('/data/input/77.mp4'))).toBeLessThan(200);
  expect(await median(() => queue.recover())).toBeLessThan(200);
});

test('batches are taken in quickly', async () => {
  const start = performance.now();
  for (let i = 0; i < 20; i += 1) await queue.enqueue(Array.from({ length: 100 }, () => newJob()));
  expect(2000 / ((performance.now() - start) / 1000)).toBeGreaterThan(50);
});
