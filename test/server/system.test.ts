import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer;
/** What the queue throws instead of listing, when set. */
let fault: Error | null = null;
const logged: string[] = [];

beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _, done) {
      logged.push(String(chunk));
      done();
    },
  });
  server = await startServer({
    server: { max_body_bytes: 2048 },
    logger: pino({ level: 'debug' }, stream),
    queue: (queue) => {
      const faulty =
        <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
        (...args: A) =>
          fault ? Promise.reject(fault) : work(...args);
      return {
        ...queue,
        list: faulty(queue.list),
        check: faulty(queue.check),
        enqueue: faulty(queue.enqueue),
      };
    },
  });
});
afterAll(() => server.close());

const get = (url: string, headers = {}) => server.app.inject({ url, headers });

async function withFault<T>(error: Error, work: () => Promise<T>): Promise<T> {
  fault = error;
  try {
    return await work();
  } finally {
    fault = null;
  }
}

describe('what it can do and how it is', () => {
  test('GET /api/tasks: four groups, with JSON Schema', async () => {
    const tasks = (await get('/api/tasks')).json();
    expect(Object.keys(tasks)).toEqual(['acquisition', 'video', 'audio', 'binary']);
    const shout = tasks.binary.find(({ name }: { name: string }) => name === 'shout_text');
    expect(shout).toMatchObject({
      title: 'Shout a text',
      description: expect.any(String),
      input: { kind: 'file' },
      output: { kind: 'file', extensions: expect.arrayContaining(['.txt']) },
      params: {
        type: 'object',
        additionalProperties: false,
        properties: {
          times: { type: 'integer', minimum: 1, maximum: 100, default: 1, unit: 'copies', title: 'Times' },
          mark: { enum: ['none', 'dot', 'bang'] },
          steps: { group: 'advanced' },
        },
      },
    });
  });

  test('GET /api/stats', async () => {
    const worker = server.work();
    await expect.poll(async () => (await get('/api/stats')).json().workers.count).toBe(1);
    expect((await get('/api/stats')).json()).toMatchObject({
      version: '1.2.3',
      jobs: { queued: 0, scheduled: 0, deferred: 0, started: 0, finished: 0, failed: 0, canceled: 0 },
      workers: { count: 1, busy: 0, concurrency: 1 },
      machine: {
        cpus: expect.any(Number),
        memory_total_bytes: expect.any(Number),
        load_average: [expect.any(Number), expect.any(Number), expect.any(Number)],
      },
      storage: { free_bytes: expect.any(Number) },
    });
    expect((await get('/api/workers')).json()).toMatchObject({
      workers: [{ id: 'test-worker', state: 'running', jobs: [] }],
    });
    await worker.stop();
    expect((await get('/api/workers')).json()).toEqual({ workers: [] });
  });

  test('GET /metrics', async () => {
    await server.finished('/data/output/m.txt', 'x');
    await get('/api/jobs/nobody');
    const answer = await get('/metrics');
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.body).toContain('mediamill_jobs{task="make_noise",status="finished"} 1');
    expect(answer.body).toContain('mediamill_jobs{task="shout_text",status="failed"} 0');
    expect(answer.body).toContain('mediamill_info{version="1.2.3"} 1');
    expect(answer.body).toMatch(
      /mediamill_http_request_duration_seconds_count\{method="GET",route="\/api\/jobs\/:id",status="404"\} 1/,
    );
    expect(answer.body).toMatch(/mediamill_process_resident_memory_bytes \d+/);
  });

  test('GET /metrics tells what report_metrics stored with a job', async () => {
    const { id } = await server.finished('/data/output/r.txt', 'x');
    await server.queue.addMetrics(id, { vmaf: 94.25 });
    expect((await get('/metrics')).body).toContain(
      `mediamill_reported_metric{job_id="${id}",task="make_noise",metric="vmaf"} 94.25`,
    );
    expect((await get(`/api/jobs/${id}`)).json()).toMatchObject({ reported_metrics: { vmaf: 94.25 } });
  });

  test('GET /healthz and /readyz', async () => {
    expect((await get('/healthz')).json()).toEqual({ status: 'ok', version: '1.2.3' });
    expect((await get('/readyz')).json()).toEqual({ status: 'ready' });
    const answer = await withFault(new MillError('queue_unavailable', 'The database is locked.'), () =>
      get('/readyz'),
    );
    expect(answer.json()).toMatchObject({
      status: 503,
      code: 'queue_unavailable',
      detail: 'The database is locked.',
    });
    expect((await get('/healthz')).statusCode).toBe(200);
  });
});

describe('the description of the API', () => {
  test('GET /openapi.json has every route, schemas and failures', async () => {
    const document = (await get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const paths = Object.keys(document.paths);
    for (const path of [
      '/api/upload',
      '/api/enqueue',
      '/api/enqueue/batch',
      '/api/process',
      '/api/jobs',
      '/api/jobs/{id}',
      '/api/jobs/{id}/cancel',
      '/api/jobs/{id}/retry',
      '/api/jobs/{id}/logs',
      '/api/jobs/{id}/output',
      '/api/jobs/{id}/events',
      '/api/events',
      '/api/tasks',
      '/api/stats',
      '/api/workers',
      '/metrics',
      '/healthz',
      '/readyz',
    ]) {
      expect(paths).toContain(path);
    }
    expect(document.paths['/api/enqueue'].post.requestBody.content['application/json'].schema.$ref).toBe(
      '#/components/schemas/SubmissionInput',
    );
    expect(document.paths['/api/upload'].post.requestBody.content['multipart/form-data']).toBeDefined();
    expect(
      document.paths['/api/jobs/{id}'].get.responses['4XX'].content['application/problem+json'],
    ).toBeDefined();
    expect(document.components.schemas['Params.shout_text'].properties.times.maximum).toBe(100);
    // Every reference leads somewhere.
    const references = JSON.stringify(document).match(/#\/components\/schemas\/[^"]+/g) ?? [];
    for (const reference of references) {
      expect(Object.keys(document.components.schemas)).toContain(reference.split('/').pop());
    }
    const summaries = paths.flatMap((path) =>
      Object.values<{ summary?: string }>(document.paths[path]).map(({ summary }) => summary),
    );
    expect(summaries).not.toContain(undefined);
  });

  test('GET /docs works without the internet', async () => {
    const page = await get('/docs/');
    expect(page.statusCode).toBe(200);
    const addresses = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(addresses.length).toBeGreaterThan(3);
    for (const address of addresses) {
      expect(address).not.toMatch(/^https?:/);
      expect((await get(new URL(address, 'http://x/docs/').pathname)).statusCode).toBe(200);
    }
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';/);
  });
});

describe('failures of the protocol', () => {
  const post = (payload: string, headers = {}) =>
    server.app.inject({
      method: 'POST',
      url: '/api/enqueue',
      payload,
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each([
    ['GET', '/api/nothing', 404, 'not_found'],
    ['GET', '/wp-login.php', 404, 'not_found'],
    ['POST', '/nothing', 404, 'not_found'],
    ['GET', '/api/enqueue', 405, 'method_not_allowed'],
    ['PUT', '/api/jobs/1', 405, 'method_not_allowed'],
    ['POST', '/api/jobs/1', 405, 'method_not_allowed'],
    ['DELETE', '/api/jobs/1/output/a/b.txt', 405, 'method_not_allowed'],
    ['POST', '/', 405, 'method_not_allowed'],
    ['PUT', '/api/events', 405, 'method_not_allowed'],
    ['GET', '/api/jobs/%zz', 400, 'invalid_request'],
    ['GET', '/%c0%ae%c0%ae/etc/passwd', 400, 'invalid_request'],
  ] as const)('%s %s → %d', async (method, url, status, code) => {
    const answer = await server.app.inject({ method, url });
    expect(answer.json()).toMatchObject({ status, code, type: `urn:mediamill:problem:${code}` });
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    if (status === 405) expect(answer.headers.allow).toMatch(/GET|POST/);
  });

  test.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/.gitignore',
    '//etc/passwd',
  ])('the page gives nothing but itself: %s', async (url) => {
    expect([400, 403, 404]).toContain((await get(url)).statusCode);
  });

  test.each([
    ['broken JSON', '{"task":', {}, 400, 'invalid_request'],
    ['an empty body', '', {}, 400, 'invalid_request'],
    ['no object', '"text"', {}, 400, 'invalid_request'],
    ['a null', 'null', {}, 400, 'invalid_request'],
    ['a polluted object', '{"__proto__": {"x": 1}}', {}, 400, 'invalid_request'],
    ['a large body', JSON.stringify({ task: 'x'.repeat(4096) }), {}, 413, 'payload_too_large'],
    [
      'a form',
      'task=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_content_type',
    ],
    ['XML', '<x/>', { 'content-type': 'application/xml' }, 415, 'unsupported_content_type'],
  ])('%s is refused', async (_, payload, headers, status, code) => {
    const answer = await post(payload, headers);
    expect(answer.json()).toMatchObject({ status, code });
    expect(answer.json().detail).not.toMatch(/Unexpected|token|FST_/);
  });

  test('40 an unexpected error tells nothing, and is logged with the id of the request', async () => {
    const error = new Error('ENOENT: /root/secret/queue.db at Object.<anonymous>');
    const answer = await withFault(error, () => get('/api/jobs'));
    expect(answer.json()).toMatchObject({ status: 500, code: 'internal', request_id: expect.any(String) });
    expect(answer.body).not.toMatch(/secret|ENOENT|at Object|\.ts/);
    const line = logged.find((one) => one.includes('/root/secret'));
    expect(line).toContain(answer.json().request_id);
  });

  test('40 what a driver says of its files stays in the log', async () => {
    const error = new MillError(
      'queue_unavailable',
      'The database /root/x/data/mill.db (or ./data/y) is locked.',
    );
    const answer = await withFault(error, () => get('/readyz'));
    expect(answer.json().detail).toBe('The database … (or …) is locked.');
  });

  test('12 a queue that cannot be reached is 503 at once', async () => {
    const answer = await withFault(new MillError('queue_unavailable'), () =>
      post('{"task":"make_noise","params":{"size":1}}'),
    );
    expect(answer.json()).toMatchObject({ status: 503, code: 'queue_unavailable' });
  });
});

describe('39 requests of other sites', () => {
  const post = (headers: object) =>
    server.app.inject({
      method: 'POST',
      url: '/api/jobs/x/cancel',
      headers: { host: 'mill.localhost:5000', ...headers },
    });

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://mill.localhost:5000' },
    { origin: 'http://evil.example' },
    { origin: 'http://mill.local:5001' },
    { origin: 'null' },
    { origin: 'nonsense' },
  ])('%j is refused', async (headers) => {
    expect((await post(headers)).json()).toMatchObject({ status: 403, code: 'cross_site_request' });
  });

  test.each([
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'http://mill.localhost:5000' },
    { origin: 'https://mill.localhost:5000' },
  ])('%j is served', async (headers) => {
    expect((await post(headers)).json()).toMatchObject({ status: 404, code: 'job_not_found' });
  });

  test('uploads are refused before they are read, reading is not', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api/upload',
      headers: { 'sec-fetch-site': 'cross-site', 'content-type': 'multipart/form-data; boundary=x' },
      payload: '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--x--\r\n',
    });
    expect(answer.statusCode).toBe(403);
    expect(await server.files('input')).toEqual([]);
    const read = await get('/api/jobs', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' });
    expect(read.statusCode).toBe(200);
    expect(read.headers).not.toHaveProperty('access-control-allow-origin');
    expect(read.headers['cross-origin-resource-policy']).toBe('same-origin');
    const preflight = await server.app.inject({
      method: 'OPTIONS',
      url: '/api/enqueue',
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.statusCode).toBe(405);
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('the page', () => {
  test('is served with a policy that runs only our own files', async () => {
    const page = await get('/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data: blob:;media-src 'self' blob:;" +
        "font-src 'self';connect-src 'self';manifest-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'same-origin',
    });
    expect(page.headers).not.toHaveProperty('x-powered-by');
    expect(page.headers['cache-control']).toBe('public, max-age=0');
    expect((await get('/api/jobs')).headers['cache-control']).toBe('no-store');
    for (const [, address] of page.body.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
      expect((await get(address ?? '')).statusCode).toBe(200);
    }
    expect(page.body).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style="/);
  });

  test('is not needed', async () => {
    const bare = await startServer({ webRoot: '/nowhere' });
    expect((await bare.app.inject('/')).json()).toMatchObject({ code: 'not_found' });
    expect((await bare.app.inject('/healthz')).statusCode).toBe(200);
    await bare.close();
  });
});
