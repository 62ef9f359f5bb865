import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyFolder } from '../cli/mediamill.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { type ReceivedSpan, startCollector } from './collector.ts';
import { addressOf, finished, program } from './service.ts';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

test('one trace leads from the request over queue and worker to the reads of the job process', async () => {
  const collector = await startCollector();
  const cwd = emptyFolder();
  mkdirSync(join(cwd, 'data/input'), { recursive: true });
  copyFileSync(await counterVideo(), join(cwd, 'data/input/film.mp4'));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const server = program(['serve', '--no-worker', '--port', '0'], env, cwd);
  const url = await addressOf(server);
  const worker = program(['worker'], env, cwd);

  const answer = await fetch(`${url}/api/enqueue`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
    },
    body: JSON.stringify({
      task: 'transcode_h264_to_h265',
      input_path: 'input/film.mp4',
      params: { preset: 'ultrafast' },
    }),
  });
  const { job_id: id } = (await answer.json()) as { job_id: string };
  await finished(url, id);

  // The request is known by the same name in both logs.
  const request = await server.logged(({ msg, url: path }) => msg === 'request' && path === '/api/enqueue');
  expect(request.reqId).toEqual(expect.any(String));
  const begun = await worker.logged(({ msg, job }) => msg === 'job started' && job === id);
  expect(begun).toMatchObject({ job: id, task: 'transcode_h264_to_h265', reqId: request.reqId });

  // What was not sent yet is sent at the end.
  expect(await worker.stop()).toBe(0);
  expect(await server.stop()).toBe(0);
  await collector.close();

  expect([...collector.paths]).toEqual(['POST /v1/traces']);
  const spans = collector.spans.filter(({ traceId }) => traceId === CALLER.traceId);
  const one = (name: string): ReceivedSpan => {
    const found = spans.filter((span) => span.name === name);
    expect(found, `spans named ${name}`).toHaveLength(1);
    return found[0] as ReceivedSpan;
  };
  const parents: [string, string | undefined][] = [
    ['POST /api/enqueue', CALLER.spanId],
    ['queue', one('POST /api/enqueue').spanId],
    ['job transcode_h264_to_h265', one('POST /api/enqueue').spanId],
    ['prepare', one('job transcode_h264_to_h265').spanId],
    ['run', one('job transcode_h264_to_h265').spanId],
    ['publish', one('job transcode_h264_to_h265').spanId],
    ['probe', one('run').spanId],
    ['read', one('run').spanId],
  ];
  for (const [name, parent] of parents) expect(one(name).parentSpanId, name).toBe(parent);
  expect(spans).toHaveLength(parents.length);

  const [request_, job, run, read] = ['POST /api/enqueue', 'job transcode_h264_to_h265', 'run', 'read'].map(
    one,
  );
  expect(request_?.instance).not.toBe(job?.instance);
  expect(request_?.attributes).toMatchObject({ 'http.response.status_code': 200 });
  expect(job?.attributes).toMatchObject({ 'job.id': id, 'job.end': 'finished' });
  expect(read?.attributes).toMatchObject({ outputs: 'media' });
  const begin = (span?: ReceivedSpan) => BigInt(span?.startTimeUnixNano ?? 0);
  const end = (span?: ReceivedSpan) => BigInt(span?.endTimeUnixNano ?? 0);
  for (const span of spans) expect(end(span)).toBeGreaterThanOrEqual(begin(span));
  expect(end(read) - begin(read)).toBeGreaterThan(0n);
  // Two processes, two clocks of high resolution: a millisecond's difference is none.
  expect(begin(run) - 2_000_000n).toBeLessThan(begin(read));
  expect(end(read)).toBeLessThan(end(run) + 2_000_000n);
}, 120_000);

test('a failed job is an error in its trace, and a collector that is away holds up nobody', async () => {
  const collector = await startCollector();
  const cwd = emptyFolder();
  const env = { MEDIAMILL_MONITORING_OTLP_ENDPOINT: collector.url };
  const server = program(['serve', '--port', '0'], env, cwd);
  const url = await addressOf(server);
  const submit = async () => {
    const answer = await fetch(`${url}/api/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        task: 'download_file',
        attempts: 1,
        params: { url: 'http://127.0.0.1:9/x' },
      }),
    });
    return ((await answer.json()) as { job_id: string }).job_id;
  };
  const failed = async (id: string) => {
    await server.logged(({ msg, job }) => msg === 'attempt failed' && job === id);
  };
  const id = await submit();
  await failed(id);
  await expect
    .poll(() => collector.spans.find(({ name }) => name === 'job download_file'), { timeout: 30_000 })
    .toMatchObject({ attributes: { 'job.id': id, 'error.type': 'blocked_address' }, status: { code: 2 } });
  // Not joined to any other trace: the request brought none.
  const request = collector.spans.find(({ name }) => name === 'POST /api/enqueue');
  expect(request?.parentSpanId ?? '').toBe('');
  await collector.close();

  await failed(await submit());
  expect(await server.stop()).toBe(0);
}, 120_000);
