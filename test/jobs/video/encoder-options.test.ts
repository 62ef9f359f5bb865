/** Quality, speed and FFmpeg's own options: what is asked for shows in the result, what is wrong is refused by name. */
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeVideo, packets, streamsOf } from '../../decode/index.ts';
import { counterVideo } from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';

async function transcode(params: Record<string, unknown>, input?: string, target = 'out.mp4') {
  const run = await runJob('transcode_h264_to_h265', {
    input: input ?? (await counterVideo()),
    target,
    params,
  });
  return { ...run, size: statSync(run.output).size };
}

const keyFrames = async (path: string) =>
  (await packets(path))[0]?.packets.flatMap(({ key, time_s }) =>
    key ? [Math.round((time_s ?? 0) * 25)] : [],
  );

describe('quality', () => {
  it('less crf, more bytes', async () => {
    const sizes: number[] = [];
    for (const crf of [18, 30, 45]) sizes.push((await transcode({ crf, preset: 'ultrafast' })).size);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(new Set(sizes).size).toBe(3);
  });

  it('bitrate is met on average', async () => {
    const input = await counterVideo({ width: 640, height: 360, frames: 100 });
    const rates: number[] = [];
    for (const bitrate of ['10k', 20_000]) {
      const { output } = await transcode({ bitrate, preset: 'veryfast', codec: 'libx264' }, input);
      rates.push((((await packets(output))[0]?.bytes ?? 0) * 8) / 4);
    }
    expect(Math.abs((rates[0] as number) - 10_000)).toBeLessThan(4_000);
    expect(rates[1]).toBeGreaterThan(1.3 * (rates[0] as number));
  });

  it('bitrate and crf exclude each other', async () => {
    const request = { input: await counterVideo(), target: 'a.mp4', params: { bitrate: '1M', crf: 20 } };
    const { detail } = await failJob('transcode_h264_to_h265', request, 'invalid_params');
    expect(detail).toMatch(/"crf": cannot be given together with "bitrate"/);
  });

  it('the preset reaches the encoder', async () => {
    const settings = async (preset: string) => {
      const { output } = await transcode({ preset, codec: 'libx264' });
      // x264 writes its settings into the stream.
      return /subme=\d+/.exec(readFileSync(output, 'latin1'))?.[0];
    };
    expect(await settings('ultrafast')).toBe('subme=0');
    expect(await settings('veryfast')).toBe('subme=2');
  });
});

describe('the stream', () => {
  it('gop is the most frames from key frame to key frame', async () => {
    for (const codec of ['libx265', 'libx264', 'libsvtav1']) {
      const preset = codec === 'libsvtav1' ? '10' : 'ultrafast';
      const { output } = await transcode({ gop: 10, preset, codec });
      expect(await keyFrames(output), codec).toEqual([0, 10, 20]);
    }
  });

  it('profile', async () => {
    const high = await transcode({ codec: 'libx264', profile: 'high', preset: 'veryfast' });
    const baseline = await transcode({ codec: 'libx264', profile: 'baseline', preset: 'veryfast' });
    const profileOf = ({ output }: { output: string }) => (streamsOf(output).streams[0]?.profile ?? 0) & 0xff;
    expect([profileOf(high), profileOf(baseline)]).toEqual([100, 66]);
    const main10 = await transcode({ profile: 'main10', pix_fmt: 'yuv420p10le', preset: 'ultrafast' });
    expect(profileOf(main10)).toBe(2);
  });

  it('pix_fmt', async () => {
    const { output } = await transcode({ pix_fmt: 'yuv444p', preset: 'ultrafast' });
    expect((await decodeVideo(output))[0]?.pixelFormat).toBe('yuv444p');
  });

  it("options by FFmpeg's names, nested ones too", async () => {
    const params = {
      codec: 'libx264',
      preset: 'ultrafast',
      options: { 'x264-params': { keyint: 5, scenecut: 0 } },
    };
    expect(await keyFrames((await transcode(params)).output)).toEqual([0, 5, 10, 15, 20, 25]);
    const bare = {
      codec: 'libx264',
      preset: 'ultrafast',
      options: { g: 6, sc_threshold: 0, weightb: false },
    };
    expect(await keyFrames((await transcode(bare)).output)).toEqual([0, 6, 12, 18, 24]);
    const x265 = {
      preset: 'ultrafast',
      options: { 'x265-params': { keyint: 8, 'min-keyint': 8, scenecut: 0 } },
    };
    expect(await keyFrames((await transcode(x265)).output)).toEqual([0, 8, 16, 24]);
    const crf = async (value: number) =>
      (await transcode({ preset: 'ultrafast', options: { crf: value } })).size;
    expect(await crf(40)).toBeLessThan(await crf(15));
  });
});

describe('what is wrong is named', () => {
  const cases: [params: Record<string, unknown>, reason: RegExp][] = [
    [{ options: { no_such: 1 } }, /"options\.no_such": libx265 has no such option/],
    [{ codec: 'libx264', options: { weightbb: 1 } }, /has no such option\. Did you mean "weightb"\?/],
    [
      { codec: 'libx264', options: { qmin: 100 } },
      /"options\.qmin": libx264 takes a whole number from -1 to 69, not 100/,
    ],
    [
      { codec: 'libx264', options: { 'aq-mode': 'variants' } },
      /aq-mode.*one of none, variance, autovariance/,
    ],
    [{ codec: 'libx264', options: { weightb: 'maybe' } }, /"options\.weightb": libx264 takes true or false/],
    [
      { codec: 'libx264', options: { crf: 'abc' } },
      /"crf": libx264 takes a number of at least -1, not "abc"/,
    ],
    [
      { codec: 'libx264', options: { flags: '+nonsense' } },
      /"options\.flags": .*one or more of .*qscale.*joined by "\+"/,
    ],
    [
      { codec: 'libsvtav1', preset: '99' },
      /"preset": libsvtav1 takes a whole number from -2 to 13, not "99"/,
    ],
    [{ codec: 'libvpx-vp9', preset: 'fast' }, /"preset": libvpx-vp9 has no such option/],
    [{ codec: 'libx264', options: { tune: 'nonsense' } }, /libx264 refuses these settings.*tune/],
    [{ profile: 'nonsense' }, /profile/],
    [{ codec: 'libx264', profile: 'nonsense' }, /profile/],
    [{ codec: 'libx264', profile: 'baseline', pix_fmt: 'yuv444p' }, /profile|4:4:4|settings/],
    [{ preset: 'nonsense' }, /"preset": libx265 takes ultrafast/],
    [{ pix_fmt: 'nonsense' }, /"pix_fmt"/],
    [{ pix_fmt: 'rgb24' }, /"pix_fmt": libx265 does not take rgb24; it takes yuv420p/],
    [{ crf: 52 }, /"crf": libx265 takes 0 to 51/],
    [{ crf: -1 }, /"crf"/],
    [{ gop: 0 }, /"gop"/],
    [{ bitrate: 'fast' }, /"bitrate": must be a bit rate/],
    [
      { codec: 'libx264', options: { 'x264-params': { nonsense: 1 } } },
      /"options\.x264-params": libx264 says: .*nonsense/,
    ],
    [{ options: { 'x265-params': { nonsense: 1 } } }, /"options\.x265-params": libx265 says: .*nonsense/],
    [{ options: { 'x265-params': { rd: 99 } } }, /libx265 refuses these settings/],
    [
      { codec: 'libsvtav1', options: { 'svtav1-params': { nonsense: 1 } } },
      /"options\.svtav1-params": libsvtav1 says: .*nonsense/,
    ],
  ];
  it.each(cases)('%o', async (params, reason) => {
    const target = params.codec === 'libvpx-vp9' ? 'a.webm' : 'a.mp4';
    const request = { input: await counterVideo({ frames: 3 }), target, params };
    const { detail } = await failJob('transcode_h264_to_h265', request, 'invalid_params');
    expect(detail).toMatch(reason);
  });
});
