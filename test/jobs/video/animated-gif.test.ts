/** `create_animated_gif`: size, rate, length, loop, and in each picture the frame the source shows at that time. */
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Animation, pixel, readAnimation, readImage, webpAnimation } from '../../decode/index.ts';
import {
  BAR_COLORS,
  colourBars,
  counterVideo,
  frameShownAt,
  openGopVideo,
  readCounter,
  type VideoOptions,
  videoSeconds,
} from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';

const TARGETS = ['clip.gif', 'clip.png', 'clip.apng', 'clip.webp'];
/** FFmpeg does not decode animated WebP: see `webpAnimation`. */
const DECODABLE = TARGETS.filter((target) => !target.endsWith('.webp'));

async function animate(input: string, params: Record<string, unknown>, target = 'clip.gif') {
  const run = await runJob('create_animated_gif', { input, target, params: { width: 96, ...params } });
  return { ...run, animation: await readAnimation(run.output) };
}

const numbersOf = ({ frames, width, height }: Animation) =>
  frames.map(({ luma }) => readCounter({ width, height, luma }));

/** How far a picture may be from its time: GIF counts hundredths of a second, players of APNG thousandths. */
const STEP_S: Record<string, number> = { 'clip.gif': 0.00501, 'clip.png': 0.0011, 'clip.apng': 0.0011 };

describe('the frames', () => {
  const cases: [VideoOptions, zero: number, start: number, fps: number][] = [
    [{}, 0, 0, 10],
    [{}, 0, 0.3, 7],
    [{ bFrames: 3, container: 'mkv', frames: 60 }, 0, 0.7, 10],
    [{ bFrames: 3, frames: 60 }, 0, 0.36, 8],
    [{ bFrames: 3, frames: 60 }, 0, 0.04, 3],
    [{ vfr: true, container: 'mp4' }, 0, 0.5, 12.5],
    [{ vfr: true, bFrames: 3, container: 'mkv' }, 0, 0.5, 12.5],
    [{ container: 'ts', bFrames: 2, frames: 60 }, 1.4, 0.9, 10],
    [{ codec: 'mpeg2', bFrames: 2, frames: 60 }, 1.4, 1.5, 10],
    [{ codec: 'vp9' }, 0, 0.52, 25],
    [{ codec: 'mpeg4', bFrames: 2, frames: 60 }, 0, 1, 20],
    [{ container: 'mov', start: -0.2 }, 0, 0.2, 10],
    [{ start: 0.5 }, 0.5, 0.2, 10],
  ];
  it.each(cases)('%o from %f: at start + k / fps', async (options, zero, start, fps) => {
    const duration = 0.8;
    const { animation, report } = await animate(await counterVideo(options), { start, fps, duration });
    const count = Math.round(Math.min(duration, endOf(options) - start) * fps);
    const shown = Array.from({ length: count }, (_, k) => frameShownAt(options, zero + start + k / fps));
    expect(numbersOf(animation)).toEqual(shown);
    expect(report.data.frames).toBe(count);
  });

  it.each(['mp4', 'mkv', 'ts'] as const)(
    'the last before a hole in %s, whatever its type',
    async (container) => {
      for (let last = 40; last < 52; last++) {
        const vfr = Array.from({ length: 90 }, (_, n) => n / 25 + (n > last ? 0.5 : 0));
        const options: VideoOptions = { width: 160, height: 90, vfr, bFrames: 3, container };
        const { animation } = await animate(await counterVideo(options), {
          start: 1.5,
          fps: 5,
          duration: 1.5,
        });
        const zero = container === 'ts' ? 1.4 : 0;
        const shown = animation.frames.map((_, k) => frameShownAt(options, zero + 1.5 + k / 5));
        expect(numbersOf(animation), `behind frame ${last}`).toEqual(shown);
      }
    },
  );

  const endOf = (options: VideoOptions) => videoSeconds(options) + Math.min(0, options.start ?? 0);

  it.each(['mp4', 'mkv', 'ts'] as const)('an open GOP in %s, begun at any frame', async (container) => {
    const options: VideoOptions = { gop: 10, bFrames: 3, openGop: true, frames: 60, container };
    const input = await openGopVideo({ width: 160, height: 90, container });
    for (let n = 16; n < 24; n++) {
      const { animation } = await animate(input, { start: n / 25, fps: 25, duration: 0.12 });
      expect(numbersOf(animation), `from frame ${n}`).toEqual([n, n + 1, n + 2]);
    }
    expect(frameShownAt(options, 16 / 25 + (container === 'ts' ? 1.4 : 0))).toBe(16);
  });

  it.each(DECODABLE)('%s', async (target) => {
    const { animation } = await animate(await counterVideo(), { start: 0.2, duration: 0.5 }, target);
    expect(numbersOf(animation)).toEqual([5, 7, 10, 12, 15]);
  });

  it('a still scene keeps all its frames', async () => {
    const { animation } = await animate(await colourBars(), { duration: 1, fps: 5 });
    expect(animation.frames).toHaveLength(5);
  });
});

describe('timing', () => {
  it.each([1, 5, 8, 10, 15, 24, 30, 50])('%i frames a second', async (fps) => {
    const input = await counterVideo({ width: 160, height: 90, frames: 60 });
    for (const target of DECODABLE) {
      const { animation, report } = await animate(input, { fps, duration: 2, width: 48 }, target);
      const { frames } = animation;
      expect(frames).toHaveLength(2 * fps);
      for (const [k, { time_s }] of frames.entries())
        expect(Math.abs(time_s - k / fps), `${target} ${k}`).toBeLessThan(STEP_S[target] as number);
      const total = (frames.at(-1)?.time_s ?? 0) + (frames.at(-1)?.duration_s ?? 0);
      expect(Math.abs(total - 2), `${target} lasts ${total} s`).toBeLessThan(0.011);
      expect(report.data.duration_s).toBeCloseTo(2, 6);
    }
  });

  it('a single frame', async () => {
    const { animation } = await animate(await counterVideo(), { fps: 10, duration: 0.1, start: 1 });
    expect(numbersOf(animation)).toEqual([25]);
  });

  it('is cut at the end of the video', async () => {
    const { animation, report } = await animate(await counterVideo(), { start: '50%', duration: 60 });
    expect(numbersOf(animation)).toEqual([15, 17, 20, 22, 25, 27]);
    expect(report.message).toBe('96×54, 6 frames, 0.6 s');
  });

  it('5 s of 10 frames, 480 pixels wide, by default', async () => {
    const input = await counterVideo({ frames: 130, width: 512, height: 288 });
    const { output, report } = await runJob('create_animated_gif', { input, target: 'clip.gif' });
    const { width, height, frames, loops } = await readAnimation(output);
    expect({ width, height, frames: frames.length, loops }).toEqual({
      width: 480,
      height: 270,
      frames: 50,
      loops: 0,
    });
    expect(report.data).toEqual({ width: 480, height: 270, frames: 50, duration_s: 5, loop: 0 });
  });
});

describe('loop', () => {
  it.each(TARGETS)('%s plays as often as asked', async (target) => {
    const input = await counterVideo();
    for (const loop of [0, 1, 2, 5]) {
      const { output } = await runJob('create_animated_gif', {
        input,
        target,
        params: { loop, duration: 0.3, width: 48 },
      });
      const { loops } = await readAnimation(output).catch(() => webpAnimation(output));
      // A GIF without a count is played once.
      expect(loops ?? 1).toBe(loop);
    }
  });
});

describe('the picture', () => {
  it('is turned and has square pixels', async () => {
    for (const target of DECODABLE) {
      const options: VideoOptions = { rotation: 90, sar: { num: 2, den: 1 } };
      const { animation } = await animate(await counterVideo(options), { duration: 0.2, width: 160 }, target);
      expect([animation.width, animation.height]).toEqual([160, 180]);
      expect(numbersOf(animation)).toEqual([0, 2]);
    }
  });

  it('is not enlarged', async () => {
    const { animation } = await animate(await counterVideo(), { duration: 0.1, width: 1000 });
    expect([animation.width, animation.height]).toEqual([320, 180]);
  });

  it.each(DECODABLE)('%s has the colours of the video', async (target) => {
    const { animation } = await animate(await colourBars(), { duration: 0.1, width: 320 }, target);
    const [{ rgba }] = animation.frames as [Animation['frames'][0]];
    for (const [bar, color] of BAR_COLORS.entries()) {
      const at = (90 * 320 + bar * 40 + 20) * 4;
      for (const [channel, value] of color.entries())
        expect(Math.abs((rgba[at + channel] as number) - value), `bar ${bar}`).toBeLessThan(6);
    }
  });

  it('of few colours has no more than asked', async () => {
    const input = await counterVideo();
    const palette = async (colors: number) => {
      const { animation } = await animate(input, { duration: 0.2, colors, dither: 'none', width: 160 });
      const { rgba } = animation.frames[0] as Animation['frames'][0];
      return new Set(Array.from({ length: rgba.length / 4 }, (_, i) => rgba.readUInt32LE(i * 4))).size;
    };
    expect(await palette(4)).toBeLessThanOrEqual(4);
    expect(await palette(256)).toBeGreaterThan(8);
  });

  it('dithering is a choice', async () => {
    const input = await colourBars();
    const sizes = new Set<number>();
    for (const dither of ['none', 'bayer', 'sierra2_4a'])
      sizes.add(
        statSync((await animate(input, { duration: 0.2, colors: 4, dither, width: 320 })).output).size,
      );
    expect(sizes.size).toBe(3);
  });
});

describe('WebP', () => {
  it('has all frames, their times, the size and the loop', async () => {
    const { output } = await runJob('create_animated_gif', {
      input: await counterVideo(),
      target: 'clip.webp',
      params: { width: 160, fps: 8, duration: 1, loop: 3 },
    });
    const { width, height, loops, durations_ms } = webpAnimation(output);
    expect({ width, height, loops }).toEqual({ width: 160, height: 90, loops: 3 });
    expect(durations_ms).toEqual([125, 125, 125, 125, 125, 125, 125, 125]);
  });

  it('begins with the frame of the start', async () => {
    const params = { start: 0.4, duration: 0.3, width: 320 };
    const { output, folder } = await runJob('create_animated_gif', {
      input: await counterVideo(),
      target: 'clip.webp',
      params,
    });
    const path = join(folder, 'first.webp');
    await writeFile(path, webpAnimation(output).first);
    expect(readCounter(await readImage(path))).toBe(10);
  });

  it('of a still scene is one picture, in its colours', async () => {
    const params = { duration: 0.3, width: 320, quality: 95 };
    const { output } = await runJob('create_animated_gif', {
      input: await colourBars(),
      target: 'clip.webp',
      params,
    });
    const bars = await readImage(output);
    for (const [bar, color] of BAR_COLORS.entries())
      for (const [channel, value] of color.entries())
        expect(Math.abs((pixel(bars, bar * 40 + 20, 90)[channel] as number) - value)).toBeLessThan(6);
  });

  it('less quality, smaller file', async () => {
    const input = await counterVideo();
    const sizes: number[] = [];
    for (const quality of [5, 95])
      sizes.push(
        statSync(
          (
            await runJob('create_animated_gif', {
              input,
              target: 'clip.webp',
              params: { quality, duration: 0.5, width: 320 },
            })
          ).output,
        ).size,
      );
    expect(sizes[0]).toBeLessThan(sizes[1] as number);
  });
});

describe('what cannot be done', () => {
  it.each([
    [{ start: 2 }, /"start": 2 s lies behind the end of the video at 1\.200 s/],
    [{ duration: 0 }, /"duration": must be more than 0/],
    [{ fps: 51 }, /"fps"/],
    [{ colors: 3 }, /"colors"/],
  ])('%o', async (params, reason) => {
    const { detail } = await failJob(
      'create_animated_gif',
      { input: await counterVideo(), target: 'clip.gif', params },
      'invalid_params',
    );
    expect(detail).toMatch(reason);
  });
});
