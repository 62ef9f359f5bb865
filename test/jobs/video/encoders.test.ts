/** Every encoder a person may name: a working encode, or the reason why there is none here. */
import { Codec } from 'node-av/lib';
import { describe, expect, it } from 'vitest';
import { compareVideos, streamsOf } from '../../decode/index.ts';
import { counterVideo } from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';

/** Few frames: most of these tests begin an encoder, and hardly any looks at what it makes. */
const FRAMES = 10;
const clip = () => counterVideo({ frames: FRAMES });

const transcode = async (params: Record<string, unknown>, target = 'out.mp4') =>
  await runJob('transcode_h264_to_h265', { input: await clip(), target, params });

describe('software, at its usual quality', () => {
  const software: [encoder: string, target: string, codec: string, params?: Record<string, unknown>][] = [
    ['libx265', 'out.mp4', 'hevc'],
    ['libx264', 'out.mp4', 'h264'],
    ['libsvtav1', 'out.mp4', 'av1'],
    ['libsvtav1', 'out.webm', 'av1'],
    ['libvpx-vp9', 'out.webm', 'vp9', { options: { deadline: 'realtime', 'cpu-used': 5 } }],
    ['libvpx', 'out.webm', 'vp8', { options: { deadline: 'realtime', 'cpu-used': 5 } }],
    ['mpeg4', 'out.mp4', 'mpeg4'],
    ['mpeg4', 'out.avi', 'mpeg4'],
    ['mpeg2video', 'out.ts', 'mpeg2video'],
    ['mjpeg', 'out.avi', 'mjpeg'],
    ['prores_ks', 'out.mov', 'prores'],
    ['ffv1', 'out.mkv', 'ffv1'],
    ['libtheora', 'out.mkv', 'theora'],
  ];
  it.each(software)('%s in %s', async (encoder, target, codec, params = {}) => {
    const { output, report } = await transcode({ codec: encoder, ...params }, target);
    const input = await clip();
    expect(streamsOf(output).streams[0]?.codec).toBe(codec);
    expect(report.data).toMatchObject({ encoder, frames: FRAMES });
    const { frames, mean, largest_shift_s } = await compareVideos(input, output);
    expect(frames).toEqual([FRAMES, FRAMES]);
    // JPEG is of full range: its luma cannot be compared as it is coded.
    if (codec !== 'mjpeg') expect(mean).toBeGreaterThan(0.97);
    expect(largest_shift_s).toBeLessThan(0.001);
  });

  it('a variable frame rate where only fixed ones can be told', async () => {
    const input = await counterVideo({ vfr: true });
    const { output } = await runJob('transcode_h264_to_h265', {
      input,
      target: 'out.ts',
      params: { codec: 'mpeg2video' },
    });
    const { frames, largest_shift_s } = await compareVideos(input, output);
    expect(frames).toEqual([30, 30]);
    expect(largest_shift_s).toBeLessThan(0.001);
  });
});

const HARDWARE = [
  'hevc_nvenc',
  'h264_nvenc',
  'av1_nvenc',
  'h264_qsv',
  'hevc_qsv',
  'hevc_vaapi',
  'h264_vaapi',
  'h264_videotoolbox',
  'hevc_videotoolbox',
  'h264_amf',
  'hevc_amf',
  'h264_vulkan',
  'hevc_vulkan',
  'h264_v4l2m2m',
  'hevc_v4l2m2m',
];

describe('hardware', () => {
  it.each(HARDWARE)('%s works or says why not', async (codec) => {
    const run = await transcode({ codec }).catch((error: unknown) => error as Error & { code: string });
    if (!(run instanceof Error)) {
      expect(streamsOf(run.output).streams[0]?.codec).toBe(codec.startsWith('h264') ? 'h264' : 'hevc');
      return;
    }
    expect(run.code).toBe('encoder_unavailable');
    const inBuild = Codec.findEncoderByName(codec as never) !== null;
    expect(run.message).toMatch(
      inBuild
        ? new RegExp(
            `^The encoder ${codec} (could not be opened: .+\\(.+\\)|needs a hardware device, .+)\\.$`,
          )
        : `The encoder ${codec} is not in this build of FFmpeg.`,
    );
  });

  it.each(HARDWARE)('%s with hardware_fallback gives a video', async (codec) => {
    const { output, report } = await transcode({ codec, hardware_fallback: true });
    const { encoder } = report.data;
    expect(streamsOf(output).streams[0]?.frames).toBe(FRAMES);
    if (encoder === codec) return;
    const software = codec.startsWith('h264') ? 'libx264' : codec.startsWith('av1') ? 'libsvtav1' : 'libx265';
    expect(encoder).toBe(software);
    expect(report.warnings).toHaveLength(1);
    expect(report.warnings[0]).toMatch(
      new RegExp(`^The encoder ${codec} .*${software} was used instead\\.$`),
    );
  });

  it('hardware: auto takes what works', async () => {
    const { output, report } = await transcode({ hardware: 'auto' });
    expect(streamsOf(output).streams[0]?.codec).toBe('hevc');
    expect(report.data.encoder).toMatch(/hevc_|libx265/);
  });

  it('a kind of hardware insists on it, unless software may stand in', async () => {
    const input = await clip();
    const params = { hardware: 'videotoolbox' };
    if (process.platform === 'darwin') return;
    await failJob('transcode_h264_to_h265', { input, target: 'a.mp4', params }, 'encoder_unavailable');
    const { report } = await transcode({ ...params, hardware_fallback: true });
    expect(report.data.encoder).toBe('libx265');
    expect(report.warnings[0]).toMatch(/hevc_videotoolbox is not in this build.*libx265 was used instead/);
  });
});

describe('no encoder at all', () => {
  it.each(['libx266', 'not_an_encoder', 'libkvazaar'])('%s', async (codec) => {
    const request = { input: await clip(), target: 'a.mkv', params: { codec } };
    const { detail } = await failJob('transcode_h264_to_h265', request, 'encoder_unavailable');
    expect(detail).toBe(`The encoder ${codec} is not in this build of FFmpeg.`);
  });

  it('an encoder of sound', async () => {
    const request = { input: await clip(), target: 'a.mkv', params: { codec: 'aac' } };
    const { detail } = await failJob('transcode_h264_to_h265', request);
    expect(detail).toMatch(/aac/);
  });
});
