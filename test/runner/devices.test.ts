/** Jobs of one worker that want the same device. The device is a promise of the inspection: nothing here needs one. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs as tasks } from '../../src/jobs/index.gen.ts';
import type { Claim, Queue } from '../../src/queue/port.ts';
import type { DecoderTrial, EncoderTrial } from '../../src/runner/device-choice.ts';
import { createDevices, type Devices, runWithDevice } from '../../src/runner/devices.ts';
import type { Outcome, WorkOrder } from '../../src/runner/protocol.ts';
import { compareVideos } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { until } from './fixtures/processes.ts';
import { openWorkplace, type Workplace } from './fixtures/workplace.ts';

const PATIENCE_MS = 30_000;
const ANY = ['hevc_nvenc', 'hevc_qsv', 'libx265'];

const decoders = (differs: string[] = []): DecoderTrial[] => [
  { name: 'nvdec', codecs: differs.length > 0 ? [] : ['h264', 'hevc'], differs },
  { name: 'qsv', codecs: ['h264'], differs: [] },
];

/** A machine on which these work, and what was asked of it. */
function machine(working: string[], slots = 1, decode = true, decoding = decoders()) {
  const seen = { inspections: 0 };
  const trials: EncoderTrial[] = ['hevc_nvenc', 'hevc_qsv'].map((name) => {
    const works = working.includes(name);
    return { name, works, reason: works ? null : 'No card.' };
  });
  const devices = createDevices({
    slots,
    decode,
    async inspect() {
      seen.inspections += 1;
      return { encoders: trials, decoders: decoding };
    },
  });
  return { seen, devices };
}

/** Takes a place as another job of the same worker would. */
async function occupy(devices: Devices, encoder: string): Promise<Disposable> {
  const signal = new AbortController().signal;
  const wish = await devices.wish([encoder], signal);
  if (!wish) throw new Error('No device was wanted.');
  return await wish.reserve({ signal, waits() {}, log() {} });
}

const borrow = (place: Workplace, encoders: string[], params: Record<string, unknown> = {}) =>
  place.enqueue('borrow', { params: { encoders, ...params }, attempts: 1 });

const stageOf = async (place: Workplace, id: string) => (await place.queue.get(id))?.progress?.stage;
const waiting = async (place: Workplace, id: string) =>
  await until(async () => (await stageOf(place, id)) === 'waiting for a device', PATIENCE_MS);

describe('test encodes', () => {
  it('are made when the first job wants hardware, and once', async () => {
    const place = await openWorkplace();
    const { seen, devices } = machine(['hevc_nvenc']);
    place.start({ devices });
    const plain = [await borrow(place, []), await borrow(place, ['libx265']), await place.enqueue('talk')];
    for (const { id } of plain) expect((await place.settled(id)).status).toBe('finished');
    expect(seen.inspections).toBe(0);
    for (let count = 0; count < 2; count++) await place.settled((await borrow(place, ANY)).id);
    expect(seen.inspections).toBe(1);
  });

  it('that cannot be made keep nobody from trying what was asked for', async () => {
    const place = await openWorkplace();
    const inspect = () => Promise.reject(new Error('driver gone'));
    place.start({ devices: createDevices({ slots: 1, decode: true, inspect }) });
    const jobs = [await borrow(place, ANY), await borrow(place, ['hevc_nvenc'])];
    for (const { id } of jobs)
      expect(await place.settled(id)).toMatchObject({ status: 'finished', result: { warnings: [] } });
  });

  it('that take long can be canceled', async () => {
    const place = await openWorkplace();
    place.start({ devices: createDevices({ slots: 1, decode: true, inspect: () => new Promise(() => {}) }) });
    const { id } = await borrow(place, ['hevc_nvenc']);
    await place.settled(id, 'started');
    await place.queue.cancel(id);
    expect((await place.settled(id)).status).toBe('canceled');
  });
});

describe('a device that does not work', () => {
  it('fails a job that insists on it, with the reason of the test encode', async () => {
    const place = await openWorkplace();
    place.start({ devices: machine([]).devices });
    const { id } = await borrow(place, ['hevc_nvenc']);
    expect(await place.settled(id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: {
        code: 'encoder_unavailable',
        detail: 'The encoder hevc_nvenc does not work here: No card.',
        facts: { encoder: 'hevc_nvenc' },
      },
    });
  });

  it('is named in the warnings where software stands in, and is no news to a job that takes any', async () => {
    const place = await openWorkplace();
    place.start({ devices: machine([]).devices });
    const named = await borrow(place, ['hevc_nvenc', 'libx265']);
    const any = await borrow(place, ANY);
    expect((await place.settled(named.id)).result?.warnings).toEqual([
      'The encoder hevc_nvenc does not work here: No card. libx265 was used instead.',
    ]);
    expect((await place.settled(any.id)).result?.warnings).toEqual([]);
  });

  it('is every device when there are no places at all', async () => {
    const place = await openWorkplace();
    const { seen, devices } = machine(['hevc_nvenc'], 0);
    place.start({ devices });
    const [any, named] = [await borrow(place, ANY), await borrow(place, ['hevc_nvenc'])];
    expect((await place.settled(any.id)).status).toBe('finished');
    expect((await place.settled(named.id)).error?.detail).toMatch(/hevc_nvenc .*hardware_slots/);
    expect(seen.inspections).toBe(0);
  });
});

describe('a device that is taken', () => {
  it('is waited for by a job that insists on it, with its lease', async () => {
    const place = await openWorkplace();
    const { devices } = machine(['hevc_nvenc']);
    const other = await occupy(devices, 'hevc_nvenc');
    place.start({ devices, leaseMs: 600 });
    const { id } = await borrow(place, ['hevc_nvenc']);
    await waiting(place, id);
    // Longer than the lease.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await place.queue.get(id)).toMatchObject({ status: 'started', attempts: 1 });
    other[Symbol.dispose]();
    expect(await place.settled(id)).toMatchObject({ status: 'finished', attempts: 1 });
    (await occupy(devices, 'hevc_nvenc'))[Symbol.dispose]();
  });

  it('is no reason to wait for a job that may do without, or take another', async () => {
    const place = await openWorkplace();
    const { devices } = machine(['hevc_nvenc', 'hevc_qsv']);
    const others = [await occupy(devices, 'hevc_nvenc')];
    place.start({ devices });
    const second = await borrow(place, ANY);
    expect(await place.settled(second.id)).toMatchObject({ status: 'finished', result: { warnings: [] } });
    expect(await place.queue.logs(second.id)).toEqual([]);
    others.push(await occupy(devices, 'hevc_qsv'));
    const any = await borrow(place, ANY);
    const named = await borrow(place, ['hevc_nvenc', 'libx265']);
    expect((await place.settled(any.id)).result?.warnings).toEqual([]);
    const [line] = await place.queue.logs(any.id);
    expect(line?.text).toBe('Every place of nvenc and qsv is taken; libx265 encodes.');
    expect((await place.settled(named.id)).result?.warnings).toEqual([
      'The encoder hevc_nvenc was busy with other jobs. libx265 was used instead.',
    ]);
    for (const other of others) other[Symbol.dispose]();
  });

  it('by a job of the same worker comes free when that ends, however it ends', async () => {
    const place = await openWorkplace();
    const { devices } = machine(['hevc_nvenc']);
    place.start({ devices, concurrency: 2 });
    const one = await borrow(place, ['hevc_nvenc'], { hold_ms: 60_000 });
    await until(async () => (await stageOf(place, one.id)) === 'encoding', PATIENCE_MS);
    const two = await borrow(place, ['hevc_nvenc'], { crash: true });
    await waiting(place, two.id);
    await place.queue.cancel(one.id);
    expect((await place.settled(one.id)).status).toBe('canceled');
    expect((await place.settled(two.id)).error?.code).toBe('crashed');
    const three = await borrow(place, ['hevc_nvenc']);
    expect((await place.settled(three.id)).status).toBe('finished');
  });

  it('is waited for no longer by a job that is canceled, overdue, or given back', async () => {
    const place = await openWorkplace();
    const { devices } = machine(['hevc_nvenc']);
    const other = await occupy(devices, 'hevc_nvenc');
    const worker = place.start({ devices, concurrency: 3 });
    const canceled = await borrow(place, ['hevc_nvenc']);
    const overdue = await place.enqueue('borrow', {
      params: { encoders: ['hevc_nvenc'] },
      timeout_seconds: 2,
      attempts: 1,
    });
    const released = await borrow(place, ['hevc_nvenc']);
    await waiting(place, canceled.id);
    await waiting(place, released.id);
    await place.queue.cancel(canceled.id);
    expect((await place.settled(canceled.id)).status).toBe('canceled');
    expect((await place.settled(overdue.id)).error?.code).toBe('timed_out');
    await worker.stop(0);
    expect(await place.queue.get(released.id)).toMatchObject({ status: 'queued', attempts: 0 });
    other[Symbol.dispose]();
    (await occupy(devices, 'hevc_nvenc'))[Symbol.dispose]();
  });
});

describe('decoding', () => {
  const orderOf = async (devices: Devices, encoders: string[]) => {
    let given: Partial<WorkOrder> = {};
    const wait = { signal: new AbortController().signal, waits() {}, log() {} };
    await runWithDevice(
      await devices.wish(encoders, wait.signal),
      { id: 'one' } as WorkOrder,
      async (order) => {
        given = order;
        return { report: { warnings: [] } } as unknown as Outcome;
      },
      wait,
    );
    return given;
  };

  it('follows the device that was granted, and nothing else', async () => {
    const { devices } = machine(['hevc_nvenc', 'hevc_qsv']);
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: ['nvenc'], decode_on: 'nvenc' });
    using _taken = await occupy(devices, 'hevc_nvenc');
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: ['qsv'], decode_on: 'qsv' });
    using _both = await occupy(devices, 'hevc_qsv');
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: [] });
    expect(await orderOf(devices, ['libx265'])).toEqual({ id: 'one' });
  });

  it('stays in software where that is set', async () => {
    const { devices } = machine(['hevc_nvenc'], 1, false);
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: ['nvenc'] });
  });

  it.each([
    ['where a codec came out differently', decoders(['hevc'])],
    ['where no codec came out', [{ name: 'nvdec', codecs: [], differs: [] }]],
    ['where it was not tried', []],
  ])('stays in software %s, though encoding does not', async (_, decoding) => {
    const { devices } = machine(['hevc_nvenc'], 1, true, decoding);
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: ['nvenc'] });
  });

  it('of another device is no worse for that', async () => {
    const { devices } = machine(['hevc_qsv'], 1, true, decoders(['av1']));
    expect(await orderOf(devices, ANY)).toEqual({ id: 'one', devices: ['qsv'], decode_on: 'qsv' });
  });

  it.each([
    ['fail', () => Promise.reject(new Error('driver gone'))],
    ['are not to be had', () => Promise.resolve(null)],
  ])('stays in software when the trials %s', async (_, inspect) => {
    const devices = createDevices({ slots: 1, decode: true, inspect });
    expect(await orderOf(devices, ['hevc_nvenc'])).toEqual({ id: 'one', devices: ['nvenc'] });
  });
});

it('a device that only pretends is found out, and the film is whole', async () => {
  const place = await openWorkplace();
  // Large, as small pictures are decoded in software anyway.
  const source = await counterVideo({ width: 1280, height: 720, frames: 10, bFrames: 2 });
  await copyFile(source, join(place.inputRoot, 'a.mp4'));
  const { devices } = machine(['hevc_nvenc', 'hevc_qsv']);
  place.start({ devices, registry: createRegistry(tasks), registryModule: undefined, timeoutMs: 120_000 });
  const { id } = await place.enqueue('transcode_h264_to_h265', {
    input_path: '/data/input/a.mp4',
    output_path: '/data/output/a.mp4',
    params: { codec: 'hevc_nvenc', hardware_fallback: true },
    attempts: 1,
  });
  const job = await place.settled(id);
  expect(job).toMatchObject({ status: 'finished', result: { data: { frames: 10 } } });
  expect((await compareVideos(source, join(place.outputRoot, 'a.mp4'))).frames).toEqual([10, 10]);
  expect(job.plan?.steps[0]?.detail).toMatch(/, decoded on nvdec$/);
  // Where the device is really there, it decodes and encodes.
  if (job.result?.data.encoder === 'hevc_nvenc') return;
  const texts = async () => (await place.queue.logs(id)).map(({ text }) => text);
  await expect
    .poll(texts, { timeout: 10_000 })
    .toContainEqual(
      expect.stringMatching(/^Stream 0 is decoded in software and not on nvdec: No cuda device .+\.$/),
    );
  // Nor does the library behind the encoder talk of what it does.
  expect((await texts()).filter((text) => text.startsWith('x265'))).toEqual([]);
});

/** Two jobs at a time, as one claim with its mate. */
function inPairs(queue: Queue): Queue {
  return {
    ...queue,
    async claim(...call): Promise<Claim | null> {
      const first = await queue.claim(...call);
      const second = first && (await queue.claim(...call));
      return first && second ? { ...first, mates: [second] } : first;
    },
  };
}

it('jobs that share a process do not wait for each other when they want the same device', async () => {
  const place = await openWorkplace();
  const { devices } = machine(['hevc_nvenc']);
  const pair = [await borrow(place, ['hevc_nvenc']), await borrow(place, ['hevc_nvenc'])];
  place.start({ devices, queue: inPairs(place.queue) });
  for (const { id } of pair)
    expect(await place.settled(id)).toMatchObject({ status: 'finished', result: { warnings: [] } });
  const texts = (await Promise.all(pair.map(({ id }) => place.queue.logs(id)))).flat();
  expect(texts.map(({ text }) => text)).toEqual(['Every place of nvenc is taken; this job waits for one.']);
});

it('a job opens the encoders of its device only', async () => {
  const place = await openWorkplace();
  await copyFile(await counterVideo(), join(place.inputRoot, 'a.mp4'));
  // None of them is known to the job as broken: it would try each that it may use.
  const { devices } = machine(['hevc_nvenc', 'hevc_qsv']);
  place.start({ devices, registry: createRegistry(tasks), registryModule: undefined, timeoutMs: 120_000 });
  const transcode = (params: Record<string, unknown>) =>
    place.enqueue('transcode_h264_to_h265', {
      input_path: '/data/input/a.mp4',
      output_path: '/data/output/a.mp4',
      params: { preset: 'ultrafast', ...params },
      attempts: 1,
    });
  const ended = async (params: Record<string, unknown>) => await place.settled((await transcode(params)).id);

  using _nvenc = await occupy(devices, 'hevc_nvenc');
  const tried = await ended({ hardware: 'auto' });
  // Where the device is really there, it encodes.
  if (tried.result?.data.encoder === 'libx265')
    expect(tried.result.warnings).toEqual([expect.stringMatching(/hevc_qsv.*libx265 was used instead/)]);
  else expect(tried.result?.data.encoder).toBe('hevc_qsv');

  using _qsv = await occupy(devices, 'hevc_qsv');
  const software = await ended({ hardware: 'auto' });
  expect(software.result).toMatchObject({ data: { encoder: 'libx265', frames: 30 }, warnings: [] });
  expect((await readFile(join(place.outputRoot, 'a.mp4'))).length).toBeGreaterThan(1000);
});
