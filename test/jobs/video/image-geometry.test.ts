/** Images show the picture as a display does: turned, mirrored, with square pixels, never enlarged. */
import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DecodedImage, decodeVideo, meanColor, readImage } from '../../decode/index.ts';
import {
  BAR_COLORS,
  colourBars,
  counterVideo,
  hdrVideo,
  readCounter,
  type VideoOptions,
} from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';
import { mirrored, mirrorPlane } from './mirrored.ts';

async function frameOf(
  input: string,
  params: Record<string, unknown> = {},
  target = 'frame.png',
): Promise<DecodedImage> {
  const { output, report } = await runJob('extract_key_frame', {
    input,
    target,
    params: { timestamp: 0.2, ...params },
  });
  const image = await readImage(output);
  expect(report.data).toMatchObject({ width: image.width, height: image.height });
  return image;
}

const sizeOf = ({ width, height }: DecodedImage) => `${width}x${height}`;

describe('rotation', () => {
  const containers = ['mp4', 'mov', 'mkv'] as const;
  const cases = containers.flatMap((container) =>
    ([90, 180, 270] as const).map((rotation) => ({ container, rotation })),
  );
  it.each(cases)('%o is upright', async (options) => {
    const image = await frameOf(await counterVideo(options));
    expect(sizeOf(image)).toBe('320x180');
    expect(readCounter(image)).toBe(5);
  });

  it.each([0, 90, 180, 270] as const)('%i degrees and mirrored', async (rotation) => {
    const image = await frameOf(await mirrored(await counterVideo({ rotation })));
    expect(sizeOf(image)).toBe('320x180');
    expect(readCounter(image)).toBeNull();
    expect(readCounter({ ...image, luma: mirrorPlane(image.luma, image.width) })).toBe(5);
  });
});

describe('pixels that are not square', () => {
  const cases: [VideoOptions, params: Record<string, unknown>, size: string][] = [
    [{ sar: { num: 2, den: 1 } }, {}, '640x180'],
    [{ sar: { num: 1, den: 2 } }, {}, '160x180'],
    [{ sar: { num: 4, den: 3 } }, {}, '427x180'],
    [{ sar: { num: 4, den: 3 }, container: 'mkv' }, { width: 213 }, '213x90'],
    [{ sar: { num: 4, den: 3 }, container: 'ts' }, {}, '427x180'],
    // The fixture's upright picture is 320×180; its coded pixels are twice as wide as they are high.
    [{ sar: { num: 2, den: 1 }, rotation: 90 }, {}, '320x360'],
    [{ sar: { num: 2, den: 1 }, rotation: 270 }, { width: 160 }, '160x180'],
    [{ sar: { num: 2, den: 1 }, rotation: 180 }, {}, '640x180'],
  ];
  it.each(cases)('%o %o: %s', async (options, params, size) => {
    const image = await frameOf(await counterVideo(options), params);
    expect(sizeOf(image)).toBe(size);
    expect(readCounter(image)).toBe(5);
  });
});

describe('size', () => {
  it.each([
    [160, '160x90'],
    [101, '101x57'],
    [16, '16x9'],
    [320, '320x180'],
    [4000, '320x180'],
  ])('width %i: %s', async (width, size) => {
    for (const target of ['frame.jpg', 'frame.webp'])
      expect(sizeOf(await frameOf(await counterVideo(), { width }, target))).toBe(size);
  });
});

describe('formats and quality', () => {
  it.each(['frame.jpg', 'frame.jpeg', 'frame.webp'])('%s: less quality, smaller file', async (target) => {
    const input = await counterVideo();
    const sizes: number[] = [];
    for (const quality of [5, 60, 100]) {
      const run = await runJob('extract_key_frame', { input, target, params: { timestamp: 0, quality } });
      sizes.push(statSync(run.output).size);
    }
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(new Set(sizes).size).toBe(3);
  });

  const coloured: VideoOptions[] = [
    {},
    { codec: 'ffv1', pixFmt: 'yuv444p' },
    { codec: 'prores' },
    { codec: 'mjpeg' },
    { codec: 'ffv1', pixFmt: 'bgr0', color: {} },
    { codec: 'hevc', color: { matrix: 'bt2020nc', range: 'tv' } },
    { codec: 'hevc', color: { matrix: 'bt709', range: 'pc' } },
  ];
  it.each(['frame.png', 'frame.jpg', 'frame.webp'])('%s has the colours of the video', async (target) => {
    for (const options of coloured) {
      const source = await colourBars({ frames: 6, ...options });
      const [shown] = await decodeVideo(source, { rgb: true });
      const image = await frameOf(source, { quality: 95 }, target);
      for (let bar = 0; bar < BAR_COLORS.length; bar++) {
        const found = meanColor(image, { left: bar * 40 + 12, top: 60, width: 16, height: 60 });
        const at = (90 * 320 + bar * 40 + 20) * 3;
        for (const [channel, value] of [...(shown?.rgb.subarray(at, at + 3) ?? [])].entries())
          expect(Math.abs((found[channel] as number) - value), `${source} bar ${bar}: ${found}`).toBeLessThan(
            6,
          );
      }
    }
  });

  it('ten bits become eight', async () => {
    expect(readCounter(await frameOf(await hdrVideo(), {}, 'frame.jpg'))).toBe(5);
  });

  it('other names are refused', async () => {
    await failJob(
      'extract_key_frame',
      { input: await counterVideo(), target: 'a.gif' },
      'unsupported_output',
    );
  });
});

describe('the time', () => {
  it('by default one second', async () => {
    const { output, report } = await runJob('extract_key_frame', {
      input: await counterVideo(),
      target: 'a.png',
    });
    expect(readCounter(await readImage(output))).toBe(25);
    expect(report).toMatchObject({ message: '320×180 at 1 s', data: { time_s: 1 }, warnings: [] });
  });

  it.each([
    ['00:00:00.440', 11],
    ['0:00.44', 11],
    ['50%', 15],
    [0.44, 11],
  ])('%s', async (timestamp, number) => {
    expect(readCounter(await frameOf(await counterVideo(), { timestamp }))).toBe(number);
  });

  it('behind the end: the last frame, and a warning', async () => {
    const { output, report } = await runJob('extract_key_frame', {
      input: await counterVideo({ container: 'mkv', bFrames: 2 }),
      target: 'a.png',
      params: { timestamp: 100 },
    });
    expect(readCounter(await readImage(output))).toBe(29);
    expect(report.warnings).toEqual(['The video ends at 1.2 s; its last frame was taken.']);
  });

  it('mode keyframe: the key frame at or before it', async () => {
    for (const container of ['mp4', 'mkv', 'ts'] as const) {
      const input = await counterVideo({ container, gop: 10, bFrames: 2 });
      for (const [timestamp, number] of [
        [0.39, 0],
        [0.4, 10],
        [0.79, 10],
        [1.19, 20],
      ] as const)
        expect(readCounter(await frameOf(input, { timestamp, mode: 'keyframe' }))).toBe(number);
    }
  });
});
