import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MillError } from '../../src/core/errors.ts';
import type { SourceFacts, StreamFacts } from '../../src/core/facts.ts';
import { type AnyJob, defineJob } from '../../src/core/job.ts';
import type { MediaPlan } from '../../src/core/plan.ts';
import { createRegistry } from '../../src/core/registry.ts';
import type { PlanContext } from '../../src/engine/index.ts';
import { type Engine, executeOrder } from '../../src/runner/execute-order.ts';
import type { WorkOrder } from '../../src/runner/protocol.ts';
import { testFolder, testOrder } from './fixtures/hosts.ts';
import { jobs } from './fixtures/jobs.ts';

const planned = defineJob({
  name: 'planned',
  title: 'planned',
  description: 'A media job that shows what it was given.',
  group: 'video',
  params: z.strictObject({ height: z.number().default(720) }),
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'file', extensions: ['.mp4'] },
  example: { params: {} },
  plan: (source, params, target) => ({
    inputs: [source.name, String(params.height), target.name, target.extension],
    outputs: [],
  }),
  report: (results, source) => ({ message: 'Done.', data: { results, from: source.name } }),
});
const listening: AnyJob = { ...planned, name: 'listening', input: { kind: 'media', needs: 'audio' } };
const bytesOfVideo = defineJob({
  name: 'bytes_of_video',
  title: 'bytes_of_video',
  description: 'A file job that wants a video.',
  group: 'video',
  params: z.strictObject({}),
  input: { kind: 'media', needs: 'video' },
  output: { kind: 'none', extensions: [] },
  example: { params: {} },
  run: async ({ probe, input }) => ({
    message: 'Done.',
    data: { name: (await probe(input as string)).name },
  }),
});
const registry = createRegistry([planned, listening, bytesOfVideo, ...jobs]);

const stream = (kind: 'video' | 'audio', attached_picture = false) =>
  ({ kind, attached_picture, disposition: [], width: 2, height: 2, channels: 2 }) as unknown as StreamFacts;

function fakeEngine(...streams: StreamFacts[]) {
  const calls: { plan: MediaPlan; context: PlanContext }[] = [];
  const facts = { name: 'probed.mp4', streams } as unknown as SourceFacts;
  const engine: Engine = {
    probe: async () => facts,
    look: async () => ({ facts, take: async () => null, [Symbol.dispose]() {} }),
    declarePartial: () => ({ [Symbol.dispose]() {} }),
    async execute(plan, context) {
      calls.push({ plan, context });
      await writeFile(join(context.work, 'target.mp4'), 'movie');
      return [{ kind: 'facts', packets: null, warnings: [] }];
    },
  };
  return { calls, loadEngine: async () => engine };
}

const noEngine = async (): Promise<Engine> => {
  throw new MillError('internal', 'The engine was loaded.');
};

function execute(
  order: WorkOrder,
  {
    loadEngine = noEngine,
    signal = new AbortController().signal,
  }: Partial<Parameters<typeof executeOrder>[1]> = {},
) {
  return executeOrder(order, { registry, loadEngine, signal, progress: () => {}, log: () => {} });
}

async function mediaOrder(task: string, parts: Partial<WorkOrder> = {}) {
  const input = join(await testFolder(), 'input.mp4');
  await writeFile(input, '');
  return await testOrder(task, { input, target: 'target.mp4', ...parts });
}

describe('a media job', () => {
  it('is planned with facts and parsed params, executed, and reports', async () => {
    const { calls, loadEngine } = fakeEngine(stream('video'));
    const order = await mediaOrder('planned', { threads: 3 });
    const outcome = await execute(order, { loadEngine });
    expect(calls[0]?.plan.inputs).toEqual(['probed.mp4', '720', 'target.mp4', '.mp4']);
    expect(calls[0]?.context).toMatchObject({ source: order.input, work: order.work, threads: 3 });
    expect(outcome.report.data).toEqual({
      results: [{ kind: 'facts', packets: null, warnings: [] }],
      from: 'probed.mp4',
    });
    expect(outcome.outputs).toEqual([{ name: 'target.mp4', size_bytes: 5 }]);
  });

  it.each([
    ['planned', [stream('audio')], 'no_video_stream'],
    ['planned', [stream('audio'), stream('video', true)], 'no_video_stream'],
    ['listening', [stream('video')], 'no_audio_stream'],
    ['bytes_of_video', [stream('audio')], 'no_video_stream'],
  ])('%s on the wrong streams fails before any work', async (task, streams, code) => {
    const { calls, loadEngine } = fakeEngine(...streams);
    await expect(execute(await mediaOrder(task), { loadEngine })).rejects.toMatchObject({ code });
    expect(calls).toEqual([]);
  });

  it('cannot write what it does not know', async () => {
    const { loadEngine } = fakeEngine(stream('video'));
    const order = await mediaOrder('planned', { target: 'target.gif' });
    await expect(execute(order, { loadEngine })).rejects.toMatchObject({ code: 'unsupported_output' });
  });

  it('a file job may probe', async () => {
    const { loadEngine } = fakeEngine(stream('video'));
    const { report } = await execute(await mediaOrder('bytes_of_video'), { loadEngine });
    expect(report.data).toEqual({ name: 'probed.mp4' });
  });
});

describe('input', () => {
  it.each([
    ['planned', null, 'input_required'],
    ['planned', '/no/such/file.mp4', 'input_not_found'],
    ['planned', '/', 'invalid_request'],
  ])('%s with %j: %s', async (task, input, code) => {
    await expect(execute(await testOrder(task, { input }))).rejects.toMatchObject({ code });
  });

  it('params are checked again where they are used', async () => {
    const order = await mediaOrder('planned', { params: { heigth: 5 } });
    await expect(execute(order)).rejects.toMatchObject({ code: 'invalid_params' });
  });
});

describe('output', () => {
  it('a document becomes pretty JSON, and data plain JSON', async () => {
    const order = await testOrder('document', { target: 'a.json' });
    const { report, outputs } = await execute(order);
    expect(await readFile(join(order.work, 'a.json'), 'utf8')).toBe('{\n  "answer": 42\n}\n');
    expect(outputs).toEqual([{ name: 'a.json', size_bytes: 19 }]);
    expect(report.data).toEqual({ not_a_number: null, day: '1970-01-01T00:00:00.000Z' });
    expect(report.metrics).toEqual({ good: 1 });
  });

  it('a folder is listed by relative names, sorted', async () => {
    const order = await testOrder('folder', {
      target: 'frames',
      params: { names: ['b.jpg', 'a.jpg', 'sub/c.json'] },
    });
    const { outputs } = await execute(order);
    expect(outputs.map(({ name, size_bytes }) => [name, size_bytes])).toEqual([
      ['a.jpg', 5],
      ['b.jpg', 5],
      ['sub/c.json', 10],
    ]);
  });

  it.each([
    ['write_nothing', { text: 'x' }],
    ['folder', { names: [] }],
  ])('%s that wrote nothing fails', async (task, params) => {
    await expect(execute(await testOrder(task, { params }))).rejects.toMatchObject({
      code: 'output_verification_failed',
    });
  });

  it('a folder where a file was promised fails', async () => {
    const order = await testOrder('write_nothing', { params: { text: 'x' } });
    await mkdir(join(order.work, order.target));
    await expect(execute(order)).rejects.toMatchObject({ code: 'output_verification_failed' });
  });
});

describe('abort', () => {
  it('is the reason, whatever the job makes of it', async () => {
    const controller = new AbortController();
    const loadEngine = async () => {
      controller.abort();
      throw new TypeError('lost its footing');
    };
    await expect(
      execute(await mediaOrder('planned'), { loadEngine, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'canceled' });
  });

  it('of a job that finished all the same is a cancel too', async () => {
    const controller = new AbortController();
    const { loadEngine } = fakeEngine(stream('video'));
    const late = async () => {
      const engine = await loadEngine();
      return {
        ...engine,
        execute: async (...call: Parameters<Engine['execute']>) => {
          const results = await engine.execute(...call);
          controller.abort();
          return results;
        },
      };
    };
    await expect(
      execute(await mediaOrder('planned'), { loadEngine: late, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'canceled' });
  });
});
