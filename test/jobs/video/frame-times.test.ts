/** `extract_key_frame` gives exactly the frame that a player shows at a time. */
import { describe, expect, it } from 'vitest';
import { countedFrames, readImage, streamsOf } from '../../decode/index.ts';
import {
  counterVideo,
  openGopVideo,
  readCounter,
  type VideoOptions,
  videoSeconds,
} from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

/** Less than the distance of any two frames, more than the rounding of any container. */
const LITTLE_S = 0.004;

/** Number and time of the frame at `timestamp`. */
async function frameAt(input: string, timestamp: number | string, params: Record<string, unknown> = {}) {
  const { report, output } = await runJob('extract_key_frame', {
    input,
    target: 'frame.jpg',
    params: { timestamp, width: 96, ...params },
  });
  return { number: readCounter(await readImage(output)), time_s: report.data.time_s as number, report };
}

interface Timeline {
  /** Number and time (from 0:00) of every frame, in the order they are shown. */
  frames: { number: number; at: number }[];
  end: number;
}

/**
 * What an independent decoder shows and when. In transport streams the first frame is 0:00. AVI has no timestamps:
 * frame n is at n / fps, whatever the decoder says.
 */
async function timelineOf(path: string, options: VideoOptions): Promise<Timeline> {
  const frames = await countedFrames(path);
  const { start_s, format } = streamsOf(path);
  const zero = format === 'mpegts' ? (frames[0]?.time_s ?? 0) : Math.max(0, start_s ?? 0);
  return {
    frames: frames.map(({ number, time_s }, n) => ({
      number: number as number,
      at: format === 'avi' ? n / 25 : time_s - zero,
    })),
    end: videoSeconds(options),
  };
}

/** Asks on, just before and just after frame boundaries, and at both ends. */
async function expectShown(path: string, options: VideoOptions, around: number[]) {
  const { frames, end } = await timelineOf(path, options);
  const asked = new Set([0, Math.max((frames.at(-1)?.at ?? 0) + LITTLE_S, end - LITTLE_S)]);
  for (const { at } of around.flatMap((n) => frames[n] ?? []))
    for (const shift of [-LITTLE_S, 0, LITTLE_S]) if (at + shift >= 0) asked.add(at + shift);
  const wrong: string[] = [];
  for (const time of asked) {
    const { number, time_s } = await frameAt(path, time);
    const shown = frames.findLast(({ at }) => at <= time + 1e-6) ?? (frames[0] as (typeof frames)[0]);
    if (number !== shown.number || Math.abs(time_s - shown.at) > 2e-6)
      wrong.push(`at ${time}: frame ${number} of ${time_s} s instead of ${shown.number} of ${shown.at} s`);
  }
  expect(wrong).toEqual([]);
  expect(asked.size).toBeGreaterThan(4);
}

describe('the frame shown at a time', () => {
  const size = { width: 160, height: 90 };
  const clips: VideoOptions[] = [
    {},
    { container: 'mov', bFrames: 2, frames: 40 },
    { container: 'mkv', bFrames: 3, frames: 40 },
    { codec: 'vp9' },
    { codec: 'vp8' },
    { codec: 'av1' },
    { container: 'ts', bFrames: 2, frames: 40 },
    { container: 'ts', start: 3600, audio: [{}] },
    { codec: 'mpeg4' },
    { codec: 'mpeg4', bFrames: 2, frames: 40 },
    { container: 'avi', bFrames: 2, frames: 40 },
    { container: 'flv', bFrames: 2 },
    { codec: 'mpeg2', bFrames: 2, frames: 40 },
    { codec: 'hevc', bFrames: 3, frames: 40 },
    { codec: 'mjpeg' },
    { vfr: true },
    { vfr: true, container: 'mkv', bFrames: 2 },
    { vfr: true, container: 'ts' },
    { vfr: [0, 0.1, 0.15, 1, 1.5], container: 'mov' },
    { fps: 29.97, frames: 40, bFrames: 2 },
    { fps: 29.97, container: 'mkv' },
    { start: 0.5, audio: [{}] },
    { start: 0.5 },
    { start: -0.2 },
    { start: -0.2, bFrames: 2 },
    { editList: { startS: 0.4, endS: 1 }, bFrames: 2, audio: [{}] },
    { editList: { startS: 0.5 }, container: 'mov' },
    { layout: 'fragmented', audio: [{}], bFrames: 2 },
    { layout: 'index_last' },
  ];
  it.each(clips)('%o', async (options) => {
    // Twelve begins a group of pictures.
    await expectShown(await counterVideo({ ...size, ...options }), options, [1, 12, 13, 25]);
  });

  it.each(['mp4', 'mov', 'mkv', 'ts', 'avi'] as const)('with an open GOP in %s', async (container) => {
    const options: VideoOptions = { gop: 10, bFrames: 3, openGop: true, frames: 60, container };
    await expectShown(await openGopVideo({ ...size, container }), options, [9, 10, 17, 18, 19, 20, 21, 59]);
  });
});
