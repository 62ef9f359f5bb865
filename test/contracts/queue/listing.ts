import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Queue } from '../../../src/queue/port.ts';
import { type ContractPart, expectCode, failure, newJob, put, result, take } from './kit.ts';

/** One job in each status; ids by status. */
async function oneOfEach(queue: Queue) {
  const finished = await put(queue, { task: 'probe' });
  await queue.complete(await take(queue), result());
  const failed = await put(queue, { task: 'probe' });
  await queue.fail(await take(queue), failure('corrupt_media', 'Packet 7 is damaged.'));
  const started = await put(queue, { task: 'encode' });
  await take(queue);
  const canceled = await put(queue, { task: 'encode' });
  await queue.cancel(canceled.id);
  const queued = await put(queue, { task: 'encode' });
  const scheduled = await put(queue, { task: 'encode', delay_ms: 60_000 });
  const deferred = await put(queue, { task: 'encode', depends_on: [scheduled.id] });
  return { finished, failed, started, canceled, queued, scheduled, deferred };
}

async function ids(queue: Queue, query: Parameters<Queue['list']>[0]): Promise<string[]> {
  return (await queue.list(query)).jobs.map((job) => job.id);
}

export const listingContract: ContractPart = (driver) => {
  test('lists newest first, in pages that new jobs do not shift', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(Array.from({ length: 25 }, () => newJob()));
    const expected = jobs.map((job) => job.id).reverse();
    const seen: string[] = [];
    let cursor: string | undefined;
    for (;;) {
      const page = await queue.list({ limit: 10, ...(cursor !== undefined && { cursor }) });
      seen.push(...page.jobs.map((job) => job.id));
      await put(queue);
      if (page.next_cursor === null) break;
      expect(page.jobs).toHaveLength(10);
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(expected);
  });

  test('a page that ends with the last job has no cursor', async () => {
    const queue = await driver().open();
    await queue.enqueue([newJob(), newJob()]);
    expect((await queue.list({ limit: 2 })).next_cursor).toBeNull();
    expect((await queue.list({ limit: 1 })).next_cursor).not.toBeNull();
  });

  test('50 jobs are a page', async () => {
    const queue = await driver().open();
    await queue.enqueue(Array.from({ length: 60 }, () => newJob()));
    expect((await queue.list({})).jobs).toHaveLength(50);
  });

  test('lists whole records', async () => {
    const queue = await driver().open();
    const jobs = await oneOfEach(queue);
    for (const job of (await queue.list({})).jobs) expect(job).toEqual(await queue.get(job.id));
    expect((await queue.list({})).jobs).toHaveLength(Object.keys(jobs).length);
  });

  test('filters by status and task', async () => {
    const queue = await driver().open();
    const jobs = await oneOfEach(queue);
    for (const [status, job] of Object.entries(jobs)) {
      expect(await ids(queue, { status: [status as keyof typeof jobs] })).toEqual([job.id]);
    }
    expect(await ids(queue, { status: ['finished', 'queued', 'failed'] })).toEqual([
      jobs.queued.id,
      jobs.failed.id,
      jobs.finished.id,
    ]);
    expect(await ids(queue, { task: 'probe' })).toEqual([jobs.failed.id, jobs.finished.id]);
    expect(await ids(queue, { task: 'probe', status: ['failed', 'queued'] })).toEqual([jobs.failed.id]);
    expect(await ids(queue, { task: 'nothing' })).toEqual([]);
    const first = await queue.list({ status: ['finished', 'queued', 'failed'], limit: 2 });
    const rest = await queue.list({
      status: ['finished', 'queued', 'failed'],
      limit: 2,
      cursor: first.next_cursor ?? '',
    });
    expect(rest.jobs.map((job) => job.id)).toEqual([jobs.finished.id]);
  });

  test('finds text in id, task, paths and error', async () => {
    const queue = await driver().open();
    const plain = await put(queue, { task: 'hash_file', input_path: '/data/input/plain.bin' });
    const percent = await put(queue, { task: 'video_fade', output_path: '/data/output/100%_done.mp4' });
    const failing = await put(queue, { task: 'remux', input_path: null, priority: 100 });
    await queue.fail(await take(queue), failure('corrupt_media', 'Packet 7 is damaged.'));
    expect(await ids(queue, { q: plain.id.slice(3) })).toEqual([plain.id]);
    expect(await ids(queue, { q: 'hash_f' })).toEqual([plain.id]);
    expect(await ids(queue, { q: 'PLAIN.bin' })).toEqual([plain.id]);
    expect(await ids(queue, { q: '100%_' })).toEqual([percent.id]);
    expect(await ids(queue, { q: 'packet 7' })).toEqual([failing.id]);
    expect(await ids(queue, { q: 'corrupt_media' })).toEqual([failing.id]);
    // % and _ and \ mean themselves, names of JSON keys are no text.
    expect(await ids(queue, { q: '0%d' })).toEqual([]);
    expect(await ids(queue, { q: 'hash.file' })).toEqual([]);
    expect(await ids(queue, { q: '\\' })).toEqual([]);
    expect(await ids(queue, { q: 'retryable' })).toEqual([]);
    expect(await ids(queue, { q: '/data/', limit: 2 })).toHaveLength(2);
    expect(await ids(queue, { q: '/data/', task: 'hash_file' })).toEqual([plain.id]);
    expect(await ids(queue, { q: '/data/', status: ['failed'] })).toEqual([failing.id]);
  });

  test('pages through what a search finds', async () => {
    const queue = await driver().open();
    const jobs = await queue.enqueue(
      Array.from({ length: 30 }, (_, i) =>
        newJob({ input_path: `/data/input/${i % 3 === 0 ? 'x' : 'y'}.mp4` }),
      ),
    );
    const wanted = jobs.filter((_, i) => i % 3 === 0).map((job) => job.id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await queue.list({ q: 'x.mp4', limit: 4, ...(cursor !== '' && { cursor }) });
      seen.push(...page.jobs.map((job) => job.id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(wanted.reverse());
  });

  test('goes back no further than asked for, whatever else is asked for', async () => {
    const queue = await driver().open();
    await put(queue, { task: 'old' });
    await put(queue);
    await sleep(20);
    const time = new Date().toISOString();
    await sleep(20);
    const young = [await put(queue), await put(queue, { task: 'other' }), await put(queue)];
    const [first, second, third] = young.map(({ id }) => id);
    expect(await ids(queue, { created_after: time })).toEqual([third, second, first]);
    expect(await ids(queue, { created_after: time, q: '/data/' })).toEqual([third, second, first]);
    expect(await ids(queue, { created_after: time, task: 'old' })).toEqual([]);
    expect(await ids(queue, { created_after: '2020-01-01T00:00:00+02:00' })).toHaveLength(5);
    const page = await queue.list({ created_after: time, limit: 2 });
    expect(page.jobs.map(({ id }) => id)).toEqual([third, second]);
    const rest = await queue.list({ created_after: time, limit: 2, cursor: page.next_cursor ?? '' });
    expect([rest.jobs.map(({ id }) => id), rest.next_cursor]).toEqual([[first], null]);
  });

  test('refuses a cursor that is none, and a text too long', async () => {
    const queue = await driver().open();
    await put(queue);
    await expectCode(queue.list({ q: 'x'.repeat(501) }), 'invalid_request');
    await expectCode(queue.counts({ q: 'x'.repeat(501) }), 'invalid_request');
    await expectCode(queue.list({ cursor: "1' OR 1" }), 'invalid_request');
  });

  test('counts by status', async () => {
    const queue = await driver().open();
    const none = { queued: 0, scheduled: 0, deferred: 0, started: 0, finished: 0, failed: 0, canceled: 0 };
    expect(await queue.counts()).toEqual(none);
    const jobs = await oneOfEach(queue);
    const one = { queued: 1, scheduled: 1, deferred: 1, started: 1, finished: 1, failed: 1, canceled: 1 };
    expect(await queue.counts()).toEqual(one);
    expect(await queue.counts({ task: 'probe' })).toEqual({ ...none, finished: 1, failed: 1 });
    expect(await queue.counts({ q: 'Packet 7' })).toEqual({ ...none, failed: 1 });
    expect(await queue.counts({ q: 'encode', task: 'probe' })).toEqual(none);
    await queue.remove(jobs.finished.id);
    await queue.retry(jobs.failed.id);
    expect(await queue.counts()).toEqual({ ...one, finished: 0, failed: 0, queued: 2 });
  });

  test('knows who uses a file', async () => {
    const queue = await driver().open();
    const reads = await put(queue, { input_path: '/data/input/a.mp4', output_path: null });
    const writes = await put(queue, { input_path: null, output_path: '/data/output/frames' });
    const marks = await put(queue, {
      input_path: null,
      output_path: null,
      params: { watermark: { image: '/data/input/logo.png' }, note: '/data/input' },
    });
    expect(await queue.usersOf('/data/input/a.mp4')).toEqual([reads.id]);
    expect(await queue.usersOf('/data/input/logo.png')).toEqual([marks.id]);
    expect(await queue.usersOf('/data/output/frames')).toEqual([writes.id]);
    expect(await queue.usersOf('/data/output/frames/0001.jpg')).toEqual([writes.id]);
    expect(await queue.usersOf('/data/output/frames2')).toEqual([]);
    expect(await queue.usersOf('/data/input/a.mp')).toEqual([]);
    expect(await queue.usersOf('/data/input')).toEqual([reads.id, marks.id]);
    await queue.complete(await take(queue), result());
    expect(await queue.usersOf('/data/input/a.mp4')).toEqual([]);
    await queue.retry(reads.id);
    expect(await queue.usersOf('/data/input/a.mp4')).toEqual([reads.id]);
    await queue.remove(marks.id);
    expect(await queue.usersOf('/data/input/logo.png')).toEqual([]);
  });

  test('keeps log lines, numbered over all attempts', async () => {
    const [queue, other] = [await driver().open(), await driver().open()];
    const { id } = await put(queue);
    expect(await queue.logs(id)).toEqual([]);
    const first = await take(queue);
    await queue.log(first, [
      { level: 'info', text: 'one' },
      { level: 'warn', text: 'two' },
    ]);
    await queue.release(first);
    const second = await take(queue);
    await queue.log(second, [{ level: 'error', text: 'three' }]);
    const lines = await other.logs(id);
    expect(lines.map(({ seq, level, text, attempt }) => ({ seq, level, text, attempt }))).toEqual([
      { seq: 1, level: 'info', text: 'one', attempt: 1 },
      { seq: 2, level: 'warn', text: 'two', attempt: 1 },
      { seq: 3, level: 'error', text: 'three', attempt: 1 },
    ]);
    expect(await other.logs(id, 2)).toEqual(lines.slice(2));
  });
};
