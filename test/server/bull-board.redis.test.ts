/** BullMQ's dashboard on a real Redis and in a real browser. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboard } from '../../src/server/bull-board.ts';
import { emptyFolder, mediamill } from '../cli/mediamill.ts';
import { failure, put, result, take } from '../contracts/queue/kit.ts';
import {
  queuesOn,
  type RedisQueues,
  type RedisServer,
  startRedis,
  whyNoRedis,
} from '../queue/redis-server.ts';
import { startServer, type TestServer } from './fixtures/server.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const missing =
  whyNoRedis() ??
  (existsSync(CHROMIUM) || process.env.CI ? null : `left out: there is no Chromium at ${CHROMIUM}`);

/** Where pictures of the page go, when somebody wants to look at them. */
const PICTURES = process.env.MILL_PICTURES;

describe.skipIf(missing !== null)(
  missing ?? 'the dashboard of a queue on Redis',
  { timeout: 120_000 },
  () => {
    let redis: RedisServer;
    let queues: RedisQueues;
    let server: TestServer;
    let browser: Browser;
    let origin: string;
    let waiting: string;
    let done: string;

    beforeAll(async () => {
      redis = await startRedis();
      queues = queuesOn(redis);
      const queue = await queues.open();
      server = await startServer({
        queue: () => queue,
        dashboard: dashboard({ url: redis.url, queueName: queues.queueName, queue }),
      });
      done = (await put(queue, { task: 'extract_audio', input_path: '/data/input/talk.mp4' })).id;
      const claim = await take(queue);
      await queue.log(claim, [{ level: 'info', text: 'one line of the log' }]);
      await queue.complete(claim, result('Audio extracted.'));
      await put(queue, { task: 'broken_task' });
      await queue.fail(await take(queue), failure('corrupt_media', 'The file ends early.'));
      waiting = (await put(queue, { task: 'make_thumbnail', params: { width: 320 } })).id;
      origin = await server.listen();
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await server?.close();
      await queues?.dispose();
      await redis?.dispose();
    });

    async function open(path: string) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' });
      const complaints: string[] = [];
      const elsewhere: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
          elsewhere.push(request.url());
        }
      });
      await page.addInitScript(
        `document.addEventListener('securitypolicyviolation', (event) =>
        console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
      );
      await page.goto(`${origin}${path}`);
      return { page, complaints, elsewhere };
    }

    test('shows the queue, its jobs by task and id, and nothing that changes them', async () => {
      const { page, complaints, elsewhere } = await open('/queues');
      await page.getByText(queues.queueName).first().waitFor();
      if (PICTURES) await page.screenshot({ path: join(PICTURES, 'queues.png') });
      await page.goto(`${origin}/queues/queue/${queues.queueName}?status=prioritized`);
      await page.getByText('make_thumbnail').first().waitFor();
      await page.getByText(waiting).first().waitFor();
      if (PICTURES) await page.screenshot({ path: join(PICTURES, 'queues-waiting.png') });
      for (const name of [/promote/i, /delete|clean|remove/i, /retry/i, /pause/i, /obliterate/i]) {
        expect(await page.getByRole('button', { name }).count(), String(name)).toBe(0);
      }
      await page.goto(`${origin}/queues/queue/${queues.queueName}/${done}?status=completed`);
      await page.getByText('extract_audio').first().waitFor();
      await page.getByText('/data/input/talk.mp4').first().waitFor();
      if (PICTURES) await page.screenshot({ path: join(PICTURES, 'queues-job.png') });
      expect(complaints).toEqual([]);
      expect(elsewhere).toEqual([]);
      await page.close();
    });

    test('a job is there with what people need: task, paths, params, log, why it failed', async () => {
      const of = async (id: string) =>
        (await server.app.inject(`/queues/api/queues/${queues.queueName}/${id}`)).json();
      expect(await of(waiting)).toMatchObject({
        job: { id: waiting, name: 'make_thumbnail', data: { params: { width: 320 } } },
        status: 'prioritized',
      });
      expect(await of(done)).toMatchObject({ job: { returnValue: 'Audio extracted.' }, status: 'completed' });
      const logs = await server.app.inject(`/queues/api/queues/${queues.queueName}/${done}/logs`);
      expect(logs.body).toContain('one line of the log');
      const failed = await server.app.inject(
        `/queues/api/queues?activeQueue=${queues.queueName}&status=failed&page=1`,
      );
      expect(failed.body).toContain('The file ends early.');
    });

    test.each([
      ['PUT', 'pause'],
      ['PUT', 'resume'],
      ['PUT', 'QUEUE/obliterate'],
      ['PUT', 'QUEUE/empty'],
      ['PUT', 'QUEUE/JOB/clean'],
      ['PUT', 'QUEUE/JOB/promote'],
      ['PATCH', 'QUEUE/JOB/priority'],
      ['POST', 'QUEUE/add'],
    ] as const)('%s %s is refused', async (method, path) => {
      const url = `/queues/api/queues/${path.replace('QUEUE', queues.queueName).replace('JOB', waiting)}`;
      const answer = await server.app.inject({ method, url, payload: {} });
      expect(answer.statusCode).toBe(405);
      expect(answer.json()).toMatchObject({
        code: 'method_not_allowed',
        detail: expect.stringContaining('looking'),
      });
      expect((await server.queue.get(waiting))?.status).toBe('queued');
      const meta = await redis.client().hgetall(`bull:${queues.queueName}:meta`);
      expect(meta.paused).toBeUndefined();
    });

    test('requests of other sites are refused before, and only its pages may set styles', async () => {
      const foreign = await server.app.inject({
        method: 'PUT',
        url: '/queues/api/queues/pause',
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      expect(foreign.json().code).toBe('cross_site_request');
      const policy = async (url: string) =>
        String((await server.app.inject(url)).headers['content-security-policy']);
      expect(await policy('/queues/')).toContain('unsafe-inline');
      expect(await policy('/api/tasks')).not.toContain('unsafe-inline');
      expect((await server.app.inject('/queues/')).body).not.toContain('googleapis');
    });

    test('with the embedded queue the program does not start, and says why', async () => {
      const { code, stderr } = await mediamill(['serve', '--no-worker', '--port', '0'], {
        cwd: emptyFolder(),
        env: { MEDIAMILL_MONITORING_BULL_BOARD: 'true' },
      });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/bull_board .*Redis.*embedded/);
    });

    test('it is in no description of the API, and away when it is not asked for', async () => {
      expect((await server.app.inject('/openapi.json')).body).not.toContain('/queues');
      const without = await startServer();
      try {
        for (const path of ['/queues', '/queues/', '/queues/api/queues']) {
          expect((await without.app.inject(path)).statusCode, path).toBe(404);
        }
      } finally {
        await without.close();
      }
    });
  },
);
