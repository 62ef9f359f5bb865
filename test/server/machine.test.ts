import { afterEach, expect, test } from 'vitest';
import { configSchema } from '../../src/core/config.ts';
import { keepHistory } from '../../src/server/history.ts';
import { shownSettings } from '../../src/server/settings.ts';
import { multipart, startServer, type TestServer } from './fixtures/server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('the installation in one answer', async () => {
  let asked = 0;
  server = await startServer({
    machine: {
      inspect: async () => {
        asked += 1;
        return {
          ffmpeg_version: '8.1',
          encoders: [{ name: 'h264_nvenc', works: false, reason: 'no device' }],
          decoders: [
            { name: 'nvdec', codecs: ['h264'], differs: [], reason: null },
            { name: 'vaapi', codecs: [], differs: ['hevc'], reason: 'hevc comes out differently' },
          ],
        };
      },
      origins: { 'server.port': 'flag' },
    },
  });
  const look = async () => (await server?.app.inject({ method: 'GET', url: '/api/system' }))?.json();
  expect(await look()).toMatchObject({
    version: '1.2.3',
    cpu: { cores: expect.any(Number) },
    storage: { type: 'local' },
    queue: { backend: 'embedded', paused: false },
    disk: [
      { name: 'input', path: '/data/input' },
      { name: 'output', path: '/data/output', free_bytes: expect.any(Number) },
    ],
  });
  const system = await look();
  expect(asked).toBe(1);
  expect(system.inspection).toEqual({ state: 'ready', detail: null });
  expect(system.encoders).toEqual([
    { name: 'h264_nvenc', kind: 'video', hardware: 'nvenc', works: false, reason: 'no device' },
  ]);
  expect(system.decoders).toEqual([
    { name: 'nvdec', codecs: ['h264'], differs: [], reason: null },
    { name: 'vaapi', codecs: [], differs: ['hevc'], reason: 'hevc comes out differently' },
  ]);
  expect(system.memory.total_bytes).toBeGreaterThanOrEqual(system.memory.available_bytes);
  expect(system.settings).toContainEqual(
    expect.objectContaining({
      key: 'server.port',
      origin: 'flag',
      description: expect.stringContaining('port'),
    }),
  );
  await server.queue.pause('maintenance');
  expect((await look()).queue.paused).toBe(true);
});

test('options of an encoder are read once; a name that is none is told so', async () => {
  const read: string[] = [];
  server = await startServer({
    machine: {
      encoderOptions: async (name) => {
        read.push(name);
        if (name !== 'libx265') return null;
        return [{ name: 'crf', help: 'quality', takes: 'a number', values: [], default: null }];
      },
    },
  });
  const ask = async (name: string) =>
    server?.app.inject({ method: 'GET', url: `/api/encoders/${name}/options` });
  expect((await ask('libx265'))?.json()).toMatchObject({ encoder: 'libx265', options: [{ name: 'crf' }] });
  expect((await ask('libx265'))?.statusCode).toBe(200);
  expect(read).toEqual(['libx265']);
  expect((await ask('libx266'))?.json()).toMatchObject({ status: 404, code: 'not_found' });
  expect((await ask('..%2F..%2Fx'))?.statusCode).toBe(400);
});

test('secrets are not shown', () => {
  const config = configSchema.parse({ redis: { url: 'rediss://mill:hunter2@redis.example:6379/1' } });
  const shown = JSON.stringify(shownSettings(config, {}));
  expect(shown).not.toContain('hunter2');
  expect(shown).toContain('rediss://mill:***@redis.example:6379/1');
});

test('the history has what happened since the point before', async () => {
  const counts = { queued: 1, scheduled: 1, deferred: 1, started: 2, finished: 10, failed: 1, canceled: 0 };
  const history = keepHistory({
    queue: { counts: async () => ({ ...counts }) },
    storage: { freeBytes: async () => 123 },
  });
  await history.look();
  counts.finished = 14;
  counts.failed = 0;
  await history.look();
  const { step_s, points } = history.of(60);
  expect(step_s).toBe(10);
  expect(points).toHaveLength(2);
  expect(points[0]).toMatchObject({ waiting: 3, started: 2, finished: 0, disk_free_bytes: 123 });
  // Four more; one that failed was forgotten, which is no job undone.
  expect(points[1]).toMatchObject({ finished: 4, failed: 0 });
  expect(history.of(1440).step_s).toBe(60);
});

test('jobs are counted by task, and keep the name of their file', async () => {
  server = await startServer();
  const form = multipart([
    { name: 'task', value: 'shout_text' },
    { name: 'file', file: 'Käse & 日本 <b>.txt', content: 'x' },
  ]);
  const accepted = (await server.app.inject({ method: 'POST', url: '/api/process', ...form })).json();
  const job = (await server.app.inject({ method: 'GET', url: `/api/jobs/${accepted.job_id}` })).json();
  expect(job).toMatchObject({ input_name: 'Käse & 日本 <b>.txt', input_size_bytes: 1, plan: null });
  const counts = (await server.app.inject({ method: 'GET', url: '/api/jobs/counts?by=task' })).json();
  expect(counts).toMatchObject({ status: { queued: 1 }, task: { shout_text: { queued: 1, failed: 0 } } });
  expect(Object.keys(counts.task)).toEqual(['shout_text']);
  const series = await server.app.inject({ method: 'GET', url: `/api/jobs/${accepted.job_id}/series` });
  expect(series.json()).toEqual({ samples: [] });
});

test('a failed job comes with ways out, in the list and by itself', async () => {
  server = await startServer();
  const [job] = await server.queue.enqueue([
    {
      task: 'shout_text',
      input_path: '/data/input/x.txt',
      output_path: '/data/output/x.txt',
      params: {},
      attempts: 1,
    },
  ]);
  const claim = await server.queue.claim('fixture', 60_000);
  if (!claim) throw new Error('nothing to claim');
  await server.queue.fail(claim, {
    code: 'timed_out',
    title: 't',
    detail: 'd',
    next: 'n',
    retryable: false,
    facts: { timeout_seconds: 10 },
  });
  const one = (await server.app.inject({ method: 'GET', url: `/api/jobs/${job?.id}` })).json();
  expect(one.error.suggestions[0]).toMatchObject({ kind: 'retry_with', timeout_seconds: 40, primary: true });
  const list = (await server.app.inject({ method: 'GET', url: '/api/jobs' })).json();
  expect(list.jobs[0].error.suggestions).toEqual(one.error.suggestions);
});
