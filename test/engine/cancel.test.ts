/** An abort ends the work soon, wherever it is, and leaves nothing open. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { toMillError } from '../../src/core/errors.ts';
import { counterVideo, cutsVideo, solidPng } from '../fixtures/media/index.ts';
import { type JobRequest, runIn, testFolder } from '../jobs/harness.ts';

/** The engine looks at the signal every 30 ms; encoders of small pictures are quick to close. */
const SOON_MS = 4000;

const film = () => counterVideo({ frames: 500, width: 640, height: 360, audio: [{}] });

/** Files of the folder or fixtures that this process still has open. */
function openFiles(...paths: string[]): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return paths.some((path) => target.startsWith(path)) ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** Aborts after some time; answers how the job ended and how long after the abort. */
async function abortAfter(ms: number, task: string, request: JobRequest) {
  const controller = new AbortController();
  const work = await testFolder();
  let aborted = 0;
  const timer = sleep(ms).then(() => {
    aborted = performance.now();
    controller.abort();
  });
  const outcome = await runIn(work, task, { ...request, signal: controller.signal }).then(
    () => 'finished' as const,
    (error: unknown) => toMillError(error).code,
  );
  const after = performance.now() - aborted;
  await timer;
  expect(openFiles(work, request.input as string)).toEqual([]);
  return { outcome, after };
}

const JOBS: [name: string, make: () => Promise<[task: string, request: JobRequest]>][] = [
  [
    'a transcode',
    async () => [
      'transcode_h264_to_h265',
      { input: await film(), target: 'a.mp4', params: { preset: 'slow' } },
    ],
  ],
  [
    'a resize',
    async () => [
      'resize_to_720p',
      { input: await film(), target: 'a.mkv', params: { height: 270, preset: 'slow', codec: 'libx264' } },
    ],
  ],
  [
    'a watermark',
    async () => [
      'apply_watermark',
      {
        input: await film(),
        target: 'a.mp4',
        params: { watermark_path: await solidPng(), preset: 'slower' },
      },
    ],
  ],
  [
    'a pick of frames',
    async () => [
      'extract_frames',
      { input: await film(), target: 'frames', params: { count: 500, format: 'png' } },
    ],
  ],
  [
    'an animation',
    async () => [
      'create_animated_gif',
      { input: await film(), target: 'a.gif', params: { duration: 20, fps: 25 } },
    ],
  ],
];

// What is measured is the work, not the loading of the code and the making of the film.
beforeAll(async () => {
  await import('../../src/engine/index.ts');
  await film();
});

describe('an abort', () => {
  const cases = JOBS.flatMap(([name, make]) => [5, 40, 250].map((ms) => [name, ms, make] as const));
  it.each(cases)('of %s after %i ms', async (_, ms, make) => {
    const [task, request] = await make();
    const { outcome, after } = await abortAfter(ms, task, request);
    expect(outcome).toBe('canceled');
    expect(after).toBeLessThan(SOON_MS);
  });

  it('before the work has begun', async () => {
    const signal = AbortSignal.abort();
    for (const [, make] of JOBS) {
      const [task, request] = await make();
      const work = await testFolder();
      await expect(runIn(work, task, { ...request, signal })).rejects.toMatchObject({ code: 'canceled' });
      expect(readdirSync(work)).toEqual([]);
    }
  });

  it('while a long group of pictures is decoded for one frame', async () => {
    const input = await cutsVideo({ frames: 800, gop: 800, width: 640, height: 360, cuts: [] });
    const request = { input, target: 'a.jpg', params: { timestamp: 31.9 } };
    const { outcome, after } = await abortAfter(60, 'extract_key_frame', request);
    expect(outcome).toBe('canceled');
    expect(after).toBeLessThan(SOON_MS);
  });

  it('by the first word of progress', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const [task, request] = await (JOBS[0] as (typeof JOBS)[0])[1]();
    const work = await testFolder();
    const run = runIn(work, task, { ...request, signal: controller.signal, onProgress });
    await expect(run).rejects.toMatchObject({ code: 'canceled' });
  });
});

it('finished work leaves no file open', async () => {
  const work = await testFolder();
  const input = await counterVideo({ audio: [{}] });
  await runIn(work, 'transcode_h264_to_h265', { input, target: 'a.mp4', params: { preset: 'ultrafast' } });
  await runIn(work, 'extract_frames', { input, target: 'frames', params: { count: 3 } });
  await runIn(work, 'create_animated_gif', { input, target: 'a.gif' });
  expect(openFiles(work, input)).toEqual([]);
});
