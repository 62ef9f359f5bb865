/** Files that break off or are damaged: a job fails or says what is missing; it never says that all is well. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Failure, toMillError } from '../../src/core/errors.ts';
import { frameCount } from '../decode/index.ts';
import {
  counterVideo,
  coverMp3,
  emptyFile,
  flipBits,
  hostilePlaylist,
  type PlaylistKind,
  photoJpeg,
  solidPng,
  textFile,
  toneWav,
  truncate,
  type VideoOptions,
} from '../fixtures/media/index.ts';
import { failJob, type JobRequest, type JobRun, runIn, testFolder } from '../jobs/harness.ts';

/** Small pictures: what counts is where a file breaks. */
const clip = (options: VideoOptions) => counterVideo({ width: 160, height: 90, ...options });

const FAST = { preset: 'ultrafast', codec: 'libx264' };

/** Every job of video, asked for something that needs the whole file. */
const JOBS: Record<string, Omit<JobRequest, 'input'>> = {
  transcode_h264_to_h265: { target: 'out.mp4', params: FAST },
  resize_to_720p: { target: 'out.mkv', params: { ...FAST, height: 90 } },
  apply_watermark: { target: 'out.mp4', params: FAST },
  detect_scene_cuts: { target: 'cuts.json' },
  extract_frames: { target: 'frames', params: { count: 6, width: 64 } },
  extract_thumbnails: { target: 'thumbs', params: { count: 3, width: 64 } },
  extract_key_frame: { target: 'frame.jpg', params: { timestamp: 2.3, width: 64 } },
  create_animated_gif: { target: 'clip.gif', params: { width: 64, fps: 5, duration: 60 } },
  get_video_info: { target: 'info.json' },
  probe_media_file: { target: 'probe.json' },
};

async function attempt(task: string, input: string): Promise<JobRun | Failure> {
  const request = { ...JOBS[task], input } as JobRequest;
  if (task === 'apply_watermark')
    request.params = { ...request.params, watermark_path: await solidPng({ width: 20, height: 20 }) };
  return await runIn(await testFolder(), task, request).catch((error: unknown) =>
    toMillError(error).toFailure(),
  );
}

const failed = (outcome: JobRun | Failure): outcome is Failure => 'code' in outcome;

describe('36 files that break off', () => {
  const sources: [string, VideoOptions][] = [
    ['mp4', { frames: 60, audio: [{}] }],
    ['mp4 without sound', { frames: 60, bFrames: 2 }],
    ['mp4 with its index at the end', { frames: 60, layout: 'index_last' }],
    ['fragmented mp4', { frames: 60, layout: 'fragmented', audio: [{}] }],
    ['mov', { frames: 60, container: 'mov' }],
    ['mkv', { frames: 60, container: 'mkv', audio: [{}] }],
    ['webm', { frames: 60, codec: 'vp8' }],
    ['ts', { frames: 60, container: 'ts', audio: [{}] }],
    ['avi', { frames: 60, codec: 'mpeg4', audio: [{ codec: 'mp3' }] }],
    ['flv', { frames: 60, container: 'flv' }],
  ];
  /** Each case takes two, in turns: every source and every job meets all of them. */
  const shares = [0.35, 0.7, 0.97] as const;
  const cases = sources.flatMap(([name, options], i) =>
    Object.keys(JOBS).map((task, j) => {
      const taken = shares.filter((_, k) => k !== (i + j) % shares.length);
      return [name, task, taken, options] as const;
    }),
  );
  it.each(cases)('%s: %s at %j', async (_, task, taken, options) => {
    const whole = await clip(options);
    const complete = await attempt(task, whole);
    if (failed(complete)) throw new Error(complete.detail);
    expect(complete.report.warnings).toEqual([]);
    for (const share of taken) {
      const outcome = await attempt(task, await truncate(whole, share));
      if (failed(outcome))
        expect(outcome.code).toMatch(
          /^(output_verification_failed|corrupt_media|unsupported_media|invalid_params)$/,
        );
      else
        expect(outcome.report.warnings.join(), `${share}`).toMatch(
          /cut short|breaks? off|only|ends at|damaged/,
        );
    }
  });
});

describe('36 flipped bits', () => {
  const containers: VideoOptions[] = [
    { frames: 40, audio: [{}] },
    { frames: 40, container: 'mkv', bFrames: 2 },
    { frames: 40, container: 'ts' },
    { frames: 40, codec: 'mpeg4' },
    { frames: 40, codec: 'vp9' },
    { frames: 40, codec: 'hevc', container: 'mkv' },
  ];
  const seeds = containers.flatMap((options) => [1, 2, 3, 4, 5].map((seed) => [options, seed] as const));
  it.each(seeds)('%o, seed %i: an end in any case', { timeout: 20_000 }, async (options, seed) => {
    const spared = seed % 2 === 0 ? { from: 0.1 } : {};
    const broken = await flipBits(await clip(options), seed, 4 * seed, spared);
    const others = ['extract_frames', 'create_animated_gif', 'get_video_info'];
    for (const task of ['transcode_h264_to_h265', others[seed % others.length] as string]) {
      const outcome = await attempt(task, broken);
      if (failed(outcome)) {
        expect(outcome.code).not.toBe('internal');
        continue;
      }
      expect(outcome.outputs.length).toBeGreaterThan(0);
      if (task === 'transcode_h264_to_h265')
        expect(await frameCount(outcome.output)).toBe(outcome.report.data.frames);
    }
  });

  it('damage that decoders see is counted in a warning', async () => {
    const broken = await flipBits(await clip({ frames: 60, codec: 'mpeg4' }), 7, 300, {
      from: 0.2,
      to: 0.9,
    });
    const outcome = await attempt('transcode_h264_to_h265', broken);
    if (failed(outcome)) expect(outcome.code).toMatch(/corrupt_media|output_verification_failed/);
    else expect(outcome.report.warnings.join()).toMatch(/damaged packets or frames were passed over/);
  });
});

describe('what is no video', () => {
  const others: [string, () => Promise<string>, RegExp][] = [
    ['an empty file', () => emptyFile(), /^unsupported_media$/],
    ['text', () => textFile(), /^unsupported_media$/],
    ['text called .mkv', () => textFile('.mkv'), /^unsupported_media$/],
    ['sound', () => toneWav(), /^no_video_stream$/],
    ['sound with a cover', () => coverMp3(), /^no_video_stream$/],
    ['a photo', () => photoJpeg(), /^no_video_stream$/],
    ['a PNG', () => solidPng(), /^no_video_stream$/],
  ];
  const cases = others.flatMap(([name, make, code]) =>
    Object.keys(JOBS)
      .filter((task) => task !== 'probe_media_file')
      .map((task) => [name, task, make, code] as const),
  );
  it.each(cases)('%s: %s', async (_, task, make, code) => {
    const outcome = await attempt(task, await make());
    expect(failed(outcome) ? outcome.code : 'success').toMatch(code);
  });
});

describe('32 playlists', () => {
  const kinds: PlaylistKind[] = ['hls', 'hls_master', 'hls_loop', 'ffconcat', 'dash', 'sdp'];
  it.each(kinds)('%s is not opened, nor what it names', async (kind) => {
    const target = await counterVideo({ container: 'ts' });
    for (const extension of ['.mp4', '.m3u8']) {
      const input = await hostilePlaylist(kind, kind === 'hls_loop' ? undefined : target, extension);
      const { detail } = await failJob('get_video_info', { input, target: 'info.json' }, 'unsupported_media');
      expect(detail).not.toContain(target);
      await failJob('probe_media_file', { input, target: 'probe.json' }, 'unsupported_media');
    }
  });

  it('names of files are no patterns', async () => {
    const folder = await testFolder();
    for (const n of [1, 2]) await copyFile(await solidPng(), join(folder, `frame${n}.png`));
    await failJob(
      'get_video_info',
      { input: join(folder, 'frame%d.png'), target: 'info.json' },
      'input_not_found',
    );
  });
});
