/** `apply_watermark`: the right pixels in the right colours at the right time, and nothing else changed. */
import { describe, expect, it } from 'vitest';
import { mapFrames, meanColor, packets, readImage, streamsOf } from '../../decode/index.ts';
import {
  alphaPixel,
  alphaPng,
  counterVideo,
  photoJpeg,
  type SolidOptions,
  solidPng,
  solidVideo,
  textFile,
  truncate,
  type VideoOptions,
} from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';

const BLUE = [20, 40, 160] as const;
const RED = { fill: [230, 30, 30, 255] as const };
type Color = readonly [number, number, number, ...number[]];

async function mark(
  video: string,
  watermark_path: string,
  params: Record<string, unknown> = {},
  target = 'out.mp4',
) {
  return await runJob('apply_watermark', {
    input: video,
    target,
    params: { watermark_path, preset: 'ultrafast', crf: 4, ...params },
  });
}

/** The picture at a time as a display shows it. */
async function shown(path: string, timestamp = 0) {
  const { output } = await runJob('extract_key_frame', {
    input: path,
    target: 'frame.png',
    params: { timestamp },
  });
  return await readImage(output);
}

type Picture = Awaited<ReturnType<typeof shown>>;

function expectColor(
  picture: Picture,
  area: [x: number, y: number, w: number, h: number],
  color: Color,
  within = 8,
) {
  const [left, top, width, height] = area;
  const found = meanColor(picture, { left, top, width, height });
  for (let i = 0; i < 3; i++)
    expect(
      Math.abs((found[i] as number) - (color[i] as number)),
      `${area}: ${found.map(Math.round)} for ${color}`,
    ).toBeLessThan(within);
}

type Box = [x: number, y: number, w: number, h: number];

/** The box is red, and what is two pixels around it is not. */
function expectBox(picture: Picture, [x, y, w, h]: Box, within = 8) {
  expectColor(picture, [x + 2, y + 2, w - 4, h - 4], RED.fill, within);
  const around: Box[] = [
    [x - 6, y, 3, h],
    [x + w + 3, y, 3, h],
    [x, y - 6, w, 3],
    [x, y + h + 3, w, 3],
  ];
  for (const area of around) {
    const [left, top, width, height] = area;
    if (left < 0 || top < 0 || left + width > picture.width || top + height > picture.height) continue;
    expectColor(picture, area, BLUE, within);
  }
}

const video = (options: SolidOptions = {}) => solidVideo({ fill: BLUE, frames: 5, ...options });

describe('where it is', () => {
  const places: [position: string, x: number, y: number][] = [
    ['top-left', 12, 12],
    ['top', 140, 12],
    ['top-right', 268, 12],
    ['left', 12, 78],
    ['center', 140, 78],
    ['right', 268, 78],
    ['bottom-left', 12, 144],
    ['bottom', 140, 144],
    ['bottom-right', 268, 144],
  ];
  it.each(places)('%s', async (position, x, y) => {
    const image = await solidPng({ width: 40, height: 24, ...RED });
    const { output } = await mark(await video(), image, { position, margin: 12 });
    expectBox(await shown(output), [x, y, 40, 24]);
  });

  it('bottom right, ten pixels from the edges, by default', async () => {
    const { output } = await mark(await video(), await solidPng({ width: 40, height: 24, ...RED }));
    expectBox(await shown(output), [270, 146, 40, 24]);
  });

  it.each([
    [0, [280, 156, 40, 24]],
    [30, [250, 126, 40, 24]],
  ] as const)('margin %i', async (margin, box) => {
    const { output } = await mark(await video(), await solidPng({ width: 40, height: 24, ...RED }), {
      margin,
    });
    expectBox(await shown(output), [...box]);
  });

  it.each([
    [0.25, [0, 0, 80, 40]],
    [0.5, [0, 0, 160, 80]],
    [1, [0, 0, 320, 160]],
  ] as const)('scale %f of the width', async (scale, box) => {
    const image = await solidPng({ width: 100, height: 50, ...RED });
    const { output } = await mark(await video(), image, { scale, margin: 0, position: 'top-left' });
    expectBox(await shown(output), [...box]);
  });

  it.each([
    [{ width: 640, height: 90 }, [0, 68, 320, 45]],
    [{ width: 100, height: 720 }, [148, 0, 25, 180]],
  ] as const)('an image of %o, larger than the video, is made to fit', async (size, box) => {
    const image = await solidPng({ ...size, ...RED });
    const { output } = await mark(await video(), image, { position: 'center', margin: 0 });
    const [x, y, w, h] = box;
    expectColor(await shown(output), [x + 3, y + 3, w - 6, h - 6], RED.fill);
    if (h < 180) expectColor(await shown(output), [0, 0, 320, y - 3], BLUE);
    else expectColor(await shown(output), [0, 0, x - 3, 180], BLUE);
  });

  it('odd sizes', async () => {
    const image = await solidPng({ width: 33, height: 17, ...RED });
    const { output } = await mark(await video({ width: 318, height: 182 }), image, {
      position: 'top-left',
      margin: 7,
    });
    expectBox(await shown(output), [7, 7, 33, 17]);
  });
});

describe('turned and stretched videos', () => {
  const clips: [SolidOptions, size: string][] = [
    [{ rotation: 90 }, '320x180'],
    [{ rotation: 180 }, '320x180'],
    [{ rotation: 270 }, '320x180'],
    [{ rotation: 90, container: 'mkv' }, '320x180'],
    [{ sar: { num: 2, den: 1 }, width: 160 }, '320x180'],
    [{ sar: { num: 1, den: 2 }, width: 640 }, '320x180'],
    [{ sar: { num: 2, den: 1 }, rotation: 90, height: 90 }, '320x180'],
  ];
  it.each(clips)('%o: where a display shows it', async (options, size) => {
    const target = options.container === 'mkv' ? 'out.mkv' : 'out.mp4';
    const image = await solidPng({ width: 60, height: 30, ...RED });
    const { output } = await mark(await video(options), image, { position: 'top-right', margin: 20 }, target);
    const picture = await shown(output);
    expect(`${picture.width}x${picture.height}`).toBe(size);
    // Scaling up rings at edges.
    expectBox(picture, [240, 20, 60, 30], options.sar ? 14 : 8);
  });

  it.each([0, 90, 180, 270] as const)('the mark itself is upright at %i degrees', async (rotation) => {
    const { output } = await mark(await video({ rotation }), await alphaPng(), {
      position: 'left',
      margin: 0,
    });
    const picture = await shown(output);
    // Red on the left, green at the bottom right, nothing at the top right.
    expectColor(picture, [4, 50, 40, 80], [255, 0, 0], 14);
    expectColor(picture, [56, 42, 40, 4], BLUE, 22);
    expectColor(picture, [56, 132, 40, 4], [0, 244, 10], 22);
  });

  it('in a container that cannot turn pictures', async () => {
    const image = await solidPng({ width: 60, height: 30, ...RED });
    const { output } = await mark(
      await video({ rotation: 90 }),
      image,
      { position: 'top-right', margin: 20 },
      'out.ts',
    );
    expectBox(await shown(output), [240, 20, 60, 30]);
  });
});

describe('transparency', () => {
  const over = (x: number, y: number, opacity = 1): Color => {
    const [r, g, b, a] = alphaPixel(x, y, 100, 100);
    const share = (a / 255) * opacity;
    return [r, g, b].map((value, i) => value * share + (BLUE[i] as number) * (1 - share)) as unknown as Color;
  };

  it.each([1, 0.5, 0.2])("the image's own alpha, times %f", async (opacity) => {
    const { output } = await mark(await video(), await alphaPng(), {
      position: 'top-left',
      margin: 40,
      opacity,
    });
    const picture = await shown(output);
    for (const [x, y] of [
      [20, 20],
      [20, 80],
      [70, 10],
      [70, 50],
      [70, 90],
    ] as const)
      expectColor(picture, [40 + x - 2, 40 + y - 2, 4, 4], over(x, y, opacity), 12);
    expectColor(picture, [0, 0, 320, 36], BLUE);
  });

  it('opacity 0 changes nothing', async () => {
    const { output } = await mark(await video(), await alphaPng(), { opacity: 0 });
    expectColor(await shown(output), [0, 0, 320, 180], BLUE, 3);
  });

  it('images without alpha', async () => {
    const { output } = await mark(await video(), await photoJpeg({ width: 64, height: 48 }), {
      position: 'top-left',
      margin: 0,
    });
    const picture = await shown(output);
    expectColor(picture, [80, 0, 200, 180], BLUE);
    const [r, g, b] = meanColor(picture, { left: 4, top: 30, width: 56, height: 6 });
    expect(Math.abs(r - g) < 20 && Math.abs(g - b) < 20, 'the photo is grey').toBe(true);
  });
});

describe('colours', () => {
  const clips: VideoOptions[] = [
    {},
    { color: { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m', range: 'tv' } },
    { codec: 'hevc', color: { matrix: 'bt709', range: 'pc' } },
    { codec: 'mjpeg' },
    { pixFmt: 'yuv444p' },
    { codec: 'hevc', pixFmt: 'yuv420p10le' },
    { codec: 'ffv1', pixFmt: 'bgr0', color: {} },
  ];
  it.each(clips)('%o: the image is as it should be, the rest as it was', async (options) => {
    const source = await video(options);
    const before = await shown(source);
    const [r, g, b] = meanColor(before, { left: 100, top: 100, width: 50, height: 50 });
    for (const fill of [
      [230, 30, 30, 255],
      [30, 200, 60, 255],
      [255, 255, 255, 255],
      [0, 0, 0, 255],
    ] as const) {
      const image = await solidPng({ width: 60, height: 60, fill });
      const { output } = await mark(source, image, { position: 'top-left', margin: 0 }, 'out.mkv');
      const picture = await shown(output);
      expectColor(picture, [4, 4, 52, 52], fill, 9);
      expectColor(picture, [100, 100, 50, 50], [r, g, b], 6);
    }
  });
});

describe('when it is', () => {
  const image = () => solidPng({ width: 60, height: 60, ...RED });
  const seconds = [0, 0.16, 0.2, 0.24, 0.36, 0.4, 0.76, 0.8, 0.84, 1.16];

  async function framesMarked(options: SolidOptions, params: Record<string, unknown>): Promise<number[]> {
    const { output } = await mark(await video({ frames: 30, ...options }), await image(), {
      position: 'top-left',
      margin: 0,
      ...params,
    });
    const reds = await mapFrames(output, (frame) => frame.rgb()[(25 * frame.width + 25) * 3] as number);
    return seconds.filter((time) => (reds[Math.round(time * 25)] as number) > 120);
  }

  it.each([
    [{}, seconds],
    [{ start: 0.2 }, seconds.filter((time) => time >= 0.2)],
    [{ end: 0.8 }, seconds.filter((time) => time < 0.8)],
    [{ start: '00:00:00.4', end: 0.84 }, [0.4, 0.76, 0.8]],
    [{ start: '50%' }, [0.76, 0.8, 0.84, 1.16]],
    [{ start: 0.21, end: 0.39 }, [0.24, 0.36]],
  ] as [Record<string, unknown>, number[]][])('%o', async (params, marked) => {
    expect(await framesMarked({}, params)).toEqual(marked);
    expect(await framesMarked({ container: 'ts' }, params)).toEqual(marked);
  });

  it('an end before the start is refused', async () => {
    const params = { watermark_path: await image(), start: 1, end: 0.5 };
    const { detail } = await failJob(
      'apply_watermark',
      { input: await video(), target: 'a.mp4', params },
      'invalid_params',
    );
    expect(detail).toMatch(/"end": must be later than "start"/);
  });
});

describe('what stays', () => {
  it('sound is copied bit for bit; tracks, tags, timestamps', async () => {
    const input = await counterVideo({
      vfr: true,
      audio: [{ language: 'eng' }, { codec: 'mp3' }],
      metadata: { title: 'T' },
    });
    const { output, report } = await mark(input, await solidPng({ width: 20, height: 20, ...RED }));
    const sums = async (path: string) => (await packets(path)).slice(1).map(({ md5 }) => md5);
    expect(await sums(output)).toEqual(await sums(input));
    expect(streamsOf(output).tags.title).toBe('T');
    expect(report.data).toMatchObject({ frames: 30, width: 320, height: 180, encoder: 'libx264' });
    const times = async (path: string) =>
      (await packets(path))[0]?.packets.map(({ time_s }) => time_s).sort();
    expect(await times(output)).toEqual(await times(input));
  });
});

describe('images that are none', () => {
  it.each([
    ['text', () => textFile('.png'), /corrupt_media|unsupported_media/],
    ['a truncated PNG', async () => await truncate(await alphaPng(), 0.4), /corrupt_media|unsupported_media/],
    ['nothing', async () => '/nowhere/at/all.png', 'input_not_found'],
  ] as [string, () => Promise<string>, string | RegExp][])('%s', async (_, make, code) => {
    const params = { watermark_path: await make() };
    const failure = await failJob('apply_watermark', { input: await video(), target: 'a.mp4', params });
    expect(failure.code).toMatch(code);
  });
});
