/** `extract_thumbnails`: small distinct pictures over the whole video, with a sheet and a track for players. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpriteSheet } from '../../../src/engine/sprite.ts';
import { type DecodedImage, readImage } from '../../decode/index.ts';
import { counterVideo, readCounter, type VideoOptions } from '../../fixtures/media/index.ts';
import { type JobRun, readJson, runJob } from '../harness.ts';

async function thumbnails(options: VideoOptions, params: Record<string, unknown>): Promise<JobRun> {
  return await runJob('extract_thumbnails', { input: await counterVideo(options), target: 'thumbs', params });
}

async function numbersOf({ outputs }: JobRun): Promise<(number | null)[]> {
  const files = outputs.filter((path) => basename(path).startsWith('thumb_'));
  return await Promise.all(files.map(async (path) => readCounter(await readImage(path))));
}

describe('which frames', () => {
  const clip: VideoOptions = { frames: 100, gop: 10, bFrames: 2 };

  it('key frames when there are enough', async () => {
    const run = await thumbnails(clip, { count: 5 });
    const numbers = await numbersOf(run);
    expect(numbers).toEqual([10, 30, 50, 70, 90]);
    expect(run.report.warnings).toEqual([]);
  });

  it('exact: the middles of equal parts', async () => {
    expect(await numbersOf(await thumbnails(clip, { count: 4, exact: true }))).toEqual([12, 37, 62, 87]);
  });

  it('other frames where key frames are few; no two equal', async () => {
    const numbers = await numbersOf(await thumbnails({ frames: 30, gop: 30 }, { count: 6 }));
    expect(new Set(numbers).size).toBe(6);
    expect(numbers).toEqual([2, 7, 12, 17, 22, 27]);
  });

  it('all frames of a short video, and a warning', async () => {
    const run = await thumbnails({ frames: 3 }, { count: 10 });
    expect(await numbersOf(run)).toEqual([0, 1, 2]);
    expect(run.report.warnings).toEqual(['The video has only 3 frames; 10 were asked for.']);
  });

  it('ten of 320 pixels by default, with an index', async () => {
    const run = await thumbnails({ ...clip, width: 640, height: 360 }, {});
    const { images } = await readJson<{ images: { file: string; width: number; height: number }[] }>({
      ...run,
      output: `${run.output}/index.json`,
    });
    expect(images).toHaveLength(10);
    expect(images[0]).toMatchObject({ file: 'thumb_0001.jpg', width: 320, height: 180 });
    expect(await readImage(`${run.output}/thumb_0001.jpg`)).toMatchObject({ width: 320, height: 180 });
  });

  it('turned and with square pixels', async () => {
    const run = await thumbnails({ rotation: 90, sar: { num: 2, den: 1 } }, { count: 2, width: 160 });
    expect(await readImage(`${run.output}/thumb_0001.jpg`)).toMatchObject({ width: 160, height: 180 });
    expect(new Set(await numbersOf(run)).size).toBe(2);
  });
});

describe('the sheet', () => {
  const CUE =
    /^(\d\d:\d\d:\d\d\.\d{3}) --> (\d\d:\d\d:\d\d\.\d{3})\nsprite\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)$/;
  const seconds = (clock: string) => {
    const [h, m, s] = clock.split(':').map(Number) as [number, number, number];
    return h * 3600 + m * 60 + s;
  };

  function tile(sheet: DecodedImage, left: number, top: number, width: number, height: number) {
    const luma = Buffer.alloc(width * height);
    for (let y = 0; y < height; y++)
      sheet.luma.copy(
        luma,
        y * width,
        (top + y) * sheet.width + left,
        (top + y) * sheet.width + left + width,
      );
    return { width, height, luma };
  }

  it.each([1, 2, 5, 7])('%i pictures: each cue shows the picture of its time', async (count) => {
    const options: VideoOptions = { frames: 50, bFrames: 2 };
    const run = await thumbnails(options, { count, width: 96, sprite: true, exact: true });
    const sheet = await readImage(`${run.output}/sprite.jpg`);
    const [head, ...cues] = (await readFile(`${run.output}/sprite.vtt`, 'utf8')).trim().split('\n\n');
    expect(head).toBe('WEBVTT');
    expect(cues).toHaveLength(count);
    const numbers = await numbersOf(run);
    let before = 0;
    for (const [i, cue] of cues.entries()) {
      const match = CUE.exec(cue);
      const [x, y, w, h] = (match?.slice(3) ?? []).map(Number) as [number, number, number, number];
      const [start, end] = [seconds(match?.[1] ?? ''), seconds(match?.[2] ?? '')];
      expect([w, h]).toEqual([96, 54]);
      expect(readCounter(tile(sheet, x, y, w, h)), cue).toBe(numbers[i]);
      expect(start).toBe(before);
      const time = (numbers[i] as number) / 25;
      expect(start <= time && time < end, cue).toBe(true);
      before = end;
    }
    expect(before).toBe(2);
  });

  it('is refused when it would be too large', () => {
    expect(() => new SpriteSheet({ width: 320, height: 180 }, 10_000)).toThrow(
      /"sprite": a sheet of 10000 pictures of 320×180 is too large; choose fewer/,
    );
  });

  it('is as large as its pictures need', async () => {
    const run = await thumbnails({ frames: 50 }, { count: 5, width: 64, sprite: true, exact: true });
    const { width, height } = await readImage(`${run.output}/sprite.jpg`);
    expect([width, height]).toEqual([3 * 64, 2 * 36]);
  });
});
