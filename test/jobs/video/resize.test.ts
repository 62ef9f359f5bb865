/** `resize_to_720p`: the height that was asked for, the display aspect kept, nothing enlarged, sound untouched. */
import { describe, expect, it } from 'vitest';
import { compareVideos, countedFrames, packets, streamsOf } from '../../decode/index.ts';
import type { VideoSummary } from '../../decode/streams.ts';
import { counterVideo, frameTimes, type VideoOptions } from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';

const FAST = { preset: 'ultrafast', crf: 20 };

async function resize(options: VideoOptions, params: Record<string, unknown>, target = 'out.mp4') {
  const input = await counterVideo(options);
  const run = await runJob('resize_to_720p', { input, target, params: { ...FAST, ...params } });
  return { ...run, input, video: streamsOf(run.output).streams[0]?.video as VideoSummary };
}

describe('size', () => {
  const cases: [VideoOptions, params: Record<string, unknown>, coded: string, seen: string][] = [
    [{}, { height: 90 }, '160x90', '160x90'],
    [{}, { height: 101 }, '180x102', '180x102'],
    [{ width: 322, height: 182 }, { height: 64 }, '114x64', '114x64'],
    [{ width: 240, height: 320 }, { height: 160 }, '120x160', '120x160'],
    // Not enlarged, but made to square pixels all the same.
    [{}, { height: 720 }, '320x180', '320x180'],
    [{ sar: { num: 2, den: 1 } }, { height: 720 }, '640x180', '640x180'],
    [{}, { height: 240, allow_upscale: true }, '426x240', '426x240'],
    [{ sar: { num: 4, den: 3 } }, { height: 90 }, '214x90', '214x90'],
    [{ sar: { num: 4, den: 3 }, container: 'mkv' }, { height: 90 }, '214x90', '214x90'],
    // Upright 320×180: coded 180×320, and so it stays.
    [{ rotation: 90 }, { height: 90 }, '90x160', '160x90'],
    [{ rotation: 270, container: 'mkv' }, { height: 90 }, '90x160', '160x90'],
    [{ rotation: 180 }, { height: 90 }, '160x90', '160x90'],
    [{ rotation: 90, sar: { num: 2, den: 1 } }, { height: 180 }, '180x160', '160x180'],
  ];
  it.each(cases)('%o %o: coded %s, seen %s', async (options, params, coded, seen) => {
    const { video, output, report } = await resize(options, params);
    expect(`${video.width}x${video.height}`).toBe(coded);
    expect(video.sar.num === video.sar.den || video.sar.num === 0).toBe(true);
    expect(video.rotation).toBe(options.rotation ?? 0);
    expect(`${report.data.width}x${report.data.height}`).toBe(seen);
    const frames = await countedFrames(output, { rotation: options.rotation });
    expect(frames.map(({ number }) => number)).toEqual(frames.map((_, n) => n));
    expect(frames).toHaveLength(30);
  });

  it('turns the picture itself where the container cannot', async () => {
    const { video, output } = await resize({ rotation: 90 }, { height: 90 }, 'out.ts');
    expect([video.width, video.height, video.rotation]).toEqual([160, 90, 0]);
    expect((await countedFrames(output)).map(({ number }) => number)).toEqual(
      Array.from({ length: 30 }, (_, n) => n),
    );
  });

  it('says when it did not enlarge', async () => {
    const { report } = await resize({}, {});
    expect(report.warnings).toEqual([
      'The source is only 180 pixels high; it was not enlarged. Set allow_upscale to enlarge it.',
    ]);
  });

  it.each([{ height: 15 }, { height: 90.5 }, { height: '90' }, { widht: 3 }])(
    '%o is refused',
    async (params) => {
      const request = { input: await counterVideo(), target: 'out.mp4', params };
      await failJob('resize_to_720p', request, 'invalid_params');
    },
  );
});

describe('what stays', () => {
  it.each([
    ['mp4', 'out.mp4'],
    ['mp4', 'out.mkv'],
    ['mov', 'out.mov'],
    ['mkv', 'out.mp4'],
    ['ts', 'out.ts'],
  ] as const)('sound of %s in %s is copied bit for bit', async (container, target) => {
    const audio = [
      { language: 'eng', title: 'One' },
      { codec: 'ac3', channels: 6, language: 'deu' } as const,
    ];
    const { input, output, report } = await resize({ container, audio, frames: 40 }, { height: 90 }, target);
    const before = (await packets(input)).filter(({ kind }) => kind === 'audio');
    const after = (await packets(output)).filter(({ kind }) => kind === 'audio');
    expect(after.map(({ codec, md5 }) => [codec, md5])).toEqual(before.map(({ codec, md5 }) => [codec, md5]));
    expect(after.map(({ packets: list }) => list.length)).toEqual(
      before.map(({ packets: list }) => list.length),
    );
    expect(after).toHaveLength(2);
    const languages = streamsOf(output).streams.flatMap(({ kind, language }) =>
      kind === 'audio' ? [language] : [],
    );
    expect(languages).toEqual(container === 'mov' ? ['eng', null] : ['eng', 'deu']);
    expect(report.data.tracks).toMatchObject([
      { codec: 'libx264', frames: 40 },
      { codec: 'copy' },
      { codec: 'copy' },
    ]);
  });

  it('sound and picture stay together', async () => {
    for (const container of ['mp4', 'mkv', 'ts'] as const) {
      const { input, output } = await resize({ container, audio: [{}], bFrames: 2 }, { height: 90 });
      const gap = async (path: string) => {
        const [video, audio] = await packets(path);
        const first = Math.min(...(video?.packets.map(({ time_s }) => time_s ?? 9) ?? []));
        return first - (audio?.packets[0]?.time_s ?? 0);
      };
      expect(await gap(output), container).toBeCloseTo(await gap(input), 3);
    }
  });

  it('timestamps of a variable frame rate', async () => {
    const options: VideoOptions = { vfr: true, container: 'mkv', bFrames: 2 };
    const { output } = await resize(options, { height: 90 }, 'out.mkv');
    const times = (await countedFrames(output)).map(({ time_s }) => time_s);
    expect(times).toHaveLength(30);
    for (const [n, time] of times.entries()) expect(time).toBeCloseTo(frameTimes(options)[n] as number, 3);
  });

  it('the picture, as well as the encoder can by default', async () => {
    const input = await counterVideo({ width: 640, height: 360 });
    const { output, report } = await runJob('resize_to_720p', {
      input,
      target: 'a.mp4',
      params: { height: 180 },
    });
    const { mean, frames } = await compareVideos(input, output);
    expect(frames).toEqual([30, 30]);
    expect(mean).toBeGreaterThan(0.98);
    expect(report.data.encoder).toBe('libx264');
    expect(report.message).toMatch(/^320×180, 30 frames, 1\.2 s with libx264/);
  });
});
