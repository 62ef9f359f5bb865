import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { Queue, QueueEvent } from '../../src/queue/port.ts';
import { resultOf, startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;
let origin: string;
/** Ends the watch of the queue as a lost connection would. */
let breakWatch: () => void = () => {};
const readers: Reader[] = [];

beforeEach(async () => {
  server = await startServer({
    limits: { heartbeat_ms: 100, event_backlog_bytes: 64 * 1024 },
    queue: (queue) => ({ ...queue, watch: (signal) => breakable(queue, signal) }),
  });
  origin = await server.listen();
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.leave();
  await server.close();
});

async function* breakable(queue: Queue, signal: AbortSignal): AsyncGenerator<QueueEvent> {
  const broken = new AbortController();
  breakWatch = () => broken.abort();
  yield* queue.watch(AbortSignal.any([signal, broken.signal]));
}

interface Message {
  event: string;
  id: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of several shapes.
  data: any;
}

interface Reader {
  response: IncomingMessage;
  messages: Message[];
  comments: string[];
  ended: boolean;
  leave(): void;
}

async function listen(path: string, headers = {}): Promise<Reader> {
  const request = httpGet(origin + path, { headers });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (!response) throw new Error('no response');
  const reader: Reader = {
    response,
    messages: [],
    comments: [],
    ended: false,
    leave: () => request.destroy(),
  };
  readers.push(reader);
  let rest = '';
  response.setEncoding('utf8');
  response.on('error', () => {});
  request.on('error', () => {});
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':') || block.startsWith('retry:')) reader.comments.push(block);
      else {
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
        reader.messages.push({ event: fields.event, id: Number(fields.id), data: JSON.parse(fields.data) });
      }
    }
  });
  response.on('end', () => {
    reader.ended = true;
  });
  return reader;
}

async function enqueue(size = 1): Promise<string> {
  const [job] = await server.queue.enqueue([
    { task: 'make_noise', input_path: null, output_path: null, params: { size } },
  ]);
  return job?.id ?? '';
}

async function claim() {
  const claimed = await server.queue.claim('w1', 60_000);
  if (!claimed) throw new Error('nothing to claim');
  return claimed;
}

const summary = ({ messages }: Reader) =>
  messages.map(({ event, data }) =>
    event === 'job' ? `job ${data.status}` : event === 'log' ? `log ${data.line.text}` : event,
  );

describe('GET /api/jobs/:id/events', () => {
  test('tells the state first, then everything, and ends with the job', async () => {
    const id = await enqueue();
    const other = await enqueue();
    const reader = await listen(`/api/jobs/${id}/events`);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-content-type-options': 'nosniff',
    });
    await expect.poll(() => summary(reader)).toEqual(['job queued']);
    const claimed = await claim();
    await server.queue.log(claimed, [{ level: 'info', text: 'line\none' }]);
    await expect.poll(() => summary(reader)).toContain('log line\none');
    await server.queue.progress(claimed, { percent: 40, fps: 10 });
    await expect.poll(() => summary(reader)).toContain('progress');
    await server.queue.cancel(other);
    await server.queue.complete(claimed, resultOf(null));
    await expect.poll(() => reader.ended).toBe(true);
    const said = summary(reader);
    expect(said[0]).toBe('job queued');
    expect(said.filter((one) => one === 'job finished')).toHaveLength(1);
    expect(said.at(-1)).toBe('job finished');
    expect(said.filter((one) => one.startsWith('log'))).toHaveLength(1);
    expect(reader.messages.find(({ event }) => event === 'progress')?.data).toMatchObject({
      id,
      progress: { percent: 40 },
    });
    expect(reader.messages.every(({ event, data }) => (event === 'job' ? data.id : data.id) === id)).toBe(
      true,
    );
    const ids = reader.messages.map((message) => message.id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  test('of an ended job is its state and its log, then the end; a browser is told not to come back', async () => {
    const id = await enqueue();
    const claimed = await claim();
    await server.queue.log(claimed, [{ level: 'error', text: 'broke' }]);
    await server.queue.fail(claimed, new MillError('corrupt_media').toFailure());
    const reader = await listen(`/api/jobs/${id}/events`);
    await expect.poll(() => reader.ended).toBe(true);
    expect(summary(reader)).toEqual(['job failed', 'log broke']);
    const again = await fetch(`${origin}/api/jobs/${id}/events`, { headers: { 'last-event-id': '1' } });
    expect(again.status).toBe(204);
  });

  test('ends when the job is forgotten', async () => {
    const id = await enqueue();
    const reader = await listen(`/api/jobs/${id}/events`);
    await expect.poll(() => summary(reader)).toEqual(['job queued']);
    await server.queue.remove(id);
    await expect.poll(() => reader.ended).toBe(true);
    expect(summary(reader).at(-1)).toBe('removed');
  });

  test('of no job is a problem', async () => {
    const answer = await fetch(`${origin}/api/jobs/nobody/events`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'job_not_found' });
  });
});

describe('GET /api/events', () => {
  test('tells of the jobs there are, then of all that happens', async () => {
    const first = await enqueue();
    const second = await enqueue();
    const reader = await listen('/api/events');
    await expect.poll(() => reader.messages.map(({ data }) => data.id)).toEqual([first, second]);
    const third = await enqueue();
    await expect.poll(() => reader.messages.at(-1)?.data).toMatchObject({ id: third, status: 'queued' });
    await server.queue.cancel(second);
    await expect.poll(() => reader.messages.at(-1)?.data).toMatchObject({ id: second, status: 'canceled' });
    await server.queue.remove(second);
    await expect.poll(() => reader.messages.at(-1)).toMatchObject({ event: 'removed', data: { id: second } });
    expect(reader.ended).toBe(false);
  });

  test('is not for HEAD, which would listen for ever', async () => {
    for (const path of ['/api/events', `/api/jobs/${await enqueue()}/events`]) {
      expect((await fetch(origin + path, { method: 'HEAD' })).status).toBe(405);
    }
  });

  test('says now and then that it is still there', async () => {
    const reader = await listen('/api/events');
    await expect.poll(() => reader.comments.length).toBeGreaterThan(3);
    expect(reader.comments[0]).toMatch(/^retry: \d+$/);
    expect(reader.messages).toEqual([]);
  });

  test('is not stopped by readers that leave', async () => {
    const staying = await listen('/api/events');
    for (let i = 0; i < 20; i++) (await listen('/api/events')).leave();
    await enqueue();
    await expect.poll(() => staying.messages.length).toBe(1);
    await expect
      .poll(
        () =>
          new Promise<number>((resolve) => server.app.server.getConnections((_, count) => resolve(count))),
      )
      .toBe(1);
  });

  test('a reader that does not read is dropped, the others are not', async () => {
    const reading = await listen('/api/events');
    const stuck = await listen('/api/events');
    stuck.response.pause();
    const open = () =>
      new Promise<number>((resolve) => server.app.server.getConnections((_, n) => resolve(n)));
    const padding = 'x'.repeat(100_000);
    for (let i = 0; i < 500 && (await open()) > 1; i++) {
      await server.queue.enqueue([
        { task: 'make_noise', input_path: null, output_path: null, params: { size: 1, padding } },
      ]);
    }
    expect(await open()).toBe(1);
    await enqueue(77);
    await expect.poll(() => reading.messages.at(-1)?.data.params.size, { timeout: 5000 }).toBe(77);
    expect(reading.messages.length).toBeGreaterThan(10);
  });

  test('goes on when the queue breaks off, and tells the state again', async () => {
    const reader = await listen('/api/events');
    await enqueue(1);
    await expect.poll(() => reader.messages.length).toBe(1);
    breakWatch();
    await sleep(50);
    const missed = await enqueue(2);
    await expect.poll(() => reader.messages.map(({ data }) => data.id), { timeout: 5000 }).toContain(missed);
    const later = await enqueue(3);
    await expect.poll(() => reader.messages.map(({ data }) => data.id)).toContain(later);
  });

  test('ends when the server closes', async () => {
    const reader = await listen('/api/events');
    await enqueue();
    const begun = performance.now();
    await server.app.close();
    await expect.poll(() => reader.ended).toBe(true);
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
