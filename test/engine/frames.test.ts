/** How frames are found and picked: by scanning, by seeking about in large files, and riding along in a decode. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FrameChoice, ImagesOutput, MediaOutput, PlannedOutput } from '../../src/core/plan.ts';
import { chooseFrames, shownAt, tickAt } from '../../src/engine/frames/choose.ts';
import { execute, type PlanContext } from '../../src/engine/index.ts';
import { resolveChoice } from '../../src/engine/taps/images.ts';
import { readImage } from '../decode/index.ts';
import { counterVideo, openGopVideo, readCounter, type VideoOptions } from '../fixtures/media/index.ts';
import { contextOf } from './plan-context.ts';

const images = (choose: FrameChoice, folder = 'images'): ImagesOutput => ({
  kind: 'images',
  stream: 0,
  choose,
  to: { folder, prefix: 'a' },
  format: 'png',
  width: 96,
  quality: 90,
  index: false,
  sprite: false,
});

const clips: VideoOptions[] = [
  {},
  { bFrames: 3, container: 'mkv', frames: 60 },
  { bFrames: 2, container: 'mov', frames: 60, vfr: true },
  { bFrames: 2, container: 'ts', frames: 60 },
  { bFrames: 2, codec: 'mpeg2', frames: 60 },
  { codec: 'vp9', container: 'webm' },
  { codec: 'hevc', bFrames: 3, gop: 10, openGop: true, container: 'mkv', frames: 60 },
  { gop: 10, bFrames: 3, openGop: true, frames: 60, container: 'mp4' },
  { gop: 10, bFrames: 3, openGop: true, frames: 60, container: 'ts' },
  { start: -0.2, bFrames: 2 },
  { editList: { startS: 0.4, endS: 1 }, bFrames: 2, audio: [{}] },
  { layout: 'fragmented', bFrames: 2, frames: 60 },
  { container: 'flv' },
  { codec: 'mpeg4' },
];

describe('large files', () => {
  it.each(clips)('seeking about finds what a scan finds: %o', async (options) => {
    const context = await contextOf(await counterVideo(options));
    const end = context.facts.format.duration_s ?? 1;
    const times_s = Array.from({ length: 40 }, (_, i) => (((i * 17) % 40) * end) / 40);
    for (const kind of ['at', 'keyframe_before'] as const) {
      const plan = images({ kind, times_s });
      const scanned = await resolveChoice(plan, context);
      const sought = await resolveChoice(plan, context, 0);
      expect(sought.pts, kind).toEqual(scanned.pts);
      expect(sought.places).toEqual(scanned.places);
      expect(new Set(scanned.pts).size).toBeGreaterThan(1);
    }
  });

  it('thumbnails are distinct key frames, or frames in between where key frames are few', async () => {
    const context = await contextOf(await counterVideo({ gop: 10, frames: 60, bFrames: 2 }));
    const [video] = context.facts.streams;
    const few = await resolveChoice(images({ kind: 'spread_keyframes', count: 3 }), context, 0);
    const frame = (pts: bigint) => Math.round(Number(pts) * (video?.time_base.value ?? 0) * 25);
    expect(few.pts.map(frame).every((n) => n % 10 === 0)).toBe(true);
    expect(new Set(few.pts).size).toBe(3);
    const many = await resolveChoice(images({ kind: 'spread_keyframes', count: 20 }), context, 0);
    expect(new Set(many.pts).size).toBe(20);
  });

  it('frames that were located are picked', async () => {
    const context = await contextOf(await openGopVideo({ container: 'ts' }));
    const big = { ...context, facts: { ...context.facts, size_bytes: 1e12 } };
    const times_s = [0, 0.3, 0.36, 0.76, 2.3];
    const [made] = await execute({ inputs: [], outputs: [images({ kind: 'at', times_s })] }, big);
    expect(await numbersOf(big, made)).toEqual([0, 7, 9, 19, 57]);
  });
});

async function numbersOf({ work }: PlanContext, result: unknown): Promise<(number | null)[]> {
  const made = result as { images: { file: string }[] };
  return await Promise.all(
    made.images.map(async ({ file }) => readCounter(await readImage(join(work, file)))),
  );
}

describe('riding along in a decode', () => {
  it.each(clips)('gives the same images as seeking: %o', async (options) => {
    const context = await contextOf(await counterVideo(options));
    const choices: FrameChoice[] = [
      { kind: 'spread', count: 5 },
      { kind: 'at', times_s: [0.5, 0, 0.31, 0.31] },
      { kind: 'keyframe_before', times_s: [0.55] },
    ];
    const media: MediaOutput = {
      kind: 'media',
      file: 'out.mkv',
      tracks: [
        {
          kind: 'video',
          stream: 0,
          encoder: 'libx264',
          options: { preset: 'ultrafast', crf: 30 },
          size: null,
          pixel_format: 'source',
        },
      ],
      dropped: [],
      metadata: 'keep',
      chapters: 'keep',
    };
    const scenes: PlannedOutput = { kind: 'scenes', stream: 0, threshold: 0.3, min_scene_s: 0 };
    const picked = await execute(
      { inputs: [], outputs: choices.map((choice, i) => images(choice, `picked${i}`)) },
      context,
    );
    const [first, , ...along] = await execute(
      { inputs: [], outputs: [media, scenes, ...choices.map((choice, i) => images(choice, `along${i}`))] },
      context,
    );
    expect(first?.kind).toBe('media');
    for (const [i, result] of along.entries()) {
      const other = picked[i];
      if (result.kind !== 'images' || other?.kind !== 'images') throw new Error('No images');
      expect(result.images.map(({ time_s }) => time_s)).toEqual(other.images.map(({ time_s }) => time_s));
      expect(await numbersOf(context, result)).toEqual(await numbersOf(context, other));
      for (const [n, { file }] of result.images.entries()) {
        const same = await readFile(join(context.work, other.images[n]?.file as string));
        expect(same.equals(await readFile(join(context.work, file))), file).toBe(true);
      }
    }
  });
});

describe('streams that cannot be entered anywhere', () => {
  it('a picture that is refreshed bit by bit is decoded from far enough before', async () => {
    const options: VideoOptions = {
      container: 'ts',
      frames: 60,
      options: { 'x264-params': 'intra-refresh=1:keyint=15:min-keyint=15:scenecut=0:bframes=0' },
    };
    const context = await contextOf(await counterVideo(options));
    const times_s = [0.2, 1.2, 1.3, 2.2];
    const [made] = await execute({ inputs: [], outputs: [images({ kind: 'at', times_s })] }, context);
    expect(await numbersOf(context, made)).toEqual([5, 30, 32, 55]);
  });
});

describe('the arithmetic of time', () => {
  const base = { num: 1, den: 25 };
  const times = { pts: [0n, 1n, 2n, 5n, 6n], keys: [0n, 5n], end: 8n, complete: true };

  it('a tick has begun when its time has come, and not before', () => {
    expect([0, 0.0399, 0.04, 0.28, 0.2799].map((time) => tickAt(time, base))).toEqual([0n, 0n, 1n, 7n, 6n]);
    expect(tickAt(2.002, { num: 1001, den: 30000 })).toBe(60n);
  });

  it('a frame is shown until the next one begins', () => {
    expect([-1n, 0n, 1n, 2n, 4n, 5n, 9n].map((at) => shownAt(times.pts, at))).toEqual([0, 0, 1, 2, 2, 3, 4]);
  });

  it('choices', () => {
    const choose = (choice: FrameChoice) => chooseFrames(choice, times, base, 0).map(Number);
    expect(choose({ kind: 'at', times_s: [0.17, 0] })).toEqual([2, 0]);
    expect(choose({ kind: 'keyframe_before', times_s: [0.17, 0.21] })).toEqual([0, 5]);
    expect(choose({ kind: 'spread', count: 2 })).toEqual([2, 6]);
    expect(choose({ kind: 'spread', count: 4 })).toEqual([1, 2, 5, 6]);
    expect(choose({ kind: 'spread', count: 9 })).toEqual([0, 1, 2, 5, 6]);
    expect(choose({ kind: 'spread_keyframes', count: 2 })).toEqual([0, 5]);
    expect(choose({ kind: 'spread_keyframes', count: 3 })).toEqual([1, 2, 6]);
    expect(chooseFrames({ kind: 'spread', count: 3 }, { ...times, pts: [], keys: [] }, base, 0)).toEqual([]);
  });
});
