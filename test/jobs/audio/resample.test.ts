import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeChapters } from '../../../src/engine/chapters/index.ts';
import { decodeAudio, packets, rms, streamsOf, toneFrequency, toneLevel } from '../../decode/index.ts';
import { audioFile, coverMp3, levelsWav, type ToneOptions, toneWav } from '../../fixtures/media/index.ts';
import { failJob, runJob, testFolder } from '../harness.ts';
import { changingSound, expectLevels, levelsOf, patchySound, soundMd5 } from './sounds.ts';

const resample = (input: string, target: string, params: Record<string, unknown> = {}) =>
  runJob('resample_audio', { input, target, params });

/** Of 24 bits: FFmpeg searches every WAV of 16 bits for DTS, which takes longer than the rest of a short job. */
const tone = (options: ToneOptions = {}) => toneWav({ bits: 24, ...options });

const dB = (value: number) => 20 * Math.log10(value);

describe('resample_audio', () => {
  it.each([
    [48000, 44100],
    [44100, 48000],
    [44100, 22050],
    [48000, 8000],
    [8000, 48000],
    [48000, 96000],
    [44100, 192000],
    [96000, 11025],
  ])('keeps a tone from %i to %i Hz, and its length', async (from, to) => {
    const input = await tone({ freq: 997, rate: from, seconds: 0.8, channels: 2 });
    const { output, report } = await resample(input, 'out.wav', { sample_rate: to });
    const { rate, samples } = await decodeAudio(output);
    const [left] = samples as [Float32Array];
    expect(rate).toBe(to);
    expect(Math.abs(left.length - 0.8 * to)).toBeLessThanOrEqual(1);
    expect(Math.abs(toneFrequency(left, rate, 997) - 997)).toBeLessThan(0.997);
    expectLevels(await levelsOf(output, [997]), [[-12, -12]]);
    expect(report.data).toMatchObject({ sample_rate: to, channels: 2, copied: false });
    expect(report.warnings).toEqual([]);
  });

  it.each(['mp3', 'm4a', 'mp4', 'aac', 'opus', 'ogg', 'oga', 'flac', 'wav', 'aiff', 'mka'])(
    'writes .%s at the level of the source',
    async (extension) => {
      const input = await tone({ freq: 997, rate: 44100, seconds: 2, channels: 2 });
      const { output, report } = await resample(input, `out.${extension}`, { sample_rate: 48000 });
      const { rate, duration_s } = await decodeAudio(output);
      expect(rate).toBe(48000);
      // Bare AAC has no place to say what its encoder put in front.
      expect(Math.abs(duration_s - 2)).toBeLessThan(extension === 'aac' ? 0.05 : 0.001);
      expectLevels(await levelsOf(output, [997]), [[-12, -12]]);
      expect(report.warnings).toEqual([]);
    },
  );

  it('lets nothing through that the new rate cannot hold', async () => {
    const tones = [997, 11_000, 17_000, 21_000].map((freq) => ({ freq }));
    const input = await tone({ rate: 48000, seconds: 2, tones });
    const { output } = await resample(input, 'out.wav', { sample_rate: 16000 });
    const { samples, rate } = await decodeAudio(output);
    const [sound] = samples as [Float32Array];
    // 11, 17 and 21 kHz would fold to 5, 1 and 5 kHz.
    for (const alias of [5000, 1000]) expect(toneLevel(sound, rate, alias + 0.5)).toBeLessThan(-80);
    expect(Math.abs(dB(rms(sound.subarray(2000, -2000)) * Math.SQRT2) + 12)).toBeLessThan(0.1);
  });

  it.each([
    [1, 2, [-12, -12]],
    [2, 1, [-12]],
    [
      1,
      6,
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, -12, ...Array(3).fill(Number.NEGATIVE_INFINITY)],
    ],
    [2, 6, [-12, -12, ...Array(4).fill(Number.NEGATIVE_INFINITY)]],
    [6, 1, [-12]],
    [6, 2, [-12, -12]],
  ])(
    'mixes %i to %i channels at the same level, in whole numbers and in floats',
    async (from, to, wanted) => {
      const input = await toneWav({ channels: from, seconds: 1 });
      for (const target of ['out.wav', 'out.m4a']) {
        const { output, report } = await resample(input, target, { channels: to, sample_rate: 48000 });
        expect(report.data.channels).toBe(to);
        const found = await levelsOf(output, [440]);
        // The side channels and the LFE of a downmix are not everybody's taste: no clipping is what counts.
        if (from === 6) for (const level of found[0] ?? []) expect(level).toBeLessThanOrEqual(-11.9);
        else expectLevels(found, [wanted]);
      }
    },
  );

  it.each([3, 4, 5, 6, 7, 8])('writes %i channels as Opus, Vorbis, AAC and FLAC', async (channels) => {
    const input = await tone({ channels, seconds: 0.3 });
    for (const extension of ['opus', 'ogg', 'm4a', 'flac']) {
      const { output, report } = await resample(input, `out.${extension}`, { sample_rate: 48000 });
      expect((await decodeAudio(output)).channels, extension).toBe(channels);
      expect(report.warnings).toEqual([]);
    }
  });

  it('says so when the codec has other channels or another rate', async () => {
    const input = await tone({ channels: 6 });
    const { report, output } = await resample(input, 'out.mp3', { sample_rate: 96000 });
    expect(report.data).toMatchObject({ sample_rate: 48000, channels: 2 });
    expect(report.warnings).toEqual([
      'libmp3lame cannot hold 96000 Hz; the sound has 48000 Hz.',
      'libmp3lame cannot hold 6 channels; they were mixed to 2.',
    ]);
    expect(streamsOf(output).streams[0]?.audio).toMatchObject({ rate: 48000, channels: 2 });
    const opus = await resample(await tone(), 'out.opus', { sample_rate: 44100 });
    expect(opus.report.data.sample_rate).toBe(48000);
    expect(opus.report.warnings.join()).toMatch(/44100 Hz/);
  });

  it.each([
    ['out.wav', 8, 'pcm_u8', 8],
    ['out.wav', 16, 'pcm_s16le', 16],
    ['out.wav', 24, 'pcm_s24le', 24],
    ['out.wav', 32, 'pcm_s32le', 32],
    ['out.aiff', 24, 'pcm_s24be', 24],
    ['out.flac', 16, 'flac', 16],
    ['out.flac', 24, 'flac', 24],
  ])('writes %s with %i bits', async (target, bit_depth, codec, bits) => {
    const input = await tone({ bits: 24 });
    const { output } = await resample(input, target, { bit_depth, sample_rate: 48000 });
    expect(streamsOf(output).streams[0]).toMatchObject({ codec, audio: { bits } });
    const noise = { 8: -45, 16: -90, 24: -130, 32: -130 }[bit_depth] as number;
    expect(await errorOf(input, output)).toBeLessThan(noise);
  });

  it('keeps the depth of the source, and floats beyond full scale', async () => {
    for (const [bits, codec] of [
      [16, 'pcm_s16le'],
      [24, 'pcm_s24le'],
      [32, 'pcm_s32le'],
      ['float', 'pcm_f32le'],
    ] as const) {
      const { output } = await resample(await toneWav({ bits }), 'out.wav', { sample_rate: 48000 });
      expect(streamsOf(output).streams[0]?.codec).toBe(codec);
    }
    const loud = await tone({ bits: 'float', dbfs: 6, seconds: 1 });
    const { output } = await resample(loud, 'out.wav', { sample_rate: 44100 });
    expectLevels(await levelsOf(output, [440]), [[6]]);
  });

  it('takes codecs and bit rates by name', async () => {
    const input = await tone({ channels: 2, seconds: 2 });
    for (const [target, codec, found] of [
      ['out.m4a', 'alac', 'alac'],
      ['out.ogg', 'libopus', 'opus'],
      ['out.mka', 'wavpack', 'wavpack'],
      ['out.mp4', 'ac3', 'ac3'],
    ] as const) {
      const { output } = await resample(input, target, { codec, sample_rate: 48000 });
      expect(streamsOf(output).streams[0]?.codec).toBe(found);
    }
    const { output } = await resample(input, 'out.mp3', { bitrate: '64k', sample_rate: 48000 });
    const [sound] = await packets(output);
    expect(Math.abs(((sound?.bytes ?? 0) * 8) / 2 - 64_000)).toBeLessThan(4000);
    const lossless = await resample(input, 'out.flac', { bitrate: '64k' });
    expect(lossless.report.warnings).toEqual(['The bit rate has no effect: flac is lossless.']);
  });

  it.each(['mp3', 'm4a', 'flac', 'aiff'])('keeps tags and cover in .%s', async (extension) => {
    const input = await coverMp3();
    const { output, report } = await resample(input, `out.${extension}`);
    const { tags, streams } = streamsOf(output);
    expect(tags).toMatchObject({ title: 'A tone', artist: 'Media Mill', album: 'Fixtures', date: '2024' });
    expect(streams.map(({ kind }) => kind)).toEqual(['audio', 'video']);
    const coverOf = async (path: string) => (await packets(path)).find(({ kind }) => kind === 'video')?.md5;
    expect(await coverOf(output)).toBe(await coverOf(input));
    expect(report.warnings).toEqual([]);
  });

  it.each(['wav', 'ogg', 'opus', 'mka'])(
    'keeps tags in .%s, and says that the cover is left out',
    async (extension) => {
      const { output, report } = await resample(await coverMp3(), `out.${extension}`, { sample_rate: 48000 });
      const { tags, streams } = streamsOf(output);
      const all = Object.entries({ ...streams[0]?.tags, ...tags }).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]);
      expect(Object.fromEntries(all)).toMatchObject({ title: 'A tone', artist: 'Media Mill' });
      expect(report.warnings).toEqual(['Stream 1 was dropped: the container keeps no cover art.']);
    },
  );

  it.each(['opus', 'vorbis'] as const)(
    'brings the tags of %s, which Ogg keeps with the stream',
    async (codec) => {
      const input = await audioFile({ codec, metadata: { title: 'From Ogg', artist: 'Somebody' } });
      for (const extension of ['mp3', 'm4a', 'flac', 'ogg']) {
        const { output } = await resample(input, `out.${extension}`);
        const { tags, streams } = streamsOf(output);
        expect({ ...streams[0]?.tags, ...tags }).toMatchObject({ title: 'From Ogg', artist: 'Somebody' });
      }
    },
  );

  it.each(['m4a', 'mka', 'mp3', 'ogg', 'opus', 'flac'])('keeps chapters in .%s', async (extension) => {
    const input = join(await testFolder(), 'chapters.m4a');
    await copyFile(await audioFile({ seconds: 3 }), input);
    const chapters = ['Begin', 'Middle', 'End'].map((title, i) => ({
      start_s: i,
      end_s: i + 1,
      title,
      tags: {},
    }));
    expect(await writeChapters(input, chapters)).toBe(true);
    const { output, report } = await resample(input, `out.${extension}`, { sample_rate: 48000 });
    const { data } = (await runJob('get_audio_info', { input: output, target: 'info.json' })).report;
    const found = data.chapters as typeof chapters;
    expect(found.map(({ title, start_s }) => [title, Math.round(start_s * 100) / 100])).toEqual([
      ['Begin', 0],
      ['Middle', 1],
      ['End', 2],
    ]);
    expect(report.warnings).toEqual([]);
  });

  it('keeps what comes behind a hole in its place', async () => {
    const input = await patchySound({ seconds: 4, from: 1, to: 2.5 });
    const { output, report } = await resample(input, 'out.wav', { sample_rate: 48000 });
    const { samples, duration_s } = await decodeAudio(output);
    expect(Math.abs(duration_s - 4)).toBeLessThan(0.01);
    const part = (from: number, to: number) =>
      rms((samples[0] as Float32Array).subarray(from * 48000, to * 48000));
    expect(part(1.2, 2.3)).toBe(0);
    expect(dB(part(2.7, 3.9) * Math.SQRT2)).toBeCloseTo(-12, 1);
    expect(report.warnings.join()).toMatch(/Holes of 1\.\d\d s in the sound became silence/);
  });

  it('goes on when the channels change in the middle', async () => {
    const { output } = await resample(await changingSound(), 'out.wav', { sample_rate: 48000 });
    const { channels, duration_s } = await decodeAudio(output);
    expect([channels, Math.round(duration_s)]).toEqual([2, 4]);
    expectLevels(await levelsOf(output, [440], { from: 2.5 }), [[-12, -12]], 0.2);
  });

  it('gives the same bytes again', async () => {
    const input = await levelsWav({ levels: [{ dbfs: -9, seconds: 1 }] });
    const [a, b] = [await resample(input, 'a.flac'), await resample(input, 'b.flac')];
    expect(await soundMd5(a.output)).toEqual(await soundMd5(b.output));
  });

  it.each([
    ['out.wav', { codec: 'libopus' }, 'unsupported_output'],
    ['out.mp3', { codec: 'aac' }, 'unsupported_output'],
    ['out.flac', { codec: 'nosuch' }, 'unsupported_output'],
    ['out.mka', { codec: 'nosuch' }, 'encoder_unavailable'],
    ['out.mka', { codec: 'libx264' }, 'invalid_params'],
    ['out.mp3', { bit_depth: 16 }, 'invalid_params'],
    ['out.flac', { bit_depth: 8 }, 'invalid_params'],
    ['out.flac', { bit_depth: 32 }, 'invalid_params'],
    ['out.wav', { codec: 'pcm_s16le', bit_depth: 24 }, 'invalid_params'],
    ['out.mp3', { bitrate: '1M' }, 'invalid_params'],
    ['out.opus', { bitrate: '2M' }, 'invalid_params'],
    ['out.ogg', { bitrate: '8k' }, 'invalid_params'],
    ['out.wav', { sample_rate: 999 }, 'invalid_params'],
    ['out.wav', { sample_rate: 44100.5 }, 'invalid_params'],
    ['out.wav', { channels: 9 }, 'invalid_params'],
    ['out.wav', { channels: 0 }, 'invalid_params'],
    ['out.wav', { codec: 'pcm_s16le; rm' }, 'invalid_params'],
    ['out.avi', {}, 'unsupported_output'],
  ] as const)('refuses %s with %o', async (target, params, code) => {
    const input = await tone({ channels: 2 });
    const failure = await failJob('resample_audio', { input, target, params }, code);
    expect(failure.detail.length).toBeGreaterThan(20);
  });
});

/** Level of what differs between two sounds, in dBFS. */
async function errorOf(a: string, b: string): Promise<number> {
  const [one, other] = await Promise.all([decodeAudio(a), decodeAudio(b)]);
  const [x, y] = [one.samples[0] as Float32Array, other.samples[0] as Float32Array];
  return dB(rms(x.map((sample, i) => sample - (y[i] as number))));
}
