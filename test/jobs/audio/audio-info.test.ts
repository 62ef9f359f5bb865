import { describe, expect, it } from 'vitest';
import { decodeAudio, peak } from '../../decode/index.ts';
import {
  audioFile,
  cached,
  counterVideo,
  coverMp3,
  flipBits,
  levelsWav,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';
import { writeWav } from '../../fixtures/media/wav.ts';
import { failJob, readJson, runJob } from '../harness.ts';
import { changingSound, loudnessOf } from './sounds.ts';

const info = async (input: string) =>
  (await runJob('get_audio_info', { input, target: 'info.json' })).report.data;

describe('get_audio_info', () => {
  it.each([
    ['aac', 'mov,mp4,m4a,3gp,3g2,mj2', null],
    ['mp3', 'mp3', null],
    ['opus', 'ogg', null],
    ['vorbis', 'ogg', null],
    ['flac', 'flac', 16],
    ['ac3', 'ac3', null],
    ['pcm', 'wav', 16],
  ] as const)('describes %s', async (codec, container, depth) => {
    const data = await info(await audioFile({ codec, seconds: 3 }));
    expect(data).toMatchObject({
      container,
      codec: codec === 'pcm' ? 'pcm_s16le' : codec,
      sample_rate: 48000,
      channels: 2,
      channel_layout: 'stereo',
      cover: null,
    });
    expect(data.bit_depth).toBe(depth);
    expect(Math.abs((data.duration_s as number) - 3)).toBeLessThan(0.05);
    expect(data.bit_rate).toBeGreaterThan(codec === 'flac' ? 20_000 : 60_000);
    expect(data).not.toHaveProperty('loudness');
  });

  it.each([
    [1, 'mono'],
    [6, '5.1'],
    [8, '7.1'],
  ])('knows the layout of %i channels', async (channels, layout) => {
    expect(await info(await toneWav({ channels, bits: 24, rate: 96000 }))).toMatchObject({
      channels,
      channel_layout: layout,
      bit_depth: 24,
      sample_rate: 96000,
      duration_s: 1,
    });
  });

  it('reads tags and cover, and writes what it reports', async () => {
    const run = await runJob('get_audio_info', { input: await coverMp3(), target: 'info.json' });
    expect(run.report.data).toMatchObject({
      tags: { title: 'A tone', artist: 'Media Mill', album: 'Fixtures', track: '1/2', date: '2024' },
      cover: { codec: 'mjpeg' },
    });
    expect(await readJson(run)).toEqual(run.report.data);
  });

  it.each(['mp4', 'mkv'] as const)(
    'states neither depth nor rate of AAC in %s that it does not know',
    async (container) => {
      const input = await counterVideo({ container, audio: [{ codec: 'aac' }] });
      const data = await info(input);
      expect(data).toMatchObject({ codec: 'aac', bit_depth: null });
      // Matroska knows the rate of the whole file only.
      if (container === 'mkv') expect(data.bit_rate).toBeNull();
      else expect(data.bit_rate).toBeLessThan(200_000);
    },
  );

  it('lists the tracks of a video, and describes the main one', async () => {
    const input = await counterVideo({
      container: 'mkv',
      audio: [
        { codec: 'opus', channels: 1, language: 'eng', isDefault: false },
        { codec: 'aac', language: 'deu', isDefault: true },
      ],
    });
    const data = await info(input);
    const tracks = data.tracks as { codec: string; language: string }[];
    expect(tracks.map(({ codec, language }) => [codec, language])).toEqual([
      ['opus', 'eng'],
      ['aac', 'deu'],
    ]);
    expect(data).toMatchObject({ channels: 2, codec: 'aac' });
  });

  it('refuses a video without sound', async () => {
    await failJob('get_audio_info', { input: await counterVideo(), target: 'info.json' }, 'no_audio_stream');
  });
});

describe('loudness', () => {
  const steady = (dbfs: number, seconds = 20) => levelsWav({ levels: [{ dbfs, seconds }] });

  // EBU Tech 3341: two channels of 1 kHz, the relative gate takes out what is soft.
  it.each([
    [1, [[-23, 20]], -23],
    [2, [[-33, 20]], -33],
    [
      3,
      [
        [-36, 10],
        [-23, 60],
        [-36, 10],
      ],
      -23,
    ],
    [
      4,
      [
        [-72, 10],
        [-36, 10],
        [-23, 60],
        [-36, 10],
        [-72, 10],
      ],
      -23,
    ],
    [
      5,
      [
        [-26, 20],
        [-20, 20.1],
        [-26, 20],
      ],
      -23,
    ],
  ])('measures case %i of EBU Tech 3341', async (_case, levels, wanted) => {
    const input = await levelsWav({ levels: levels.map(([dbfs, seconds]) => ({ dbfs, seconds }) as never) });
    const { integrated_lufs } = await loudnessOf(input);
    expect(Math.abs((integrated_lufs as number) - wanted)).toBeLessThanOrEqual(0.1);
  });

  it('weighs surround channels (case 6)', async () => {
    const tones = [-28, -28, -24, -30, -30].map((dbfs) => [{ freq: 1000, dbfs }]);
    const { integrated_lufs } = await loudnessOf(await toneWav({ channels: 5, seconds: 20, tones }));
    expect(Math.abs((integrated_lufs as number) + 23)).toBeLessThanOrEqual(0.1);
  });

  // EBU Tech 3342: the range between two steady levels is their difference.
  it.each([
    [-20, -30, 10],
    [-20, -15, 5],
    [-40, -20, 20],
  ])('measures the range between %i and %i dBFS', async (first, second, wanted) => {
    const levels = [first, second].map((dbfs) => ({ dbfs, seconds: 20 }));
    const { range_lu } = await loudnessOf(await levelsWav({ levels }));
    expect(Math.abs((range_lu as number) - wanted)).toBeLessThanOrEqual(1);
  });

  it('sees peaks between the samples', async () => {
    // A quarter of the rate, 45° off: no sample is higher than 0.35 where the wave reaches 0.5.
    const input = await cached('between', '.wav', 'faded', (path) =>
      writeWav(
        path,
        { rate: 48000, channels: 2, bits: 24 },
        2,
        (_, i) => Math.min(0.5, i / 9600, (96_000 - i) / 9600) * Math.sin((i + 0.5) * (Math.PI / 2)),
      ),
    );
    expect(peak((await decodeAudio(input)).samples[0] as Float32Array)).toBeCloseTo(0.3536, 3);
    const { true_peak_db } = await loudnessOf(input);
    // Tech 3341 allows +0.2 and −0.4 dB.
    expect(true_peak_db).toBeGreaterThan(-6.42);
    expect(true_peak_db).toBeLessThan(-5.82);
  });

  it('says nothing of silence', async () => {
    const silence = { integrated_lufs: null, range_lu: null, true_peak_db: null };
    expect(await loudnessOf(await steady(Number.NEGATIVE_INFINITY, 2))).toEqual(silence);
  });

  it('says only what a short sound allows', async () => {
    expect(await loudnessOf(await steady(-23, 0.3))).toMatchObject({ integrated_lufs: null, range_lu: null });
    const short = await loudnessOf(await steady(-23, 1));
    expect(short.integrated_lufs).toBeCloseTo(-23, 1);
    // Five windows of three seconds are the least that percentiles can be taken of.
    expect(short.range_lu).toBeNull();
    expect((await loudnessOf(await steady(-23, 3.2))).range_lu).toBeNull();
    expect((await loudnessOf(await steady(-23, 4))).range_lu).toBe(0);
  });

  it.each(['aac', 'mp3', 'opus', 'flac'] as const)('measures %s', async (codec) => {
    const input = await audioFile({ codec, seconds: 5, tones: [{ freq: 1000, dbfs: -23 }] });
    const { integrated_lufs } = await loudnessOf(input);
    // The fixtures' MP3 is turned down by LAME.
    expect(Math.abs((integrated_lufs as number) + 23)).toBeLessThanOrEqual(codec === 'mp3' ? 0.5 : 0.15);
  });

  it('goes on when the channels change in the middle', async () => {
    const { integrated_lufs } = await loudnessOf(await changingSound());
    expect(Math.abs((integrated_lufs as number) + 12.7)).toBeLessThan(0.5);
  });

  it('counts damage, and fails on a sound that breaks off', async () => {
    const input = await audioFile({ codec: 'flac', seconds: 5 });
    const params = { loudness: true };
    const damaged = await flipBits(input, 5, 8, { from: 0.3, to: 0.8 });
    const { report } = await runJob('get_audio_info', { input: damaged, target: 'info.json', params });
    expect(report.warnings.join()).toMatch(/damaged packets or frames/);
    const cut = await truncate(input, 0.5);
    await failJob('get_audio_info', { input: cut, target: 'i.json', params }, 'output_verification_failed');
  });
});
