import { describe, expect, it } from 'vitest';
import { decodeAudio, packets, peak, rms, streamsOf } from '../../decode/index.ts';
import {
  audioFile,
  cached,
  counterVideo,
  coverMp3,
  levelsWav,
  randomNumbers,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';
import { writeWav } from '../../fixtures/media/wav.ts';
import { failJob, runJob } from '../harness.ts';
import { type LoudnessData, loudnessOf } from './sounds.ts';

const normalize = (input: string, target: string, params: Record<string, unknown> = {}) =>
  runJob('normalize_audio', { input, target, params });

/** Of 24 bits: FFmpeg searches every WAV of 16 bits for DTS, which takes longer than the rest of a short job. */
const sound = (levels: { dbfs: number; seconds: number }[]) => levelsWav({ bits: 24, levels });
const steady = (dbfs: number, seconds = 4) => sound([{ dbfs, seconds }]);
const SOFT = [-45, -40].map((dbfs) => ({ dbfs, seconds: 1 }));
const soft = () => sound(SOFT);
const loud = () => sound([-1, -3].map((dbfs) => ({ dbfs, seconds: 1 })));
/** A soft tone with a click of full scale every second: its peaks stand 19 dB above its loudness. */
const clicks = () =>
  sound(
    Array.from({ length: 30 }, (_, i) =>
      i % 10 === 0 ? { dbfs: -1, seconds: 0.01 } : { dbfs: -30, seconds: 0.1 },
    ),
  );

/** Noise in bursts, as unlike a tone as can be. */
function bursts(): Promise<string> {
  return cached('bursts', '.wav', '24 bits, 3 s', (path) => {
    const random = randomNumbers(1);
    const noise = () => 2 * random() - 1;
    writeWav(path, { rate: 44100, channels: 2, bits: 24 }, 3, (_, i) => {
      const swell = 0.02 * (1 + Math.sin((i / 44100) * 1.3));
      return noise() * swell + (i % 22050 < 30 ? noise() * 0.9 : 0);
    });
  });
}

/** The promise: the target ± 0.2 LU, and no peak above the limit, by our measure and in the result. */
async function expectNormalized(output: string, data: Record<string, unknown>, target = -23, limit = -1) {
  const measured = await loudnessOf(output);
  expect(Math.abs((measured.integrated_lufs as number) - target)).toBeLessThanOrEqual(0.2);
  expect(measured.true_peak_db).toBeLessThanOrEqual(limit);
  expect(data.after).toEqual(measured);
  return measured;
}

/** As one buffer: a matcher takes each of thousands of numbers for a value of its own. */
const bytesOf = (samples: Float32Array) => Buffer.from(samples.buffer).toString('base64');

describe('normalize_audio', () => {
  it.each(['wav', 'flac', 'mp3', 'm4a', 'opus', 'ogg', 'aac', 'aiff', 'mka', 'mp4'])(
    'brings soft and loud sound to −23 LUFS as .%s',
    async (extension) => {
      for (const [input, before] of [
        [await soft(), -41.8],
        [await loud(), -1.9],
      ] as const) {
        const { output, report } = await normalize(input, `out.${extension}`);
        await expectNormalized(output, report.data);
        expect((report.data.before as LoudnessData).integrated_lufs).toBeCloseTo(before, 1);
        expect(report.data).toMatchObject({ target_lufs: -23, linear: true });
        expect(report.data.gain_db).toBeCloseTo(-23 - before, 0);
        expect(report.warnings).toEqual([]);
        expect(Math.abs((await decodeAudio(output)).duration_s - 2)).toBeLessThan(0.05);
      }
    },
  );

  it('tells loudness before and after, and nothing else beside', async () => {
    const { report } = await normalize(await steady(-30), 'out.wav', { target_lufs: -16 });
    for (const key of ['before', 'after'])
      expect(Object.keys(report.data[key] as object)).toEqual([
        'integrated_lufs',
        'range_lu',
        'true_peak_db',
      ]);
    expect(report.message).toBe('-30.0 → -16.0 LUFS');
  });

  it('changes nothing but the level when the peaks allow it', async () => {
    const input = await levelsWav({ levels: SOFT });
    const { output, report } = await normalize(input, 'out.wav');
    const factor = 10 ** ((report.data.gain_db as number) / 20);
    const [before, after] = await Promise.all([decodeAudio(input), decodeAudio(output)]);
    const error = (before.samples[0] as Float32Array).map(
      (sample, i) => sample * factor - (after.samples[0]?.[i] as number),
    );
    expect(peak(error)).toBeLessThan(1.5 / 32768);
    expect([after.rate, after.channels]).toEqual([before.rate, before.channels]);
  });

  it.each([
    ['wav', -16],
    ['flac', -14],
    ['mp3', -16],
    ['m4a', -14],
    ['opus', -16],
    ['ogg', -16],
  ] as const)(
    'limits the peaks where one gain is too much (.%s at %i LUFS)',
    async (extension, target_lufs) => {
      const { output, report } = await normalize(await clicks(), `out.${extension}`, { target_lufs });
      await expectNormalized(output, report.data, target_lufs);
      expect(report.data.linear).toBe(false);
      expect(report.warnings).toEqual([]);
    },
  );

  it.each([
    [-16, -3],
    [-23, -6],
  ])('keeps to another limit (%i LUFS under %i dBTP)', async (target_lufs, true_peak_db) => {
    const { output, report } = await normalize(await bursts(), 'out.wav', { target_lufs, true_peak_db });
    await expectNormalized(output, report.data, target_lufs, true_peak_db);
  });

  it('puts peaks before loudness where a codec overshoots, and says so', async () => {
    const params = { target_lufs: -9, bitrate: '48k' };
    const { output, report } = await normalize(await bursts(), 'out.opus', params);
    const { integrated_lufs, true_peak_db } = await loudnessOf(output);
    expect(true_peak_db).toBeLessThanOrEqual(-1);
    const reached = Math.abs((integrated_lufs as number) + 9) <= 0.2;
    expect(report.warnings.some((text) => /cannot be had/.test(text))).toBe(!reached);
  });

  it('says so when a loudness cannot be had at all', async () => {
    const params = { target_lufs: -5, true_peak_db: -9 };
    const { output, report } = await normalize(await loud(), 'out.wav', params);
    expect((await loudnessOf(output)).true_peak_db).toBeLessThanOrEqual(-9);
    expect(report.warnings.join()).toMatch(/-5 LUFS cannot be had with peaks under -9 dBTP/);
  });

  it.each([5, 10])('presses the range to %i LU', async (loudness_range) => {
    const levels = Array.from({ length: 5 }, (_, i) => ({ dbfs: -20 - 5 * i, seconds: 4 }));
    const params = { target_lufs: -20, loudness_range };
    const { output, report } = await normalize(
      await levelsWav({ bits: 24, channels: 1, levels }),
      'out.wav',
      params,
    );
    const { range_lu } = await expectNormalized(output, report.data, -20);
    expect((report.data.before as LoudnessData).range_lu).toBeGreaterThan(15);
    expect(range_lu).toBeLessThanOrEqual(loudness_range + 0.5);
    expect(report.data.linear).toBe(false);
  });

  it('leaves a range alone that is narrow enough', async () => {
    const { report } = await normalize(await soft(), 'out.wav', { loudness_range: 15 });
    expect(report.data.linear).toBe(true);
  });

  it('hardly touches what is at the target already', async () => {
    const input = await steady(-23, 1);
    const { output, report } = await normalize(input, 'out.flac');
    expect(report.data.gain_db).toBeCloseTo(0, 1);
    const [a, b] = await Promise.all([decodeAudio(input), decodeAudio(output)]);
    expect(
      peak((a.samples[0] as Float32Array).map((sample, i) => sample - (b.samples[0]?.[i] as number))),
    ).toBeLessThan(2e-3);
  });

  it.each([
    ['silence', Number.NEGATIVE_INFINITY, 1],
    ['a sound of 0.3 s', -33, 0.3],
    ['a sound of 10 ms', -33, 0.01],
    ['what is softer than −70 LUFS', -80, 1],
  ])('leaves %s as it is, with a warning', async (_name, dbfs, seconds) => {
    const input = await steady(dbfs, seconds);
    const { output, report } = await normalize(input, 'out.wav');
    const [after, before] = await Promise.all([decodeAudio(output), decodeAudio(input)]);
    expect(after.samples.map(bytesOf)).toEqual(before.samples.map(bytesOf));
    expect(report.data).toMatchObject({
      before: { integrated_lufs: null },
      after: { integrated_lufs: null },
      gain_db: 0,
    });
    expect(report.warnings.join()).toMatch(/no loudness that could be changed/);
  });

  it('takes the peaks of a short sound under the limit all the same', async () => {
    const { output, report } = await normalize(await steady(-0.1, 0.3), 'out.wav');
    expect((await loudnessOf(output)).true_peak_db).toBeLessThanOrEqual(-1);
    expect(report.data.gain_db).toBeCloseTo(-1, 1);
  });

  it('measures what is just long enough', async () => {
    const { output, report } = await normalize(await steady(-33, 0.5), 'out.wav');
    await expectNormalized(output, report.data);
  });

  it('keeps depth, rate, tags and cover', async () => {
    const deep = await normalize(await toneWav({ bits: 24, rate: 96000, channels: 2 }), 'out.wav');
    expect(streamsOf(deep.output).streams[0]).toMatchObject({ codec: 'pcm_s24le', audio: { rate: 96000 } });
    const song = await normalize(await coverMp3({ seconds: 3 }), 'out.mp3');
    expect(streamsOf(song.output).tags).toMatchObject({ title: 'A tone', artist: 'Media Mill' });
    expect(streamsOf(song.output).streams.map(({ kind }) => kind)).toEqual(['audio', 'video']);
  });

  it.each(['mp4', 'mkv', 'mov', 'ts', 'flv'])(
    'copies the video of a film bit for bit (.%s)',
    async (extension) => {
      const input = await counterVideo({
        container: extension === 'mov' ? 'mov' : 'mp4',
        frames: 25,
        audio: [
          { codec: 'aac', language: 'eng', tones: [{ freq: 1000, dbfs: -30 }] },
          ...(extension === 'flv' ? [] : [{ codec: 'aac' as const, language: 'deu', channels: 1 }]),
        ],
      });
      const { output, report } = await normalize(input, `out.${extension}`);
      await expectNormalized(output, report.data);
      const [before, after] = await Promise.all([packets(input), packets(output)]);
      const pictures = (all: typeof before) => all.find(({ kind }) => kind === 'video');
      expect(pictures(after)?.packets).toHaveLength(25);
      // Transport streams and AVI write start codes instead of lengths.
      if (extension !== 'ts') expect(pictures(after)?.md5).toBe(pictures(before)?.md5);
      const sounds = (all: typeof before) => all.filter(({ kind }) => kind === 'audio');
      expect(sounds(after)).toHaveLength(sounds(before).length);
      if (extension === 'mp4') expect(sounds(after)[1]?.md5).toBe(sounds(before)[1]?.md5);
      const { samples, rate } = await decodeAudio(output);
      expect((samples[0]?.length ?? 0) / rate).toBeCloseTo(1, 1);
      expect(rms(samples[0] as Float32Array)).toBeGreaterThan(0.01);
    },
  );

  it('refuses a container that cannot hold the video', async () => {
    const input = await counterVideo({ codec: 'ffv1', container: 'mkv', audio: [{ codec: 'aac' }] });
    await failJob('normalize_audio', { input, target: 'out.mp4' }, 'unsupported_output');
    const h264 = await counterVideo({ audio: [{ codec: 'aac' }] });
    await failJob('normalize_audio', { input: h264, target: 'out.avi' }, 'unsupported_output');
  });

  it('fails on a sound that breaks off, and on a film without sound', async () => {
    const cut = await truncate(await audioFile({ codec: 'flac', seconds: 3 }), 0.6);
    await failJob('normalize_audio', { input: cut, target: 'out.wav' }, 'output_verification_failed');
    await failJob('normalize_audio', { input: await counterVideo(), target: 'out.wav' }, 'no_audio_stream');
  });

  it.each([
    { target_lufs: 0 },
    { target_lufs: -61 },
    { target_lufs: '-23' },
    { true_peak_db: 1 },
    { true_peak_db: -20 },
    { loudness_range: 0 },
    { target: -23 },
    { target_lufs: Number.NaN },
  ])('refuses %o', async (params) => {
    await failJob(
      'normalize_audio',
      { input: await steady(-23), target: 'out.wav', params },
      'invalid_params',
    );
  });
});
