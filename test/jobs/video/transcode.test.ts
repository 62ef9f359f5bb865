/** `transcode_h264_to_h265`: every frame, at its time, as good as the default quality promises. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareVideos, countedFrames, packets, streamsOf } from '../../decode/index.ts';
import { counterVideo, cutsVideo, type VideoOptions } from '../../fixtures/media/index.ts';
import { childBoxes } from '../../fixtures/media/mp4-boxes.ts';
import { failJob, runJob } from '../harness.ts';

const FAST = { preset: 'ultrafast' };

async function transcode(input: string, target = 'out.mp4', params: Record<string, unknown> = FAST) {
  const run = await runJob('transcode_h264_to_h265', { input, target, params });
  return { ...run, input };
}

/** Where 0:00 is: at the first frame in transport streams, else where the file says it begins. */
async function timesFromZero(path: string): Promise<{ number: number | null; time_s: number }[]> {
  const frames = await countedFrames(path);
  const { format, start_s } = streamsOf(path);
  if (format === 'avi') return frames.map(({ number }, n) => ({ number, time_s: n / 25 }));
  const zero = format === 'mpegts' ? 0 : Math.max(0, start_s ?? 0);
  const shift = format === 'mpegts' ? (frames[0]?.time_s ?? 0) : zero;
  return frames.map(({ number, time_s }) => ({ number, time_s: time_s - shift }));
}

const halfTick = (path: string) => {
  const { num, den } = streamsOf(path).streams[0]?.time_base ?? { num: 1, den: 1 };
  return num / den / 2;
};

describe('frames and their times', () => {
  /** Small, unless they say otherwise: what counts is when frames are shown. */
  const size = { width: 160, height: 90 };
  const sources: VideoOptions[] = [
    {},
    { container: 'mov', bFrames: 3, frames: 40 },
    { container: 'mkv', vfr: true, bFrames: 2 },
    { vfr: true },
    { vfr: [0, 0.1, 0.15, 1, 1.5] },
    { container: 'ts', bFrames: 2, audio: [{}] },
    { container: 'ts', start: 3600, vfr: true },
    { codec: 'mpeg4', frames: 26 },
    { codec: 'mpeg4', bFrames: 2, frames: 40 },
    { container: 'avi', bFrames: 2, frames: 40 },
    { container: 'flv' },
    { codec: 'mpeg2', bFrames: 2, frames: 40 },
    { codec: 'vp8' },
    { codec: 'vp9' },
    { codec: 'av1' },
    { codec: 'mjpeg' },
    { codec: 'prores', frames: 12 },
    { codec: 'ffv1', frames: 12 },
    { codec: 'hevc', bFrames: 2, openGop: true, gop: 10 },
    { gop: 10, bFrames: 3, openGop: true, frames: 60, container: 'mkv' },
    { fps: 29.97, frames: 40 },
    { fps: 59.94, container: 'ts' },
    { start: -0.2, bFrames: 2 },
    { start: 0.5, audio: [{}] },
    { editList: { startS: 0.4, endS: 1 }, bFrames: 2, audio: [{}] },
    { layout: 'fragmented', audio: [{}] },
    { width: 64, height: 48 },
    { pixFmt: 'yuv444p', frames: 12 },
  ];
  const cases = sources.flatMap((options) =>
    ['out.mp4', 'out.mkv'].map((target) => [options, target] as const),
  );
  it.each(cases)('%o → %s', async (options, target) => {
    const { input, output, report } = await transcode(await counterVideo({ ...size, ...options }), target);
    const [before, after] = [await timesFromZero(input), await timesFromZero(output)];
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number));
    const tolerance = halfTick(output) + halfTick(input) * (target === 'out.mp4' ? 0 : 1) + 2e-6;
    for (const [n, { time_s }] of after.entries())
      expect(Math.abs(time_s - (before[n]?.time_s as number)), `frame ${n}`).toBeLessThanOrEqual(tolerance);
    expect(report.data.frames).toBe(before.length);
    const { streams } = streamsOf(output);
    expect(streams[0]?.codec).toBe('hevc');
    expect(streams[0]?.tag === 'hvc1').toBe(target === 'out.mp4');
  });

  it.each(['out.mov', 'out.m4v', 'out.ts', 'out.flv'])('into %s', async (target) => {
    const { input, output } = await transcode(
      await counterVideo({ ...size, audio: [{}], bFrames: 2 }),
      target,
    );
    const [before, after] = [await timesFromZero(input), await timesFromZero(output)];
    expect(after.map(({ number }) => number)).toEqual(before.map(({ number }) => number));
    for (const [n, { time_s }] of after.entries())
      expect(time_s - (after[0]?.time_s ?? 0)).toBeCloseTo(
        (before[n]?.time_s ?? 0) - (before[0]?.time_s ?? 0),
        2,
      );
    expect(streamsOf(output).streams.map(({ codec }) => codec)).toEqual(['hevc', 'aac']);
  });

  it('the last frame lasts as long as in the source', async () => {
    const options: VideoOptions = { ...size, vfr: [0, 0.1, 0.15, 1] };
    const { input, output } = await transcode(await counterVideo(options));
    expect(streamsOf(output).streams[0]?.duration_s).toBeCloseTo(
      streamsOf(input).streams[0]?.duration_s as number,
      3,
    );
  });
});

describe('the file', () => {
  it.each(['out.mp4', 'out.mov'])('%s is ready to stream: its index comes first', async (target) => {
    const { output } = await transcode(await counterVideo({ audio: [{}], layout: 'index_last' }), target);
    const order = [...childBoxes(readFileSync(output))].map(({ type }) => type);
    expect(order.indexOf('moov')).toBeGreaterThan(0);
    expect(order.indexOf('moov')).toBeLessThan(order.indexOf('mdat'));
    expect(streamsOf(output).streams[0]?.tag).toBe('hvc1');
  });

  it('timestamps rise, and the first is at zero', async () => {
    for (const target of ['out.mp4', 'out.mkv', 'out.ts']) {
      const source: VideoOptions = { width: 160, height: 90, container: 'ts', audio: [{}], frames: 60 };
      const { output } = await transcode(await counterVideo(source), target);
      for (const { kind, packets: list } of await packets(output)) {
        const dts = list.flatMap((packet) => packet.dts ?? []);
        expect(dts, `${target} ${kind}`).toEqual(dts.toSorted((a, b) => (a < b ? -1 : 1)));
        expect(new Set(dts).size).toBe(dts.length);
      }
      if (target !== 'out.ts') expect(streamsOf(output).start_s).toBeCloseTo(0, 1);
    }
  });

  it('cannot hold what its container does not know', async () => {
    const input = await counterVideo();
    const { detail } = await failJob(
      'transcode_h264_to_h265',
      { input, target: 'a.webm' },
      'unsupported_output',
    );
    expect(detail).toMatch(/\.webm file cannot hold hevc/);
  });

  it('progress rises to the end, with speed and time left', async () => {
    // Long enough for a report in the middle, on a fast machine as well.
    const input = await counterVideo({ frames: 250 });
    const { progress } = await transcode(input, 'out.mp4', { preset: 'medium' });
    const percents = progress.flatMap(({ percent }) => percent ?? []);
    expect(percents.length).toBeGreaterThanOrEqual(2);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBeGreaterThan(90);
    expect(progress[0]).toMatchObject({ fps: expect.any(Number), speed: expect.any(Number) });
    expect(progress.at(-1)?.stage).toBe('checking');
  });
});

describe('default quality', () => {
  const sources: [string, () => Promise<string>][] = [
    ['numbers', () => counterVideo({ width: 640, height: 360, frames: 12 })],
    ['cuts', () => cutsVideo({ width: 640, height: 360, frames: 24, cuts: [8, 16] })],
    ['10 bits', () => counterVideo({ codec: 'hevc', pixFmt: 'yuv420p10le', frames: 12 })],
    ['4:4:4', () => counterVideo({ pixFmt: 'yuv444p', frames: 12 })],
    ['MPEG-2', () => counterVideo({ codec: 'mpeg2', bFrames: 2, frames: 12 })],
  ];
  it.each(sources)('%s: SSIM of 0.98 and more', async (_, make) => {
    const { input, output, report } = await transcode(await make(), 'out.mp4', {});
    const { mean, frames } = await compareVideos(input, output);
    expect(frames[0]).toBe(frames[1]);
    expect(mean).toBeGreaterThan(0.98);
    expect(report.data.encoder).toBe('libx265');
  });
});
