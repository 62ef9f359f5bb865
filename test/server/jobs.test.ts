import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { JobRecord } from '../../src/queue/port.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const get = (url: string) => server.app.inject(url);
const send = (method: 'POST' | 'DELETE', url: string) => server.app.inject({ method, url });

async function enqueue(options: object = {}): Promise<string> {
  const [job] = await server.queue.enqueue([
    { task: 'make_noise', input_path: null, output_path: null, params: { size: 1 }, ...options },
  ]);
  return job?.id ?? '';
}

/** Claims the job of that id, which must be the next. */
async function claim(id: string) {
  const claimed = await server.queue.claim('w1', 60_000);
  expect(claimed?.job.id).toBe(id);
  if (!claimed) throw new Error('nothing to claim');
  return claimed;
}

describe('GET /api/jobs/:id', () => {
  test('has every field of the contract', async () => {
    const id = await enqueue({ priority: 100 });
    const claimed = await claim(id);
    await server.queue.progress(claimed, {
      percent: 50,
      fps: 25,
      speed: 2,
      eta_seconds: 3,
      stage: 'pass 1 of 2',
    });
    expect((await get(`/api/jobs/${id}`)).json()).toMatchObject({
      id,
      status: 'started',
      task: 'make_noise',
      params: { size: 1 },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      enqueued_at: expect.any(String),
      started_at: expect.any(String),
      ended_at: null,
      attempts: 1,
      progress: { percent: 50, fps: 25, speed: 2, eta_seconds: 3, stage: 'pass 1 of 2' },
      result: null,
      error: null,
      priority: 100,
      worker: 'w1',
    });
    await server.queue.complete(claimed, {
      success: true,
      message: '1 byte',
      output_path: '/data/output/a',
      outputs: [{ name: 'a', size_bytes: 1, media_type: 'application/octet-stream' }],
      metrics: { duration_ms: 5, input_size_bytes: 0, output_size_bytes: 1, frames: 12 },
      data: { deep: { er: [1, null] } },
      warnings: ['odd'],
    });
    const finished: JobRecord = (await get(`/api/jobs/${id}`)).json();
    expect(finished).toMatchObject({
      status: 'finished',
      ended_at: expect.any(String),
      result: {
        success: true,
        message: '1 byte',
        output_path: '/data/output/a',
        outputs: [{ name: 'a', size_bytes: 1, media_type: 'application/octet-stream' }],
        metrics: { duration_ms: 5, input_size_bytes: 0, output_size_bytes: 1, frames: 12 },
        data: { deep: { er: [1, null] } },
        warnings: ['odd'],
      },
    });
    expect(finished.timeline.map(({ event }) => event)).toEqual(['enqueued', 'claimed', 'finished']);
    expect(finished).toEqual(JSON.parse(JSON.stringify(await server.queue.get(id))));
  });

  test('tells a failure in full', async () => {
    const id = await enqueue({ priority: 100 });
    const failure = new MillError('no_audio_stream', 'It is silent.', {
      facts: { streams: ['video'] },
    }).toFailure();
    await server.queue.fail(await claim(id), failure);
    expect((await get(`/api/jobs/${id}`)).json()).toMatchObject({ status: 'failed', error: failure });
  });

  test.each(['nobody', '%3Cscript%3E', '../../etc/passwd', 'a'.repeat(201)])(
    '%j does not exist',
    async (id) => {
      for (const url of [
        `/api/jobs/${id}`,
        `/api/jobs/${id}/logs`,
        `/api/jobs/${id}/output`,
        `/api/jobs/${id}/events`,
      ]) {
        const answer = await get(url);
        expect([400, 404]).toContain(answer.statusCode);
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      }
      for (const url of [`/api/jobs/${id}/cancel`, `/api/jobs/${id}/retry`]) {
        expect([400, 404]).toContain((await send('POST', url)).statusCode);
      }
    },
  );
});

describe('GET /api/jobs', () => {
  test('lists newest first, by pages, with counts', async () => {
    const ids: string[] = [];
    for (let size = 0; size < 7; size++) ids.push(await enqueue({ task: 'cut_pages', params: { size } }));
    const first = (await get('/api/jobs?task=cut_pages&limit=5')).json();
    const second = (
      await get(`/api/jobs?task=cut_pages&limit=5&cursor=${encodeURIComponent(first.next_cursor)}`)
    ).json();
    expect([...first.jobs, ...second.jobs].map(({ id }: JobRecord) => id)).toEqual(ids.reverse());
    expect(second.next_cursor).toBeNull();
    expect(first.counts).toMatchObject({ queued: 7, finished: 0, started: 0, failed: 0 });
  });

  test('finds by status and text', async () => {
    const found = async (query: string) =>
      (await get(`/api/jobs?${query}`)).json().jobs.map(({ status, task }: JobRecord) => `${task} ${status}`);
    expect(await found('status=failed')).toEqual(['make_noise failed']);
    expect(new Set(await found('status=failed,finished'))).toEqual(
      new Set(['make_noise failed', 'make_noise finished']),
    );
    expect(await found('status=failed&status=canceled')).toEqual(['make_noise failed']);
    expect(await found('q=silent')).toEqual(['make_noise failed']);
    expect(await found('task=none')).toEqual([]);
  });

  test('lists what waits in its order, the steps of a run, and counts them', async () => {
    const run = { id: 'run-7', recipe: 'web-video@3', step: 'small', pass: 'p1' };
    const low = await enqueue({ task: 'wait_turn', priority: 10 });
    const later = await enqueue({ task: 'wait_turn', delay_ms: 900_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const time = encodeURIComponent(new Date().toISOString());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const high = await enqueue({ task: 'wait_turn', priority: 20, run });
    const found = async (query: string) =>
      (await get(`/api/jobs?${query}`)).json().jobs.map(({ id }: JobRecord) => id);

    expect(await found('order=next&task=wait_turn')).toEqual([high, low, later]);
    expect(await found('order=next&task=wait_turn&status=scheduled,queued')).toEqual([high, low, later]);
    expect(await found('order=newest&task=wait_turn')).toEqual([high, later, low]);
    expect(await found(`order=next&task=wait_turn&created_after=${time}`)).toEqual([high]);
    const first = (await get('/api/jobs?order=next&task=wait_turn&limit=2')).json();
    expect(first.jobs).toHaveLength(2);
    expect(
      await found(`order=next&task=wait_turn&limit=2&cursor=${encodeURIComponent(first.next_cursor)}`),
    ).toEqual([later]);

    const steps = (await get('/api/jobs?run=run-7')).json();
    expect(steps).toMatchObject({ jobs: [{ id: high, run }], next_cursor: null, counts: { queued: 1 } });
    expect((await get(`/api/jobs/${low}`)).json().run).toBeNull();

    const counts = async (query: string) => (await get(`/api/jobs/counts?${query}`)).json();
    expect(await counts('task=wait_turn')).toMatchObject({ status: { queued: 2, scheduled: 1, failed: 0 } });
    expect(await counts(`created_after=${time}`)).toMatchObject({ status: { queued: 1, scheduled: 0 } });
    expect(await counts('run=run-7')).toMatchObject({ status: { queued: 1, scheduled: 0 } });
    expect(await counts(`by=task&created_after=${time}`)).toMatchObject({ status: { queued: 1 }, task: {} });
    expect(await counts('by=task&task=make_noise')).toEqual({
      status: expect.objectContaining({ finished: 1, failed: 1 }),
      task: { make_noise: expect.objectContaining({ finished: 1, failed: 1 }) },
    });
    for (const id of [low, later, high]) await send('DELETE', `/api/jobs/${id}`);
  });

  test.each([
    ['order=next&status=finished', /order=next is for jobs that wait.*finished/],
    ['order=soonest', /"order"/],
    ['order=next&cursor=12', /cursor/],
    ['run=', /"run"/],
    ['stauts=failed', /Did you mean "status"\?/],
    ['status=done', /"status/],
    ['limit=0', /"limit"/],
    ['limit=many', /"limit"/],
    ['cursor=rubbish', /cursor/],
  ])('%s is refused', async (query, detail) => {
    const answer = await get(`/api/jobs?${query}`);
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(answer.json().detail).toMatch(detail);
  });
});

describe('cancel, retry, remove', () => {
  test('a waiting job is canceled at once, and can be run again, and forgotten', async () => {
    const id = await enqueue();
    expect((await send('POST', `/api/jobs/${id}/cancel`)).json()).toMatchObject({ id, status: 'canceled' });
    expect((await send('POST', `/api/jobs/${id}/cancel`)).json()).toMatchObject({
      status: 409,
      code: 'conflict',
    });
    expect((await send('POST', `/api/jobs/${id}/retry`)).json()).toMatchObject({
      id,
      status: 'queued',
      attempts: 0,
    });
    expect((await send('POST', `/api/jobs/${id}/retry`)).json()).toMatchObject({
      status: 409,
      code: 'conflict',
    });
    expect((await send('DELETE', `/api/jobs/${id}`)).json()).toEqual({
      removed: true,
      job_id: id,
      files_removed: false,
    });
    expect((await send('DELETE', `/api/jobs/${id}`)).json()).toMatchObject({
      status: 404,
      code: 'job_not_found',
    });
  });

  test('a started job is asked to stop, and cannot be forgotten meanwhile', async () => {
    const id = await enqueue({ priority: 100 });
    const claimed = await claim(id);
    expect((await send('POST', `/api/jobs/${id}/cancel`)).json()).toMatchObject({
      status: 'started',
      cancel_requested: true,
    });
    expect((await send('DELETE', `/api/jobs/${id}`)).json()).toMatchObject({ status: 409, code: 'conflict' });
    await server.queue.fail(claimed, new MillError('canceled').toFailure());
    expect((await get(`/api/jobs/${id}`)).json()).toMatchObject({ status: 'canceled' });
  });

  test('buttons without a body may say they send JSON', async () => {
    const id = await enqueue();
    const answer = await server.app.inject({
      method: 'POST',
      url: `/api/jobs/${id}/cancel`,
      headers: { 'content-type': 'application/json' },
      payload: '{}',
    });
    expect(answer.statusCode).toBe(200);
  });

  test('files go only when asked for, and only the own ones', async () => {
    const kept = await server.finished('/data/output/kept.txt', 'kept');
    expect((await send('DELETE', `/api/jobs/${kept.id}`)).json()).toMatchObject({ files_removed: false });
    expect(await server.storage.stat('/data/output/kept.txt')).not.toBeNull();

    const gone = await server.finished('/data/output/gone', { 'a.txt': 'a', 'b/c.txt': 'c' });
    expect((await send('DELETE', `/api/jobs/${gone.id}?files=true`)).json()).toMatchObject({
      files_removed: true,
    });
    expect(await server.storage.stat('/data/output/gone')).toBeNull();

    const waiting = await enqueue({ output_path: '/data/output/kept.txt' });
    expect((await send('DELETE', `/api/jobs/${waiting}?files=true`)).json()).toMatchObject({
      files_removed: false,
    });
    expect(await server.storage.stat('/data/output/kept.txt')).not.toBeNull();
  });

  test('an output that another job still needs stays', async () => {
    const first = await server.finished('/data/output/needed.txt', 'x');
    const reader = await enqueue({ task: 'shout_text', input_path: '/data/output/needed.txt' });
    const answer = await send('DELETE', `/api/jobs/${first.id}?files=true`);
    expect(answer.json()).toMatchObject({ status: 409, code: 'in_use', jobs: [reader] });
    expect(await server.queue.get(first.id)).not.toBeNull();
    expect(await server.storage.stat('/data/output/needed.txt')).not.toBeNull();
    expect((await send('DELETE', `/api/jobs/${first.id}?files=perhaps`)).json()).toMatchObject({
      code: 'invalid_request',
    });
  });
});

test('GET /api/jobs/:id/logs gives the lines, or those after one', async () => {
  const id = await enqueue({ priority: 100 });
  const claimed = await claim(id);
  await server.queue.log(claimed, [
    { level: 'info', text: 'one <b>' },
    { level: 'error', text: 'two\nlines' },
  ]);
  const { lines } = (await get(`/api/jobs/${id}/logs`)).json();
  expect(lines).toMatchObject([
    { level: 'info', text: 'one <b>', attempt: 1 },
    { level: 'error', text: 'two\nlines', attempt: 1 },
  ]);
  expect((await get(`/api/jobs/${id}/logs?after=${lines[0].seq}`)).json().lines).toEqual([lines[1]]);
  expect((await get(`/api/jobs/${id}/logs?after=x`)).json()).toMatchObject({ code: 'invalid_request' });
  await server.queue.release(claimed);
});
