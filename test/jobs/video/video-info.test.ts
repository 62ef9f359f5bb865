/** `get_video_info`: what a person wants to know, against what the fixtures were made with. */
import { describe, expect, it } from 'vitest';
import { packets } from '../../decode/index.ts';
import {
  counterVideo,
  hdrVideo,
  openGopVideo,
  truncate,
  type VideoOptions,
  videoSeconds,
} from '../../fixtures/media/index.ts';
import { readJson, runJob } from '../harness.ts';

async function infoOf(input: string) {
  const run = await runJob('get_video_info', { input, target: 'info.json' });
  const info = await readJson<Record<string, unknown>>(run);
  expect(run.report.data).toEqual(info);
  return { ...info, report: run.report };
}

describe('timing', () => {
  const clips: [VideoOptions, variable: boolean][] = [
    [{}, false],
    [{ fps: 29.97, frames: 40 }, false],
    [{ fps: 29.97, container: 'mkv', frames: 40 }, false],
    [{ fps: 59.94, container: 'ts', bFrames: 2 }, false],
    [{ bFrames: 3, container: 'mkv', frames: 40 }, false],
    [{ codec: 'mpeg4', bFrames: 2, frames: 40 }, false],
    [{ vfr: true }, true],
    [{ vfr: true, container: 'mkv', bFrames: 2 }, true],
    [{ vfr: true, container: 'ts' }, true],
    [{ vfr: [0, 0.1, 0.15, 1, 1.5] }, true],
    [{ start: -0.2 }, false],
  ];
  it.each(clips)('%o has a variable rate: %s', async (options, variable) => {
    const info = await infoOf(await counterVideo(options));
    expect(info).toMatchObject({ variable_frame_rate: variable });
    const hidden = options.start ?? 0;
    expect((info as { video_duration_s?: number }).video_duration_s).toBeCloseTo(
      videoSeconds(options) + hidden,
      1,
    );
  });

  it.each([
    [{ fps: 25 }, 25],
    [{ fps: 29.97 }, 30000 / 1001],
    [{ fps: 10, container: 'mkv' }, 10],
    [{ fps: 50, container: 'ts' }, 50],
  ] as [VideoOptions, number][])('%o: %f frames a second', async (options, rate) => {
    const info = (await infoOf(await counterVideo(options))) as {
      frame_rate?: number;
      real_frame_rate?: number;
    };
    expect(info.frame_rate).toBeCloseTo(rate, 3);
    expect(info.real_frame_rate).toBeCloseTo(rate, 3);
  });

  it('frames, whether the container tells them or not', async () => {
    for (const container of ['mp4', 'mkv', 'ts', 'avi'] as const)
      expect(await infoOf(await counterVideo({ container, frames: 26 }))).toMatchObject({ frame_count: 26 });
    expect(await infoOf(await counterVideo({ start: -0.2 }))).toMatchObject({ frame_count: 25 });
  });

  it.each(['mp4', 'mkv', 'ts'] as const)('key frames in %s', async (container) => {
    const input = await openGopVideo({ container });
    const info = (await infoOf(input)) as { key_frame_interval_s?: number };
    const keys =
      (await packets(input))[0]?.packets.filter(({ key }) => key).map(({ time_s }) => time_s ?? 0) ?? [];
    const mean = ((keys.at(-1) ?? 0) - (keys[0] ?? 0)) / (keys.length - 1);
    expect(info.key_frame_interval_s).toBeCloseTo(mean, 3);
    expect(await infoOf(await counterVideo({ gop: 100 }))).toMatchObject({ key_frame_interval_s: null });
  });
});

describe('the picture', () => {
  it.each([
    [{}, { width: 320, height: 180, display_aspect_ratio: '16:9', sample_aspect_ratio: '1:1' }],
    [{ rotation: 90 }, { width: 320, height: 180, coded_width: 180, coded_height: 320, rotation: 90 }],
    [{ sar: { num: 4, den: 3 } }, { width: 427, coded_width: 320, sample_aspect_ratio: '4:3' }],
    [
      { codec: 'hevc', bFrames: 2 },
      { codec: 'hevc', profile: 'Main', has_b_frames: true },
    ],
    [{ pixFmt: 'yuv420p10le' }, { bit_depth: 10, profile: 'High 10' }],
    [{ width: 64, height: 48 }, { level: 10 }],
  ] as [VideoOptions, Record<string, unknown>][])('%o', async (options, facts) => {
    expect(await infoOf(await counterVideo(options))).toMatchObject(facts);
  });

  it('HDR', async () => {
    expect(await infoOf(await hdrVideo())).toMatchObject({
      hdr: 'hdr10',
      bit_depth: 10,
      color: { transfer: 'smpte2084', primaries: 'bt2020', space: 'bt2020nc', range: 'tv' },
    });
    expect(await infoOf(await hdrVideo({ hdr: 'hlg' }))).toMatchObject({ hdr: 'hlg' });
    expect(await infoOf(await counterVideo())).toMatchObject({ hdr: null });
  });
});

describe('the file', () => {
  it('tracks, chapters, tags, rates', async () => {
    const audio: VideoOptions['audio'] = [
      { language: 'eng', title: 'Main' },
      { codec: 'ac3', channels: 6, language: 'fra' },
    ];
    const input = await counterVideo({
      audio,
      container: 'mkv',
      subtitles: [{ codec: 'srt', language: 'deu' }],
      metadata: { title: 'A title' },
    });
    const info = await infoOf(input);
    expect(info).toMatchObject({
      container: 'matroska,webm',
      audio_tracks: [
        { codec: 'aac', channels: 2, sample_rate: 48000, language: 'eng', title: 'Main', default: true },
        { codec: 'ac3', channels: 6, channel_layout: '5.1(side)', language: 'fra', default: false },
      ],
      subtitle_tracks: [{ codec: 'subrip', language: 'deu' }],
      tags: { title: 'A title' },
    });
    const { bit_rate, size_bytes, duration_s } = info as unknown as Record<string, number>;
    expect(bit_rate).toBeCloseTo(((size_bytes as number) * 8) / (duration_s as number), -2);
    expect(info.report.message).toMatch(/^320×180 h264, 25 fps, 1\.2/);
  });

  it('a file that breaks off is said to', async () => {
    const input = await truncate(await counterVideo({ frames: 100 }), 0.6);
    expect((await infoOf(input)).report.warnings.join()).toMatch(/cut short|breaks off/);
  });
});
