import { describe, expect, test } from 'vitest';
import { decodedShares } from '../../src/core/explain/decoded-share.ts';
import { explain, type Look } from '../../src/core/explain/explain.ts';
import { planWarnings } from '../../src/core/explain/plan-warnings.ts';
import { type PastJob, predict } from '../../src/core/explain/predict.ts';
import type { AudioStreamFacts, SourceFacts, VideoStreamFacts } from '../../src/core/facts.ts';
import { checkRecipe } from '../../src/core/recipe/lint.ts';
import { stepJobs } from '../../src/core/recipe/steps.ts';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';

const registry = createRegistry(jobs);
const ratio = (num: number, den = 1) => ({ num, den, value: num / den });
const common = {
  id: 0,
  codec_long_name: null,
  codec_tag: null,
  profile: null,
  time_base: ratio(1, 1000),
  start_time_s: 0,
  duration_s: 100,
  bit_rate: null,
  language: null,
  title: null,
  disposition: ['default'],
  tags: {},
  side_data: [],
};
const video = (changes: Partial<VideoStreamFacts> = {}): VideoStreamFacts => ({
  ...common,
  kind: 'video',
  index: 0,
  codec: 'h264',
  frame_count: 2500,
  width: 1920,
  height: 1080,
  display_width: 1920,
  display_height: 1080,
  sample_aspect_ratio: ratio(1),
  rotation: 0,
  flipped: false,
  avg_frame_rate: ratio(25),
  real_frame_rate: ratio(25),
  pixel_format: 'yuv420p',
  bit_depth: 8,
  level: null,
  color_range: null,
  color_space: null,
  color_transfer: null,
  color_primaries: null,
  chroma_location: null,
  field_order: null,
  has_b_frames: false,
  hdr: null,
  attached_picture: false,
  ...changes,
});
const audio = (changes: Partial<AudioStreamFacts> = {}): AudioStreamFacts => ({
  ...common,
  kind: 'audio',
  index: 1,
  codec: 'aac',
  frame_count: 4700,
  sample_rate: 48_000,
  channels: 2,
  channel_layout: 'stereo',
  sample_format: 'fltp',
  bit_depth: null,
  ...changes,
});
const film = (...streams: SourceFacts['streams']): SourceFacts => ({
  name: 'film.mp4',
  size_bytes: 50_000_000,
  still_image: false,
  format: {
    name: 'mov,mp4,m4a,3gp,3g2,mj2',
    long_name: 'QuickTime / MOV',
    start_time_s: 0,
    duration_s: 100,
    bit_rate: null,
    tags: {},
    zero_s: 0,
  },
  streams,
  chapters: [],
  programs: [],
});
const planOf = (facts: SourceFacts, task: string, params: object, name: string) => {
  const job = registry.get(task);
  if (!('plan' in job)) throw new TypeError('no media job');
  const extension = name.slice(name.lastIndexOf('.'));
  return job.plan(facts, registry.parse(task, params), { name, extension });
};
const warningsOf = (facts: SourceFacts, task: string, params: object = {}, name = 'out.mp4') =>
  planWarnings(facts, planOf(facts, task, params, name));

describe('warnings of a plan', () => {
  const SILENT = 'The source has no sound, and the result will have none.';

  test('are none for what everybody expects', () => {
    expect(warningsOf(film(video(), audio()), 'resize_to_720p')).toEqual([]);
    expect(warningsOf(film(video(), audio()), 'transcode_h264_to_h265')).toEqual([]);
    expect(warningsOf(film(video(), audio()), 'extract_audio_from_video', {}, 'a.mp3')).toEqual([]);
  });

  test.each<[string, SourceFacts, string, object, string, RegExp]>([
    [
      'enlarging',
      film(video({ width: 320, height: 180, display_width: 320, display_height: 180 }), audio()),
      'resize_to_720p',
      { allow_upscale: true },
      'out.mp4',
      /enlarged from 320×180 to 1280×720/,
    ],
    ['no sound', film(video()), 'resize_to_720p', {}, 'out.mp4', /no sound/],
    [
      'HDR in eight bits',
      film(video({ codec: 'hevc', hdr: 'hdr10', bit_depth: 10, pixel_format: 'yuv420p10le' }), audio()),
      'resize_to_720p',
      { pix_fmt: 'yuv420p' },
      'out.mp4',
      /HDR \(hdr10\); the result is not/,
    ],
    [
      'HDR in a codec that seldom has it',
      film(video({ codec: 'hevc', hdr: 'hlg', bit_depth: 10, pixel_format: 'yuv420p10le' }), audio()),
      'resize_to_720p',
      {},
      'out.mp4',
      /HDR \(hlg\)/,
    ],
    [
      'ten bits in eight',
      film(video({ codec: 'hevc', bit_depth: 10, pixel_format: 'yuv420p10le' }), audio()),
      'transcode_h264_to_h265',
      { pix_fmt: 'yuv420p', crf: 20, codec: 'libx264' },
      'out.mp4',
      /10 bits of the source become 8/,
    ],
    [
      'the same codec again',
      film(video({ codec: 'hevc' }), audio()),
      'transcode_h264_to_h265',
      {},
      'out.mp4',
      /The video is H\.265 already/,
    ],
    [
      'fewer channels',
      film(audio({ index: 0, codec: 'flac', channels: 6 })),
      'resample_audio',
      { sample_rate: 48_000, channels: 2 },
      'out.wav',
      /6 channels of the sound become 2/,
    ],
  ])('tell of %s', (_, facts, task, params, name, wanted) => {
    expect(warningsOf(facts, task, params, name)).toEqual([expect.stringMatching(wanted)]);
  });

  test('keep quiet about HDR that is kept', () => {
    const hdr = film(
      video({ codec: 'h264', hdr: 'hdr10', bit_depth: 10, pixel_format: 'yuv420p10le' }),
      audio(),
    );
    expect(warningsOf(hdr, 'transcode_h264_to_h265')).toEqual([]);
    expect(warningsOf(film(video()), 'extract_thumbnails', {}, 'stills')).toEqual([]);
    expect(warningsOf(film(video()), 'resize_to_720p')).toEqual([SILENT]);
  });
});

describe('the share that is decoded', () => {
  const facts = film(video(), audio());
  const share = (...plans: [task: string, params: object, name: string][]) =>
    decodedShares(
      facts,
      plans.map(([task, params, name]) => planOf(facts, task, params, name)),
    ).map((one) => one.share);

  test('is the stream that is encoded, and not the one that is copied', () => {
    expect(share(['resize_to_720p', {}, 'a.mp4'])).toEqual([1, 0]);
    expect(share(['extract_audio_from_video', {}, 'a.mp3'])).toEqual([0, 1]);
    expect(share(['verify_file_integrity', {}, 'a.json'])).toEqual([1, 1]);
    expect(share(['probe_media_file', {}, 'a.json'])).toEqual([0, 0]);
  });

  test('is small for single pictures, and nothing more where the stream is decoded anyway', () => {
    expect(share(['extract_thumbnails', { count: 25 }, 'a'])).toEqual([0.01, 0]);
    expect(share(['extract_thumbnails', { count: 25 }, 'a'], ['extract_key_frame', {}, 'a.jpg'])).toEqual([
      0.0104, 0,
    ]);
    expect(share(['extract_thumbnails', { count: 25 }, 'a'], ['resize_to_720p', {}, 'a.mp4'])).toEqual([
      1, 0,
    ]);
    expect(share(['create_animated_gif', { duration: 20 }, 'a.gif'])).toEqual([0.2, 0]);
  });
});

describe('a prediction', () => {
  const past = (changes: Partial<PastJob> = {}): PastJob => ({
    params: {},
    source_s: 10,
    pixels: 1000,
    input_bytes: 100,
    output_bytes: 50,
    took_s: 2,
    memory_bytes: 7,
    ...changes,
  });
  const media = { size: 'media', time: 'media' } as const;
  const source = { params: {}, source_s: 20, pixels: 2000, input_bytes: 400 };

  test('needs three runs', () => {
    expect(predict([past(), past()], source, media)).toBeNull();
    expect(predict([], source, media)).toBeNull();
  });

  test('grows with length and picture, by the median', () => {
    const runs = [past(), past({ took_s: 100, output_bytes: 1 }), past()];
    expect(predict(runs, source, media)).toEqual({
      size_bytes: 100,
      duration_s: 8,
      memory_bytes: 7,
      from_runs: 3,
    });
  });

  test('takes what is known: without pixels the length, without length the bytes', () => {
    const runs = [past(), past(), past()];
    expect(predict(runs, { ...source, pixels: null }, media)).toMatchObject({ duration_s: 4 });
    const bytes = { ...source, pixels: null, source_s: null };
    expect(predict(runs, bytes, media)).toMatchObject({ duration_s: 8, size_bytes: 200 });
    const nothing = { params: {}, source_s: null, pixels: null, input_bytes: null };
    expect(predict(runs, nothing, media)).toMatchObject({ duration_s: null, size_bytes: null, from_runs: 3 });
    expect(predict(runs, nothing, { size: 'fixed', time: 'fixed' })).toMatchObject({
      duration_s: 2,
      size_bytes: 50,
    });
  });

  test('takes time from runs that were alone, when there are enough', () => {
    const shared = past({ took_s: 50, output_bytes: 100, shared: true });
    const two = [past(), past(), shared, shared];
    expect(predict(two, source, media)).toMatchObject({ duration_s: 104, size_bytes: 150 });
    expect(predict([...two, past()], source, media)).toMatchObject({ duration_s: 8, size_bytes: 100 });
  });

  test('learns from runs with the same params alone, when there are enough', () => {
    const slow = (took_s: number) => past({ params: { b: 2, a: 1 }, took_s });
    const runs = [past(), past(), past(), slow(20), slow(20)];
    const asked = { ...source, params: { a: 1, b: 2 } };
    expect(predict(runs, asked, media)).toMatchObject({ duration_s: 8, from_runs: 5 });
    expect(predict([...runs, slow(22)], asked, media)).toMatchObject({ duration_s: 80, from_runs: 3 });
  });
});

describe('a recipe explained', () => {
  const recipe = checkRecipe(
    {
      steps: [
        { id: 'video', task: 'resize_to_720p', output: 'v.mp4' },
        { id: 'sprite', task: 'extract_thumbnails' },
        { id: 'sum', task: 'calculate_sha256' },
        { id: 'loud', task: 'normalize_audio', from: 'video', output: 'n.mp3' },
        { id: 'proof', task: 'calculate_sha256', from: 'video', output: 'v.sha256' },
      ],
    },
    registry,
  );
  const steps = stepJobs(recipe, registry, { input: '/in/film.mp4', folder: '/out' });
  const look = (facts: SourceFacts | null): Look => ({
    name: 'film.mp4',
    size_bytes: 50_000_000,
    facts,
    problem: null,
    warnings: ['It breaks off.'],
  });
  const told = (facts: SourceFacts | null) =>
    explain(steps, { registry, looks: new Map([['/in/film.mp4', look(facts)]]), history: () => [] });

  test('says what shares a pass, and how much of the source each decodes', () => {
    const { source, passes, steps: explained, warnings } = told(film(video(), audio()));
    expect(source).toMatchObject({ duration_s: 100, summary: expect.stringContaining('H.264 1920×1080') });
    expect(
      passes.map(({ reads, from, decoded_share, steps: ids }) => [reads, from, decoded_share, ids]),
    ).toEqual([
      ['decode', 'source', 1, ['video', 'sprite']],
      ['file', 'source', 0, ['sum']],
      ['decode', 'video', null, ['loud']],
      ['file', 'video', 0, ['proof']],
    ]);
    expect(explained.map(({ id, output, more }) => [id, output, more])).toEqual([
      ['video', '/out/v.mp4', false],
      ['sprite', '/out/sprite', false],
      ['sum', '/out/sum.sha256', false],
      ['loud', '/out/n.mp3', true],
      ['proof', '/out/v.sha256', false],
    ]);
    expect(explained[0]?.plan?.steps).toMatchObject([
      { kind: 'video', from: 'h264', to: 'libx264', detail: expect.stringContaining('1280×720') },
      { kind: 'copy', from: 'aac' },
    ]);
    expect(explained[3]?.plan).toBeNull();
    expect(explained.every(({ problem }) => problem === null)).toBe(true);
    expect(warnings).toEqual(['It breaks off.']);
  });

  test('keeps apart what the engine reads by itself', () => {
    const some = checkRecipe(
      {
        steps: [
          { id: 'poster', task: 'extract_key_frame' },
          { id: 'info', task: 'probe_media_file' },
          { id: 'proof', task: 'verify_file_integrity', output: 'proof.json' },
          { id: 'wave', task: 'generate_waveform_json' },
          { id: 'sound', task: 'extract_audio_from_video' },
        ],
      },
      registry,
    );
    const passesOf = (more: object[] = []) => {
      const recipe = checkRecipe({ steps: [...some.steps, ...more] }, registry);
      const jobs = stepJobs(recipe, registry, { input: '/in/film.mp4', folder: '/out' });
      const looks = new Map([['/in/film.mp4', look(film(video(), audio()))]]);
      const { passes } = explain(jobs, { registry, looks, history: () => [] });
      return passes.map(({ reads, steps: ids }) => [reads, ...ids]);
    };
    expect(passesOf()).toEqual([
      ['seek', 'poster'],
      ['header', 'info'],
      ['decode', 'proof'],
      ['decode', 'wave', 'sound'],
    ]);
    expect(passesOf([{ id: 'film', task: 'resize_to_720p' }])[0]).toEqual([
      'decode',
      'poster',
      'wave',
      'sound',
      'film',
    ]);
  });

  test('says which steps would fail', () => {
    expect(told(film(audio({ index: 0 }))).steps[0]?.problem).toMatchObject({ code: 'no_video_stream' });
    expect(told(null).steps.map(({ problem }) => problem?.code ?? null)).toEqual([
      'unsupported_media',
      'unsupported_media',
      null,
      null,
      null,
    ]);
  });
});
