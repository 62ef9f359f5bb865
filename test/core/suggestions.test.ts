import { describe, expect, test } from 'vitest';
import { type ErrorCode, MillError } from '../../src/core/errors.ts';
import type { SourceFacts } from '../../src/core/facts.ts';
import { playability } from '../../src/core/playability.ts';
import { createRegistry } from '../../src/core/registry.ts';
import { clock, summarize } from '../../src/core/suggestions/summary.ts';
import { adviseOnFile } from '../../src/core/suggestions/tasks-for-file.ts';
import { type FailedJob, waysOut } from '../../src/core/suggestions/ways-out.ts';
import { jobs } from '../../src/jobs/index.gen.ts';

const registry = createRegistry(jobs);

const job = (more: Partial<FailedJob> = {}): FailedJob => ({
  task: 'transcode_h264_to_h265',
  input_path: '/data/input/a.mp4',
  output_path: '/data/output/a.mp4',
  params: {},
  timeout_seconds: null,
  depends_on: [],
  ...more,
});
const ways = (
  code: ErrorCode,
  facts: Record<string, unknown> = {},
  more: Partial<FailedJob> = {},
  detail?: string,
) => waysOut(registry, new MillError(code, detail, { facts }).toFailure(), job(more));

function media(
  streams: Record<string, unknown>[],
  { format = 'mov,mp4,m4a,3gp,3g2,mj2', still = false, duration = 65 } = {},
): SourceFacts {
  return {
    name: 'x',
    size_bytes: 1000,
    still_image: still,
    format: {
      name: format,
      long_name: 'L',
      start_time_s: 0,
      duration_s: duration,
      bit_rate: 8_200_000,
      tags: {},
      zero_s: 0,
    },
    streams: streams.map((stream, index) => ({ index, disposition: [], duration_s: duration, ...stream })),
    chapters: [],
    programs: [],
  } as unknown as SourceFacts;
}
const video = (codec = 'h264', pixel_format = 'yuv420p') => ({
  kind: 'video',
  codec,
  pixel_format,
  width: 1920,
  height: 1080,
  display_width: 1920,
  display_height: 1080,
  avg_frame_rate: { num: 25, den: 1, value: 25 },
  real_frame_rate: { num: 25, den: 1, value: 25 },
});
const audio = (codec = 'aac') => ({ kind: 'audio', codec, channels: 2, sample_rate: 48_000 });
const about = (facts: SourceFacts | null) => ({
  name: 'x',
  size_bytes: 1000,
  facts,
  problem: null,
  warnings: [],
});

describe('ways out of a failure', () => {
  test('exactly one is primary, or none where nothing but another try is left that will not help', () => {
    const codes = [
      'output_verification_failed',
      'timed_out',
      'crashed',
      'no_video_stream',
      'canceled',
      'disk_full',
    ];
    for (const code of codes as ErrorCode[]) {
      expect(ways(code).filter(({ primary }) => primary).length, code).toBeLessThanOrEqual(1);
      expect(ways(code).length, code).toBeGreaterThan(0);
    }
    expect(ways('crashed')[0]).toMatchObject({ kind: 'retry', primary: true });
    expect(ways('canceled').find(({ primary }) => primary)).toMatchObject({ kind: 'retry' });
  });

  test('another try is not primary when every attempt broke at the same place', () => {
    const found = ways('crashed', { attempts_same_place: 3 });
    expect(found.find(({ kind }) => kind === 'retry')).toMatchObject({ primary: false });
    expect(found.find(({ primary }) => primary)).toMatchObject({ task: 'verify_file_integrity' });
  });

  test('a source that breaks off: a new copy first, then what is damaged', () => {
    const [first, second] = ways('output_verification_failed', {
      announced_s: 724,
      found_s: 683.12,
      at_s: 683.12,
    });
    expect(first).toMatchObject({
      kind: 'open',
      primary: true,
      reason: 'Of 12:04 only 11:23 are there; the rest never arrived.',
    });
    expect(second).toMatchObject({ kind: 'run_task', task: 'verify_file_integrity' });
  });

  test('params that are complained of are left out, and what is offered is valid', () => {
    const params = { crf: 20, preset: 'nope', codec: 'libsvtav1' };
    const [first] = ways('invalid_params', {}, { params }, '"preset": libsvtav1 takes none.');
    expect(first).toMatchObject({
      kind: 'retry_with',
      params: { crf: 20, codec: 'libsvtav1' },
      primary: true,
    });
    for (const way of ways(
      'forbidden_option',
      { option: 'stats' },
      { params: { options: { stats: 'x', tune: 'film' } } },
    )) {
      if (way.params) expect(() => registry.check('transcode_h264_to_h265', way.params)).not.toThrow();
    }
  });

  test('another container, a longer time, a software encoder', () => {
    const webm = { output_path: '/data/output/a.webm' };
    expect(ways('unsupported_output', {}, webm)[0]).toMatchObject({
      kind: 'retry_with',
      output_path: '/data/output/a.mkv',
    });
    expect(ways('timed_out', { timeout_seconds: 60 })[0]).toMatchObject({
      timeout_seconds: 240,
      primary: true,
    });
    expect(ways('encoder_unavailable', {}, { params: { hardware: 'nvenc' } })[0]).toMatchObject({
      params: { hardware: 'off' },
    });
  });

  test('tasks that do not exist are never named', () => {
    const none = createRegistry([]);
    const found = waysOut(none, new MillError('corrupt_media').toFailure(), job());
    expect(found.every(({ task }) => task === undefined)).toBe(true);
  });
});

describe('tasks for a file', () => {
  test('follow from what it is', () => {
    const film = adviseOnFile(registry, about(media([video(), audio()])));
    expect(film.suggestions[0]).toMatchObject({
      task: 'transcode_h264_to_h265',
      reason: 'H.264 at 8.2 Mbit/s; H.265 is usually smaller.',
    });
    expect(film.suggestions.map(({ task }) => task)).toContain('resize_to_720p');
    expect(film.unsuitable).toEqual([]);
    const modern = adviseOnFile(registry, about(media([video('hevc'), audio()])));
    expect(modern.suggestions.map(({ task }) => task)).not.toContain('transcode_h264_to_h265');
  });

  test('name what would fail, and why', () => {
    const sound = adviseOnFile(registry, about(media([audio()])));
    expect(sound.unsuitable).toContainEqual(
      expect.objectContaining({ task: 'extract_thumbnails', reason: 'The file has only sound.' }),
    );
    expect(sound.suggestions.map(({ task }) => task)).toContain('normalize_audio');
    const text = adviseOnFile(registry, about(null));
    expect(text.suggestions.map(({ task }) => task)).toContain('calculate_sha256');
    for (const { task } of [...sound.suggestions, ...text.suggestions]) {
      expect(
        [...sound.unsuitable, ...text.unsuitable].filter(
          (one) => one.task === task && text.suggestions.includes(one),
        ),
      ).toEqual([]);
    }
  });
});

test('a film in one line', () => {
  expect(summarize(media([video(), audio()]))).toBe('1:05 · H.264 1920×1080 · 25 fps · AAC stereo');
  expect(clock(3723)).toBe('1:02:03');
  expect(clock(12.44)).toBe('12.4 s');
});

test.each([
  ['mp4 of h264 and aac', media([video(), audio()]), '.mp4', true],
  ['hevc', media([video('hevc')]), '.mp4', false],
  ['ten bits', media([video('h264', 'yuv420p10le')]), '.mp4', false],
  ['ac3 sound', media([video(), audio('ac3')]), '.mp4', false],
  ['matroska', media([video(), audio()], { format: 'matroska,webm' }), '.mkv', false],
  ['webm', media([video('vp9'), audio('opus')], { format: 'matroska,webm' }), '.webm', true],
  ['mp3', media([audio('mp3')], { format: 'mp3' }), '.mp3', true],
  ['aiff', media([audio('pcm_s16be')], { format: 'aiff' }), '.aiff', false],
  ['a photo', media([video('mjpeg')], { format: 'image2', still: true }), '.jpg', true],
  ['a gif', media([video('gif')], { format: 'gif' }), '.gif', true],
  ['a tiff', media([video('tiff')], { format: 'tiff_pipe', still: true }), '.tif', false],
])('%s plays or not', (_what, facts, extension, plays) => {
  const { playable, reason } = playability(facts, extension);
  expect(playable).toBe(plays);
  expect(reason === null).toBe(plays);
});
