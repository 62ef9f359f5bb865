/** What a transcode keeps of the picture itself: colours, depth, HDR, rotation, aspect. */
import { AV_FRAME_DATA_CONTENT_LIGHT_LEVEL } from 'node-av/constants';
import { describe, expect, it } from 'vitest';
import { countedFrames, decodeVideo, streamsOf } from '../../decode/index.ts';
import { decodedFrames } from '../../decode/source.ts';
import type { VideoSummary } from '../../decode/streams.ts';
import {
  BAR_COLORS,
  colourBars,
  counterVideo,
  HDR10,
  hdrVideo,
  type VideoOptions,
} from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';
import { mirrored } from './mirrored.ts';

async function transcode(input: string, target = 'out.mp4', params: Record<string, unknown> = {}) {
  const run = await runJob('transcode_h264_to_h265', {
    input,
    target,
    params: { preset: 'ultrafast', ...params },
  });
  return { ...run, video: streamsOf(run.output).streams[0]?.video as VideoSummary };
}

describe('colour', () => {
  const tags: VideoOptions['color'][] = [
    { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', range: 'tv' },
    { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m', range: 'tv' },
    { primaries: 'bt2020', transfer: 'bt709', matrix: 'bt2020nc', range: 'tv' },
    { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', range: 'pc' },
  ];
  it.each(tags)('tags %o', async (color) => {
    for (const target of ['out.mp4', 'out.mkv', 'out.ts']) {
      const { video } = await transcode(
        await counterVideo({ width: 160, height: 90, color, frames: 6 }),
        target,
      );
      expect(video.color, target).toEqual(color);
    }
  });

  const sources: VideoOptions[] = [
    {},
    { pixFmt: 'yuv444p' },
    { codec: 'mjpeg' },
    { codec: 'prores' },
    { codec: 'ffv1', pixFmt: 'bgr0', color: {} },
    { codec: 'ffv1', pixFmt: 'yuv420p16le' },
    { codec: 'hevc', color: { matrix: 'bt709', range: 'pc' } },
    { codec: 'hevc', color: { matrix: 'bt2020nc', range: 'tv' } },
    {
      codec: 'mpeg2',
      color: { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m', range: 'tv' },
    },
  ];
  const encoders: [encoder: string, target: string, params: Record<string, unknown>][] = [
    ['libx265', 'out.mp4', {}],
    ['libx264', 'out.mkv', {}],
    ['mpeg4', 'out.avi', { preset: undefined }],
    ['mpeg2video', 'out.ts', { preset: undefined }],
    ['libvpx-vp9', 'out.webm', { preset: undefined, options: { deadline: 'realtime', 'cpu-used': 8 } }],
    ['libvpx', 'out.webm', { preset: undefined, options: { deadline: 'realtime', 'cpu-used': 8 } }],
    ['libsvtav1', 'out.mkv', { preset: '10', crf: 20 }],
    ['mjpeg', 'out.avi', { preset: undefined }],
    ['ffv1', 'out.mkv', { preset: undefined }],
    ['prores_ks', 'out.mov', { preset: undefined }],
  ];
  it.each(encoders)('%s in %s shows the colours of the source', async (codec, target, params) => {
    for (const options of sources) {
      const input = await colourBars({ width: 240, height: 136, frames: 3, ...options });
      const { output } = await transcode(input, target, { codec, ...params });
      const [[before], [after]] = [
        await decodeVideo(input, { rgb: true }),
        await decodeVideo(output, { rgb: true }),
      ];
      for (let bar = 0; bar < BAR_COLORS.length; bar++) {
        const at = (68 * 240 + bar * 30 + 15) * 3;
        const [wanted, found] = [before, after].map((frame) => [...(frame?.rgb.subarray(at, at + 3) ?? [])]);
        const worst = Math.max(...(wanted ?? []).map((value, i) => Math.abs(value - (found?.[i] ?? 999))));
        expect(worst, `${JSON.stringify(options)} bar ${bar}: ${found} instead of ${wanted}`).toBeLessThan(9);
      }
    }
  });
});

describe('depth and chroma', () => {
  it.each([
    [{ codec: 'hevc', pixFmt: 'yuv420p10le' }, 'yuv420p10le'],
    [{ pixFmt: 'yuv420p10le' }, 'yuv420p10le'],
    [{ pixFmt: 'yuv422p' }, 'yuv422p'],
    [{ pixFmt: 'yuv444p' }, 'yuv444p'],
    [{ codec: 'prores' }, 'yuv422p10le'],
    [{ codec: 'mjpeg' }, 'yuvj420p'],
  ] as [VideoOptions, string][])('%o stays', async (options, format) => {
    const { video } = await transcode(await counterVideo({ frames: 6, ...options }));
    expect(video.pixelFormat).toBe(format);
  });

  // Players show neither RGB nor grey in these.
  it.each([
    ['bgr0', 'libx265', 'yuv420p'],
    ['bgr0', 'libx264', 'yuv420p'],
    ['gray', 'libx264', 'yuv420p'],
    ['gbrp10le', 'libx265', 'yuv420p10le'],
    ['bgr0', 'ffv1', 'bgr0'],
  ])('%s in %s is %s', async (pixFmt, codec, format) => {
    const input = await colourBars({ codec: 'ffv1', pixFmt, color: {}, width: 160, height: 90, frames: 3 });
    const params = codec === 'ffv1' ? { codec, preset: undefined } : { codec };
    expect((await transcode(input, 'out.mkv', params)).video.pixelFormat).toBe(format);
  });

  it.each(['yuv420p', 'yuv422p10le', 'yuv444p'])('pix_fmt %s', async (pix_fmt) => {
    const { video } = await transcode(await counterVideo({ frames: 6 }), 'out.mp4', { pix_fmt });
    expect(video.pixelFormat).toBe(pix_fmt);
  });
});

describe('HDR', () => {
  it.each(['out.mp4', 'out.mkv', 'out.mov'])('HDR10 in %s', async (target) => {
    const input = await hdrVideo({ frames: 10 });
    const before = streamsOf(input).streams[0]?.video as VideoSummary;
    const { video } = await transcode(input, target);
    expect(video.pixelFormat).toBe('yuv420p10le');
    expect(video.color).toEqual({
      primaries: 'bt2020',
      transfer: 'smpte2084',
      matrix: 'bt2020nc',
      range: 'tv',
    });
    expect(video.hdr.light).toEqual({ maxCll: HDR10.maxCll, maxFall: HDR10.maxFall });
    const fractions = (data: Buffer | null) =>
      Array.from(
        { length: 10 },
        (_, i) => (data?.readInt32LE(i * 8) ?? 0) / (data?.readInt32LE(i * 8 + 4) || 1),
      );
    for (const [i, value] of fractions(video.hdr.mastering).entries())
      expect(value).toBeCloseTo(fractions(before.hdr.mastering)[i] as number, 4);
  });

  it('HDR10 through transport streams, which have it in the bitstream only', async () => {
    const { output, video } = await transcode(await hdrVideo({ frames: 10 }), 'out.ts');
    expect(video.color.transfer).toBe('smpte2084');
    for await (const { frame } of decodedFrames(output, 'video')) {
      expect(frame.getSideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)?.readUInt32LE(0)).toBe(HDR10.maxCll);
      break;
    }
    const again = await transcode(output, 'again.mp4');
    expect(again.video.hdr.light).toEqual({ maxCll: HDR10.maxCll, maxFall: HDR10.maxFall });
    expect(again.video.hdr.mastering?.length).toBeGreaterThan(80);
  });

  it('HLG', async () => {
    const { video } = await transcode(await hdrVideo({ hdr: 'hlg', frames: 10 }));
    expect(video.color).toMatchObject({ transfer: 'arib-std-b67', primaries: 'bt2020' });
    expect(video.pixelFormat).toBe('yuv420p10le');
  });

  it('in AV1', async () => {
    const { video } = await transcode(await hdrVideo({ frames: 10 }), 'out.mp4', {
      codec: 'libsvtav1',
      preset: '10',
    });
    expect(video.pixelFormat).toBe('yuv420p10le');
    expect(video.color.transfer).toBe('smpte2084');
    expect(video.hdr.light).toEqual({ maxCll: HDR10.maxCll, maxFall: HDR10.maxFall });
  });
});

describe('rotation and aspect', () => {
  const turns = [90, 180, 270] as const;
  it.each(['out.mp4', 'out.mov', 'out.mkv', 'out.ts', 'out.flv'])(
    '%s shows the picture upright',
    async (target) => {
      for (const rotation of turns) {
        const { output, video, report } = await transcode(
          await counterVideo({ rotation, frames: 6 }),
          target,
        );
        const turned = video.rotation as 0 | 90 | 180 | 270;
        const frames = await countedFrames(output, { rotation: turned });
        expect(
          frames.map(({ number }) => number),
          `${rotation}`,
        ).toEqual([0, 1, 2, 3, 4, 5]);
        const keeps = ['out.mp4', 'out.mov', 'out.mkv'].includes(target);
        expect(turned).toBe(keeps ? rotation : 0);
        expect(report.data).toMatchObject({ width: 320, height: 180 });
      }
    },
  );

  it.each(['out.mp4', 'out.mkv', 'out.ts'])('a mirrored picture stays mirrored in %s', async (target) => {
    for (const rotation of [0, 90] as const) {
      const input = await mirrored(await counterVideo({ rotation, frames: 6 }));
      const { output } = await transcode(input, target);
      const { output: image } = await runJob('extract_key_frame', {
        input,
        target: 'a.png',
        params: { timestamp: 0 },
      });
      const { output: again } = await runJob('extract_key_frame', {
        input: output,
        target: 'a.png',
        params: { timestamp: 0 },
      });
      const [a, b] = [await decodeVideo(image), await decodeVideo(again)];
      const difference = (a[0]?.luma ?? Buffer.alloc(0)).reduce(
        (sum, v, i) => sum + Math.abs(v - (b[0]?.luma[i] ?? 0)),
        0,
      );
      expect(difference / (a[0]?.luma.length ?? 1), `${rotation}`).toBeLessThan(3);
    }
  });

  it.each([
    [{ sar: { num: 4, den: 3 } }, 'out.mp4'],
    [{ sar: { num: 4, den: 3 } }, 'out.mkv'],
    [{ sar: { num: 4, den: 3 }, container: 'mkv' }, 'out.mp4'],
    [{ sar: { num: 4, den: 3 } }, 'out.ts'],
    [{ sar: { num: 2, den: 1 }, rotation: 90 }, 'out.mp4'],
    [{ sar: { num: 2, den: 1 }, rotation: 90 }, 'out.ts'],
  ] as [VideoOptions, string][])('%o in %s has the same display aspect', async (options, target) => {
    const { output, report } = await transcode(await counterVideo({ frames: 6, ...options }), target);
    const { report: info } = await runJob('get_video_info', { input: output, target: 'info.json' });
    const aspect = ({ width, height }: Record<string, unknown>) => Number(width) / Number(height);
    expect(aspect(info.data)).toBeCloseTo(aspect(report.data), 2);
  });
});
