/** Facts about a source: what the fixtures were made with, and what Debian's ffprobe says of them. */
import { describe, expect, it } from 'vitest';
import type { SourceFacts, StreamFacts, VideoStreamFacts } from '../../src/core/facts.ts';
import { probe } from '../../src/engine/index.ts';
import { ffprobe } from '../decode/index.ts';
import {
  audioFile,
  counterVideo,
  coverMp3,
  hdrVideo,
  openGopVideo,
  photoJpeg,
  solidPng,
  type VideoOptions,
} from '../fixtures/media/index.ts';
import { readJson, runJob } from '../jobs/harness.ts';
import { mirrored } from '../jobs/video/mirrored.ts';

const videoOf = async (path: string) => (await probe(path)).streams[0] as VideoStreamFacts;

/** Names of the same thing in our facts and in ffprobe's JSON. */
const COMMON: [keyof StreamFacts, string][] = [
  ['codec', 'codec_name'],
  ['codec_tag', 'codec_tag_string'],
  ['profile', 'profile'],
  ['start_time_s', 'start_time'],
  ['duration_s', 'duration'],
  ['frame_count', 'nb_frames'],
  ['bit_rate', 'bit_rate'],
];
const PICTURE: [keyof VideoStreamFacts, string][] = [
  ['width', 'width'],
  ['height', 'height'],
  ['pixel_format', 'pix_fmt'],
  ['level', 'level'],
  ['color_range', 'color_range'],
  ['color_space', 'color_space'],
  ['color_transfer', 'color_transfer'],
  ['color_primaries', 'color_primaries'],
  ['chroma_location', 'chroma_location'],
  ['field_order', 'field_order'],
];

/** ffprobe leaves out what it does not know, or says `unknown`, `N/A`, or an empty tag. */
function known(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value <= -99 ? null : value;
  const text = String(value);
  if (/^(unknown|N\/A|unspecified|\[0\]\[0\]\[0\]\[0\])$/.test(text)) return null;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function expectSame(ours: unknown, theirs: unknown, what: string) {
  const [a, b] = [known(ours), known(theirs)];
  // What only one of them knows is no contradiction.
  if (a === null || b === null) return;
  // Versions of FFmpeg differ in how they count the priming samples of sound, in rates too.
  const within = /time|duration/.test(what) ? 0.05 : 0.05 * Math.abs(Number(b));
  if (typeof a === 'number' && typeof b === 'number')
    expect(Math.abs(a - b), `${what}: ${a}, ${b}`).toBeLessThanOrEqual(within);
  else expect(a, what).toBe(b);
}

describe('agrees with ffprobe', () => {
  const makers: [string, () => Promise<string>][] = [
    [
      'mp4',
      () => counterVideo({ audio: [{ language: 'eng' }], subtitles: [{ codec: 'mov_text' }], bFrames: 2 }),
    ],
    [
      'mkv',
      () => counterVideo({ container: 'mkv', audio: [{ codec: 'flac' }], subtitles: [{ codec: 'ass' }] }),
    ],
    ['ts', () => openGopVideo({ container: 'ts', audio: [{ codec: 'ac3', channels: 6 }] })],
    ['avi', () => counterVideo({ codec: 'mpeg4', audio: [{ codec: 'mp3' }] })],
    ['webm', () => counterVideo({ codec: 'vp9', audio: [{ codec: 'opus' }] })],
    ['mov', () => counterVideo({ codec: 'prores', audio: [{ codec: 'pcm' }] })],
    ['flv', () => counterVideo({ container: 'flv', audio: [{}] })],
    ['hdr', () => hdrVideo()],
    ['turned', () => counterVideo({ rotation: 90, sar: { num: 4, den: 3 } })],
    ['vfr', () => counterVideo({ vfr: true, fps: 29.97 })],
    ['av1', () => counterVideo({ codec: 'av1' })],
    ['mpeg2', () => counterVideo({ codec: 'mpeg2' })],
    ['cover', () => counterVideo({ cover: 'jpg', metadata: { title: 'T', artist: 'A' } })],
    ['mp3', () => coverMp3()],
    ['flac', () => audioFile({ codec: 'flac', channels: 1, rate: 44100 })],
  ];
  it.each(makers)('%s', async (_, make) => {
    const path = await make();
    const [ours, theirs] = [await probe(path), ffprobe(path)];
    if (!theirs) return;
    expect(ours.streams).toHaveLength(theirs.streams.length);
    expect(ours.format.name).toBe(theirs.format.format_name);
    for (const [mine, name] of [
      ['start_time_s', 'start_time'],
      ['duration_s', 'duration'],
      ['bit_rate', 'bit_rate'],
    ] as const)
      expectSame(ours.format[mine], theirs.format[name], name);
    expect(ours.format.tags).toEqual(theirs.format.tags ?? {});
    for (const [index, stream] of ours.streams.entries()) {
      const other = theirs.streams[index] ?? {};
      expect(stream.kind).toBe(other.codec_type);
      for (const [mine, name] of COMMON) expectSame(stream[mine], other[name], `${index} ${name}`);
      expect(`${stream.time_base.num}/${stream.time_base.den}`).toBe(other.time_base);
      const set = Object.entries(other.disposition as Record<string, number>).filter(
        ([, value]) => value === 1,
      );
      expect(stream.disposition.toSorted()).toEqual(set.map(([name]) => name).toSorted());
      // FFmpeg 8 leaves out vendors that are nobody.
      const tags = ({ vendor_id: _, ...rest }: Record<string, string>) => rest;
      expect(tags(stream.tags)).toEqual(tags(other.tags ?? {}));
      if (stream.kind === 'video') expectSamePicture(stream, other);
      if (stream.kind === 'audio') {
        expectSame(stream.sample_rate, other.sample_rate, 'sample_rate');
        expectSame(stream.channels, other.channels, 'channels');
        expectSame(stream.channel_layout, other.channel_layout, 'channel_layout');
        expectSame(stream.sample_format, other.sample_fmt, 'sample_fmt');
      }
    }
  });

  function expectSamePicture(stream: VideoStreamFacts, other: Record<string, unknown>) {
    for (const [mine, name] of PICTURE) expectSame(stream[mine], other[name], name);
    // A cover has none: 0/0 or 0/1.
    const rate = (num: unknown, den: unknown) => Number(num) / Number(den) || 0;
    for (const [mine, name] of [
      [stream.avg_frame_rate, 'avg_frame_rate'],
      [stream.real_frame_rate, 'r_frame_rate'],
    ] as const) {
      const [num, den] = String(other[name]).split('/');
      expect(rate(mine.num, mine.den), name).toBeCloseTo(rate(num, den), 6);
    }
    expectSame(stream.bit_depth, other.bits_per_raw_sample, 'bits_per_raw_sample');
    expect(stream.has_b_frames).toBe(Number(other.has_b_frames) > 0);
    const turned = (other.side_data_list as { rotation?: number }[] | undefined)?.find(
      ({ rotation }) => rotation !== undefined,
    );
    expect(stream.side_data.find(({ type }) => type === 'display_matrix')?.rotation).toBe(turned?.rotation);
  }
});

describe('pictures', () => {
  const cases: [VideoOptions, Partial<VideoStreamFacts>][] = [
    [{}, { width: 320, height: 180, display_width: 320, rotation: 0, codec: 'h264', bit_depth: 8 }],
    [{ rotation: 90 }, { width: 180, height: 320, display_width: 320, display_height: 180, rotation: 90 }],
    [{ rotation: 180 }, { width: 320, height: 180, display_width: 320, rotation: 180 }],
    [
      { rotation: 270, container: 'mkv' },
      { width: 180, display_width: 320, rotation: 270 },
    ],
    [{ sar: { num: 4, den: 3 } }, { width: 320, display_width: 427, display_height: 180 }],
    [
      { sar: { num: 2, den: 1 }, rotation: 90 },
      { width: 180, display_width: 320, display_height: 360 },
    ],
    [{ pixFmt: 'yuv420p10le' }, { bit_depth: 10, pixel_format: 'yuv420p10le', profile: 'High 10' }],
    [{ codec: 'prores' }, { bit_depth: 10, pixel_format: 'yuv422p10le', codec: 'prores' }],
    [{ codec: 'hevc' }, { codec: 'hevc', profile: 'Main' }],
    [{ bFrames: 2 }, { has_b_frames: true }],
    [{ codec: 'mjpeg' }, { color_range: 'pc', pixel_format: 'yuvj420p' }],
    [{ codec: 'ffv1' }, { codec: 'ffv1', pixel_format: 'yuv420p' }],
    [{ container: 'mkv', language: 'deu' }, { language: 'deu' }],
  ];
  it.each(cases)('%o', async (options, facts) => {
    expect(await videoOf(await counterVideo(options))).toMatchObject(facts);
  });

  it('mirrored ones', async () => {
    for (const rotation of [0, 90, 180, 270] as const) {
      const facts = await videoOf(await mirrored(await counterVideo({ rotation })));
      expect(facts.flipped).toBe(true);
      expect([facts.display_width, facts.display_height]).toEqual([320, 180]);
    }
    expect((await videoOf(await counterVideo({ rotation: 90 }))).flipped).toBe(false);
  });

  it.each(['hdr10', 'hlg'] as const)('%s', async (hdr) => {
    const facts = await videoOf(await hdrVideo({ hdr }));
    expect(facts.hdr).toBe(hdr);
    expect(facts.bit_depth).toBe(10);
    expect(facts.color_primaries).toBe('bt2020');
    if (hdr !== 'hdr10') return;
    const display = facts.side_data.find(({ type }) => type === 'mastering_display_metadata');
    expect(display).toMatchObject({ red: [0.68, 0.32], min_luminance: 0.0001, max_luminance: 1000 });
    const light = facts.side_data.find(({ type }) => type === 'content_light_level');
    expect(light).toMatchObject({ max_content: 1000, max_average: 400 });
  });

  it('SDR is not HDR', async () => expect((await videoOf(await counterVideo())).hdr).toBeNull());
});

describe('where 0:00 is', () => {
  it.each([
    [{}, 0],
    [{ start: 0.5 }, 0.5],
    [{ start: -0.2 }, 0],
    [{ container: 'ts' }, 1.4],
    [{ container: 'ts', start: 3600, audio: [{}] }, 3600],
    [{ container: 'mkv', start: 2 }, 2],
    [{ editList: { startS: 0.4, endS: 1 }, audio: [{}] }, 0],
  ] as [VideoOptions, number][])('%o: %f', async (options, zero) => {
    expect((await probe(await counterVideo(options))).format.zero_s).toBeCloseTo(zero, 4);
  });
});

describe('what kind of thing it is', () => {
  it('pictures are still', async () => {
    for (const path of [await photoJpeg(), await solidPng()])
      expect((await probe(path)).still_image).toBe(true);
    expect((await probe(await counterVideo())).still_image).toBe(false);
    expect((await probe(await counterVideo({ frames: 1 }))).still_image).toBe(false);
  });

  it('covers are no videos', async () => {
    const { streams } = await probe(await coverMp3());
    expect(streams.map(({ kind }) => kind)).toEqual(['audio', 'video']);
    expect(streams[1]).toMatchObject({ attached_picture: true, disposition: ['attached_pic'] });
  });

  it('titles and languages of tracks', async () => {
    const audio = [{ language: 'eng', title: 'Commentary' }, { language: 'fra' }];
    for (const container of ['mp4', 'mkv'] as const) {
      const { streams } = await probe(await counterVideo({ audio, container }));
      expect(streams.map(({ language }) => language)).toEqual([null, 'eng', 'fra']);
      expect(streams.map(({ title }) => title)).toEqual([null, 'Commentary', null]);
    }
  });
});

describe('programmes of transport streams', () => {
  it('have their tags and streams', async () => {
    const { programs } = await probe(await counterVideo({ container: 'ts', audio: [{}] }));
    expect(programs).toEqual([
      { id: 1, tags: { service_name: 'Service01', service_provider: 'FFmpeg' }, streams: [0, 1] },
    ]);
  });

  it('are nowhere else', async () => expect((await probe(await counterVideo())).programs).toEqual([]));
});

describe('probe_media_file', () => {
  it('prints all facts as JSON, numbers as numbers', async () => {
    const input = await counterVideo({ audio: [{}], metadata: { title: 'T' } });
    const run = await runJob('probe_media_file', { input, target: 'probe.json' });
    const facts = await readJson<SourceFacts & Record<string, unknown>>(run);
    expect(facts).toEqual(JSON.parse(JSON.stringify(await probe(input))));
    expect(run.report.data).toEqual(facts);
    expect(facts).toMatchObject({ format: { duration_s: 1.2, tags: { title: 'T' } }, still_image: false });
    expect(run.report.message).toBe('QuickTime / MOV, 1.2 s: 1 video, 1 audio.');
  });

  it('of pictures and of sound', async () => {
    for (const input of [await photoJpeg(), await coverMp3(), await solidPng()]) {
      const { report } = await runJob('probe_media_file', { input, target: 'probe.json' });
      expect((report.data.streams as unknown[]).length).toBeGreaterThan(0);
    }
  });
});
