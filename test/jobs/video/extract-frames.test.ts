/** `extract_frames`: exactly the frames that were asked for, each once, with an index of their times. */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../decode/index.ts';
import {
  counterVideo,
  frameShownAt,
  frameTimes,
  openGopVideo,
  readCounter,
  type VideoOptions,
  videoSeconds,
} from '../../fixtures/media/index.ts';
import { failJob, type JobRun, readJson, runJob } from '../harness.ts';

interface Index {
  images: { file: string; time_s: number; width: number; height: number; size_bytes: number }[];
}

const small = { width: 96, quality: 80 };

async function extract(input: string, params: Record<string, unknown>): Promise<JobRun> {
  return await runJob('extract_frames', { input, target: 'frames', params: { ...small, ...params } });
}

/** Numbers in the images, in the order of their file names. */
async function numbersOf({ outputs }: JobRun): Promise<(number | null)[]> {
  const numbers: (number | null)[] = [];
  for (const path of outputs.filter((file) => !file.endsWith('.json')))
    numbers.push(readCounter(await readImage(path)));
  return numbers;
}

const indexOf = async (run: JobRun) =>
  (await readJson<Index>({ ...run, output: `${run.output}/index.json` })).images;

describe('evenly spaced', () => {
  const clips: VideoOptions[] = [
    {},
    { container: 'mkv', bFrames: 3, frames: 40 },
    { container: 'ts', vfr: true },
    { codec: 'mpeg4', bFrames: 2 },
    { codec: 'vp9', frames: 25 },
    { container: 'mov', start: -0.2 },
    { container: 'mp4', gop: 10, bFrames: 3, openGop: true, frames: 60 },
  ];
  it.each(clips)(
    '%o: each image is the frame in the middle of its part, none comes twice',
    async (options) => {
      const path = await counterVideo(options);
      const times = frameTimes(options).filter((time) => time >= -1e-9);
      const hidden = frameTimes(options).length - times.length;
      const count = Math.min(4, times.length - 1);
      const run = await extract(path, { count });
      const numbers = await numbersOf(run);
      const start = times[0] as number;
      const length = videoSeconds(options) - hidden / 25;
      const middles = Array.from({ length: count }, (_, i) => start + ((i + 0.5) * length) / count);
      const shown = middles.map((time) => frameShownAt(options, time));
      expect(numbers).toEqual(shown);
      expect(new Set(numbers).size).toBe(count);
      expect(run.report.warnings).toEqual([]);
    },
  );

  it('distinct even where one frame is shown for most of the time', async () => {
    const run = await extract(await counterVideo({ vfr: [0, 0.1, 0.15, 1, 1.5] }), { count: 4 });
    expect(await numbersOf(run)).toEqual([1, 2, 3, 4]);
  });

  it.each([1, 29, 30])('%i of 30 frames', async (count) => {
    const run = await extract(await counterVideo(), { count });
    const numbers = await numbersOf(run);
    expect(numbers).toHaveLength(count);
    expect(new Set(numbers).size).toBe(count);
    expect(numbers).toEqual([...numbers].sort((a, b) => Number(a) - Number(b)));
    expect(run.report).toMatchObject({ data: { count }, warnings: [], metrics: { images: count } });
  });

  it('more than there are: all of them, and a warning', async () => {
    const run = await extract(await counterVideo({ frames: 7 }), { count: 20 });
    expect(await numbersOf(run)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(run.report.warnings).toEqual(['The video has only 7 frames; 20 were asked for.']);
  });

  it('all frames of every kind of stream', async () => {
    const clips: VideoOptions[] = [
      { codec: 'mjpeg', frames: 12 },
      { codec: 'mpeg4', bFrames: 2, frames: 25 },
      { codec: 'hevc', container: 'mkv', bFrames: 3, openGop: true, frames: 30 },
      { container: 'ts', bFrames: 2, frames: 30 },
      { vfr: true, container: 'mkv', frames: 20 },
      { layout: 'fragmented', bFrames: 2, frames: 20 },
    ];
    for (const options of clips) {
      const count = options.frames as number;
      const run = await extract(await counterVideo(options), { count });
      expect(await numbersOf(run), JSON.stringify(options)).toEqual(
        Array.from({ length: count }, (_, n) => n),
      );
    }
  });

  it('10 when nobody says how many', async () => {
    expect(await numbersOf(await extract(await counterVideo(), {}))).toHaveLength(10);
  });
});

describe('at given times', () => {
  it('the images keep the order of the times', async () => {
    const options: VideoOptions = { vfr: true, container: 'mkv', bFrames: 2 };
    const times = [1.2, 0, '00:00:00.500', '50%', 0.04, 1.2];
    const run = await extract(await counterVideo(options), { timestamps: times });
    const half = videoSeconds(options) / 2;
    const seconds = [1.2, 0, 0.5, half, 0.04, 1.2];
    expect(await numbersOf(run)).toEqual(seconds.map((time) => frameShownAt(options, time)));
    for (const [i, { time_s }] of (await indexOf(run)).entries())
      expect(time_s).toBeCloseTo(
        frameTimes(options)[frameShownAt(options, seconds[i] as number)] as number,
        5,
      );
  });

  it('every half second', async () => {
    const options: VideoOptions = { frames: 60, bFrames: 2 };
    const run = await extract(await counterVideo(options), { every_seconds: 0.5 });
    expect(await numbersOf(run)).toEqual([0, 12, 25, 37, 50]);
  });

  it('many at once from an open GOP are those that are picked one by one', async () => {
    const container = 'ts';
    const options: VideoOptions = { gop: 10, bFrames: 3, openGop: true, frames: 60, container };
    const times = Array.from({ length: 45 }, (_, i) => ((i * 37) % 45) * 0.053);
    const run = await extract(await openGopVideo({ container }), { timestamps: times });
    expect(await numbersOf(run)).toEqual(times.map((time) => frameShownAt(options, 1.4 + time)));
  });

  it('a time behind the end is refused', async () => {
    const { detail } = await failJob(
      'extract_frames',
      { input: await counterVideo(), target: 'frames', params: { timestamps: [0, 1.3] } },
      'invalid_params',
    );
    expect(detail).toMatch(/1\.3 s lies behind the end of the video at 1\.200 s/);
  });

  it('two ways of choosing are refused', async () => {
    const params = { count: 3, every_seconds: 1 };
    const { detail } = await failJob(
      'extract_frames',
      { input: await counterVideo(), target: 'frames', params },
      'invalid_params',
    );
    expect(detail).toMatch(/"every_seconds": cannot be given together with "count"/);
  });
});

describe('the folder', () => {
  it.each(['jpg', 'png', 'webp'] as const)('%s files with an index', async (format) => {
    const run = await extract(await counterVideo(), { count: 3, format });
    const files = ['frame_0001', 'frame_0002', 'frame_0003'].map((name) => `${name}.${format}`);
    expect(run.outputs.map((path) => basename(path))).toEqual([...files, 'index.json']);
    const index = await indexOf(run);
    expect(index.map(({ file }) => file)).toEqual(files);
    expect(run.report.data.images).toEqual(index);
    for (const [i, image] of index.entries()) {
      const read = await readImage(run.outputs[i] as string);
      expect(read).toMatchObject({ width: 96, height: 54 });
      expect(image).toMatchObject({ width: 96, height: 54 });
      expect(image.time_s).toBeCloseTo(([5, 15, 25][i] as number) / 25, 6);
      expect(readCounter(read)).toBe([5, 15, 25][i]);
    }
  });

  it('progress never falls and ends near the end', async () => {
    const { progress } = await extract(await counterVideo(), { count: 10 });
    const percents = progress.map(({ percent }) => percent as number);
    expect(percents.length).toBeGreaterThan(3);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBeGreaterThan(90);
  });
});
