/** The queue as a whole, the workers, and actions on many jobs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerInfo } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

async function ask(method: 'GET' | 'POST', url: string, payload?: object, headers = {}) {
  const answer = await server.app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: answer.statusCode, body: answer.json() };
}

async function enqueue(count: number, task = 'make_noise'): Promise<string[]> {
  const jobs = await server.queue.enqueue(
    Array.from({ length: count }, () => ({ task, input_path: null, output_path: null, params: { size: 1 } })),
  );
  return jobs.map(({ id }) => id);
}

async function fail(id: string): Promise<void> {
  const claim = await server.queue.claim('w', 30_000);
  expect(claim?.job.id).toBe(id);
  if (!claim) return;
  await server.queue.fail(claim, {
    code: 'corrupt_media',
    title: 't',
    detail: 'd',
    next: 'n',
    retryable: false,
    log: ['[mov] moov atom not found'],
  } as never);
}

describe('the queue', () => {
  it('is paused and resumed, and everybody can see it', async () => {
    await enqueue(2);
    expect(await ask('GET', '/api/queue')).toMatchObject({
      status: 200,
      body: { paused: false, reason: null, since: null, counts: { queued: 2, failed: 0 } },
    });
    const { body: paused } = await ask('POST', '/api/queue/pause', { reason: 'Moving house.' });
    expect(paused).toMatchObject({ paused: true, reason: 'Moving house.' });
    expect((await ask('GET', '/api/queue')).body).toMatchObject(paused);
    expect((await ask('GET', '/api/stats')).body.queue).toEqual(paused);
    const metrics = async () => (await server.app.inject('/metrics')).body;
    expect(await metrics()).toMatch(/^mediamill_queue_paused 1$/m);
    const accepted = await ask('POST', '/api/enqueue', { task: 'make_noise', params: { size: 1 } });
    expect(accepted).toMatchObject({ status: 200, body: { status: 'queued' } });
    expect(await server.queue.claim('w', 1000)).toBeNull();
    expect((await ask('POST', '/api/queue/resume')).body).toEqual({
      paused: false,
      reason: null,
      since: null,
    });
    expect(await metrics()).toMatch(/^mediamill_queue_paused 0$/m);
    expect(await server.queue.claim('w', 1000)).not.toBeNull();
    expect((await ask('POST', '/api/queue/pause')).body).toMatchObject({ paused: true, reason: null });
    expect((await ask('POST', '/api/queue/pause', { why: 'x' })).body.code).toBe('invalid_request');
  });

  it('tells readers of events of a pause, and thins what it tells of workers', async () => {
    const origin = await server.listen();
    const abort = new AbortController();
    const response = await fetch(`${origin}/api/events`, { signal: abort.signal });
    let text = '';
    const reading = (async () => {
      for await (const part of (response.body as ReadableStream<Uint8Array>).pipeThrough(
        new TextDecoderStream(),
      ))
        text += part;
    })().catch(() => {});
    await eventually(() => text !== '', 10_000, 'the stream');
    await server.queue.pause('Lunch.');
    await eventually(() => text.includes('"reason":"Lunch."'), 10_000, 'the pause');
    for (let i = 0; i < 30; i += 1) await server.queue.announce({ ...worker, jobs: [String(i)] }, 60_000);
    const told = () => text.split('event: workers').length - 1;
    await eventually(() => told() > 0, 10_000, 'the workers');
    await new Promise((done) => setTimeout(done, 1500));
    expect(told()).toBeGreaterThan(1);
    expect(told()).toBeLessThan(8);
    abort.abort();
    await reading;
  });
});

const worker: WorkerInfo = {
  id: 'studio:1',
  host: 'studio',
  pid: 1,
  started_at: new Date(0).toISOString(),
  jobs: [],
  concurrency: 2,
  state: 'running',
  memory_bytes: 123,
  failed_in_a_row: 2,
  current: [],
};

describe('a worker', () => {
  it('is listed with what it says of itself, and is told to pause', async () => {
    await server.queue.announce(worker, 60_000);
    expect((await ask('GET', '/api/workers')).body).toEqual({ workers: [worker] });
    expect(await ask('POST', '/api/workers/studio:1/pause', { reason: 'Too hot.' })).toEqual({
      status: 200,
      body: { worker_id: 'studio:1', state: 'paused' },
    });
    expect(await server.queue.announce(worker, 60_000)).toMatchObject({
      state: 'paused',
      reason: 'Too hot.',
    });
    expect((await ask('POST', '/api/workers/studio%3A1/resume')).body).toMatchObject({ state: 'running' });
    expect(await server.queue.announce(worker, 60_000)).toMatchObject({ state: 'running' });
    expect(await ask('POST', '/api/workers/nobody/pause')).toMatchObject({
      status: 404,
      body: { code: 'worker_not_found' },
    });
  });
});

describe('POST /api/jobs/actions', () => {
  it('retries all that have failed, in the order in which they came', async () => {
    const ids = await enqueue(3);
    for (const id of ids) await fail(id);
    const [other] = await enqueue(1);
    await server.queue.cancel(other as string);
    const { status, body } = await ask('POST', '/api/jobs/actions', { action: 'retry', filter: {} });
    expect(status).toBe(200);
    expect(body).toEqual({ done: 3, ids, refused: [] });
    for (const id of ids) expect((await server.queue.claim('w', 1000))?.job.id).toBe(id);
    expect((await server.queue.get(other as string))?.status).toBe('canceled');
  });

  it('does to each what can be done, and says why not', async () => {
    const [running, waiting] = await enqueue(2);
    await server.queue.claim('w', 30_000);
    const { body } = await ask('POST', '/api/jobs/actions', {
      action: 'delete',
      ids: [running, waiting, 'nobody', waiting],
    });
    expect(body).toMatchObject({
      done: 1,
      ids: [waiting],
      refused: [
        { id: running, code: 'conflict', detail: expect.stringContaining('cancel it first') },
        { id: 'nobody', code: 'job_not_found' },
      ],
    });
  });

  it('cancels by task, also hundreds, and deletes them again', async () => {
    await enqueue(450);
    const [kept] = await enqueue(1, 'always_fails');
    const { body } = await ask('POST', '/api/jobs/actions', {
      action: 'cancel',
      filter: { task: 'make_noise' },
    });
    expect(body.done).toBe(450);
    expect(body.refused).toEqual([]);
    expect(await server.queue.counts()).toMatchObject({ canceled: 450, queued: 1 });
    expect((await ask('POST', '/api/jobs/actions', { action: 'delete', filter: {} })).body.done).toBe(450);
    expect((await server.queue.list({})).jobs.map(({ id }) => id)).toEqual([kept]);
  });

  it('spares what ends after somebody has looked', async () => {
    const [early, late] = await enqueue(2);
    await server.queue.cancel(early as string);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ended_before = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await server.queue.cancel(late as string);
    const { body } = await ask('POST', '/api/jobs/actions', { action: 'delete', filter: { ended_before } });
    expect(body).toEqual({ done: 1, ids: [early], refused: [] });
    expect(await server.queue.get(late as string)).not.toBeNull();
  });

  it('wants either ids or a filter', async () => {
    for (const body of [
      { action: 'retry' },
      { action: 'retry', ids: ['a'], filter: {} },
      { action: 'retry', ids: [] },
      { action: 'explode', ids: ['a'] },
      { action: 'retry', ids: Array.from({ length: 1001 }, (_, i) => `${i}`) },
      { action: 'retry', filter: { status: ['broken'] } },
    ]) {
      expect(await ask('POST', '/api/jobs/actions', body)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      });
    }
  });
});

describe('the history of a job', () => {
  it('says who asked for what, and keeps what FFmpeg said last', async () => {
    const [id] = (await enqueue(1)) as [string];
    await fail(id);
    const failed = (await ask('GET', `/api/jobs/${id}`)).body;
    expect(failed.error.log).toEqual(['[mov] moov atom not found']);
    expect(failed.timeline.at(-1)).toMatchObject({ event: 'failed', code: 'corrupt_media', worker: 'w' });
    await ask('POST', `/api/jobs/${id}/retry`, undefined, { 'user-agent': 'mediamill/1.0.0' });
    await ask('POST', `/api/jobs/${id}/cancel`, undefined, {
      'sec-fetch-site': 'same-origin',
    });
    await ask('POST', '/api/jobs/actions', { action: 'retry', ids: [id] });
    const { timeline } = (await ask('GET', `/api/jobs/${id}`)).body;
    expect(timeline.slice(-3)).toMatchObject([
      { event: 'retried', by: 'cli' },
      { event: 'canceled', by: 'page' },
      { event: 'retried', by: 'api' },
    ]);
  });
});

describe('POST /api/enqueue/batch', () => {
  const noise = { task: 'make_noise', params: { size: 1 } };

  it('takes jobs that name each other', async () => {
    const { status, body } = await ask('POST', '/api/enqueue/batch', {
      jobs: [
        { ...noise, depends_on: ['source'], on_parent_failure: 'fail' },
        { ...noise, ref: 'source' },
      ],
    });
    expect(status).toBe(200);
    expect(body.jobs.map((job: { status: string }) => job.status)).toEqual(['deferred', 'queued']);
    expect((await ask('GET', `/api/jobs/${body.jobs[0].job_id}`)).body).toMatchObject({
      depends_on: [body.jobs[1].job_id],
      on_parent_failure: 'fail',
    });
  });

  it('refuses a circle by its members, unknown names, and refs that are none', async () => {
    const refused = async (jobs: object[]) => {
      const { status, body } = await ask('POST', '/api/enqueue/batch', { jobs });
      expect(status).toBe(400);
      return body.detail as string;
    };
    expect(
      await refused([
        { ...noise, ref: 'a', depends_on: ['b'] },
        { ...noise, ref: 'b', depends_on: ['a'] },
      ]),
    ).toContain('"a" → "b" → "a"');
    expect(await refused([{ ...noise, depends_on: ['c'] }])).toContain('"c"');
    expect(await refused([{ ...noise, ref: 'no spaces please' }])).toContain('ref');
    expect(await server.queue.counts()).toMatchObject({ queued: 0, deferred: 0 });
    const single = await ask('POST', '/api/enqueue', { ...noise, ref: 'a' });
    expect(single.status).toBe(400);
  });
});
