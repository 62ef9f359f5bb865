/** `extract_key_frame` gives exactly the frame that a player shows at a time. */
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

/** Asks on, just before and just after frame boundaries, in the middle of frames, and at the ends. */
async function expectShown(input: string, options: VideoOptions, zero: number, frames: number[]) {
  const times = frameTimes(options);
  const asked = new Set([0, videoSeconds(options) - LITTLE_S]);
  for (const n of frames) {
    const at = (times[n] as number) - zero;
    for (const shift of [-LITTLE_S, 0, LITTLE_S]) if (at + shift >= 0) asked.add(at + shift);
  }
  const wrong: string[] = [];
  for (const time of asked) {
    const { number, time_s } = await frameAt(input, time);
    const shown = frameShownAt(options, time + zero);
    const right = number === shown && Math.abs(time_s - ((times[shown] as number) - zero)) < 0.0006;
    if (!right) wrong.push(`at ${time}: frame ${number} of ${time_s} s instead of ${shown}`);
  }
  expect(wrong).toEqual([]);
}

describe('the frame shown at a time', () => {
  const clips: [VideoOptions, zero?: number][] = [
    [{}],
    [{ container: 'mov', bFrames: 2, frames: 40 }],
    [{ container: 'mkv', bFrames: 3, frames: 40 }],
    [{ codec: 'vp9' }],
    [{ container: 'ts', bFrames: 2, frames: 40 }, 1.4],
    [{ container: 'ts', start: 3600, audio: [{}] }, 3600],
    [{ codec: 'mpeg4', container: 'avi' }],
    [{ codec: 'mpeg4', container: 'avi', bFrames: 2, frames: 40 }],
    [{ container: 'avi', bFrames: 2, frames: 40 }],
    [{ container: 'flv', bFrames: 2 }],
    [{ codec: 'mpeg2', bFrames: 2, frames: 40 }, 1.4],
    [{ codec: 'hevc', bFrames: 3, frames: 40 }],
    [{ codec: 'av1' }],
    [{ vfr: true }],
    [{ vfr: true, container: 'mkv', bFrames: 2 }],
    [{ vfr: true, container: 'ts' }, 1.4],
    [{ vfr: [0, 0.1, 0.15, 1, 1.5], container: 'mov' }],
    [{ fps: 29.97, frames: 40, bFrames: 2 }],
    [{ fps: 29.97, container: 'mkv' }],
    [{ start: 0.5, audio: [{}] }],
    [{ start: 0.5 }, 0.5],
    [{ layout: 'fragmented', audio: [{}], bFrames: 2 }],
  ];
  it.each(clips)('%o', async (options, zero = 0) => {
    await expectShown(await counterVideo(options), options, zero, [1, 2, 11, 12, 13, 25]);
  });

  it.each(['mp4', 'mov', 'mkv', 'ts', 'avi'] as const)('with an open GOP in %s', async (container) => {
    const options: VideoOptions = { gop: 10, bFrames: 3, openGop: true, frames: 60, container };
    const zero = container === 'ts' ? 1.4 : 0;
    await expectShown(await openGopVideo({ container }), options, zero, [9, 10, 17, 18, 19, 20, 21, 59]);
  });
});
