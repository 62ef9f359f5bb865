import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { decodeAudio, peak, streamsOf, toneFrequency } from '../../decode/index.ts';
import {
  audioFile,
  counterVideo,
  emptyFile,
  flipBits,
  levelsWav,
  type ToneOptions,
  textFile,
  toneWav,
  truncate,
} from '../../fixtures/media/index.ts';
import { failJob, runJob } from '../harness.ts';
import { changingSound, expectLevels, lateSound, levelsOf, patchySound } from './sounds.ts';

const NOTHING = Number.NEGATIVE_INFINITY;

type Input = string | { path: string; gain_db?: number; delay_ms?: number; pan?: number };

const mix = (input_files: Input[], params: Record<string, unknown> = {}, target = 'mix.aiff') =>
  runJob('mix_audio_tracks', { target, params: { input_files, ...params } });

/** Of 24 bits: FFmpeg searches every WAV of 16 bits for DTS, which takes longer than the mix. */
const tone = (options: ToneOptions) => toneWav({ bits: 24, ...options });

/** 440 Hz for 3 s, mono at 22.05 kHz; 1 kHz for 4 s, stereo at 48 kHz; both at −12 dBFS. */
const low = () => tone({ freq: 440, seconds: 3, rate: 22050 });
const high = () => tone({ freq: 1000, seconds: 4, channels: 2 });

describe('mix_audio_tracks', () => {
  it('is the sum of its inputs at a common rate and layout', async () => {
    const { output, report } = await mix([await low(), await high()], {}, 'mix.wav');
    expectLevels(await levelsOf(output, [440, 1000], { to: 3 }), [
      [-12, -12],
      [-12, -12],
    ]);
    expectLevels(await levelsOf(output, [440, 1000], { from: 3 }), [
      [NOTHING, NOTHING],
      [-12, -12],
    ]);
    const { rate, channels, duration_s, samples } = await decodeAudio(output);
    expect({ rate, channels, duration_s }).toEqual({ rate: 48000, channels: 2, duration_s: 4 });
    expect(
      Math.abs(toneFrequency((samples[0] as Float32Array).subarray(0, 96_000), rate, 440) - 440),
    ).toBeLessThan(0.1);
    expect(report.data).toMatchObject({ duration_s: 4, sample_rate: 48000, channels: 2, inputs: 2 });
    expect(report.warnings).toEqual([]);
  });

  it('adds equal sounds to twice the level, sample by sample', async () => {
    const input = await toneWav({ freq: 441, rate: 44100, seconds: 1 });
    const { output } = await mix([input, input, input], {});
    const [sum, one] = await Promise.all([decodeAudio(output), decodeAudio(input)]);
    const worst = (one.samples[0] as Float32Array).map((sample, i) =>
      Math.abs(3 * sample - (sum.samples[0]?.[i] as number)),
    );
    expect(sum.samples[0]).toHaveLength(44100);
    expect(peak(worst)).toBeLessThanOrEqual(1 / 32768 + 1e-9);
  });

  it('adds many', async () => {
    const tones = Array.from({ length: 12 }, (_, i) => ({ freq: 300 + 250 * i, dbfs: -30 }));
    const { output } = await mix(await Promise.all(tones.map((one) => tone({ ...one, seconds: 1 }))));
    expectLevels(
      await levelsOf(
        output,
        tones.map(({ freq }) => freq),
      ),
      tones.map(() => [-30]),
    );
  });

  it('brings unlike rates, depths and layouts together', async () => {
    const inputs = await Promise.all([
      tone({ freq: 440, rate: 8000, seconds: 2 }),
      tone({ freq: 1000, rate: 96000, bits: 24, channels: 2, seconds: 2 }),
      tone({ freq: 2000, rate: 44100, bits: 'float', channels: 6, seconds: 2 }),
    ]);
    const { output, report } = await mix(inputs);
    expect(report.data).toMatchObject({ sample_rate: 96000, channels: 6 });
    expectLevels(await levelsOf(output, [440, 1000, 2000]), [
      [NOTHING, NOTHING, -12, NOTHING, NOTHING, NOTHING],
      [-12, -12, NOTHING, NOTHING, NOTHING, NOTHING],
      Array(6).fill(-12),
    ]);
  });

  it('takes a rate and a number of channels', async () => {
    const { output, report } = await mix([await low(), await high()], { sample_rate: 32000, channels: 1 });
    expect(report.data).toMatchObject({ sample_rate: 32000, channels: 1 });
    expectLevels(await levelsOf(output, [440, 1000], { to: 3 }), [[-12], [-12]]);
  });

  it.each(['mp3', 'm4a', 'mp4', 'aac', 'opus', 'ogg', 'flac', 'aiff', 'mka'])(
    'writes .%s',
    async (extension) => {
      const { output } = await mix([await low(), await high()], {}, `mix.${extension}`);
      expectLevels(await levelsOf(output, [440, 1000], { to: 3 }), [
        [-12, -12],
        [-12, -12],
      ]);
      expect(Math.abs((await decodeAudio(output)).duration_s - 4)).toBeLessThan(0.05);
    },
  );

  it('says what the file has when the codec cannot have more', async () => {
    const inputs = [await tone({ rate: 96000 }), await tone({ freq: 900, channels: 6 })];
    const { output, report } = await mix(inputs, {}, 'mix.mp3');
    const { audio } = streamsOf(output).streams[0] ?? {};
    expect(report.data).toMatchObject({ sample_rate: 48000, channels: 2 });
    expect(audio).toMatchObject({ rate: 48000, channels: 2 });
    expect(report.warnings).toHaveLength(2);
  });

  it.each([
    ['longest', 4],
    ['first', 3],
    ['shortest', 2],
  ])('ends with the %s', async (duration, seconds) => {
    const short = await tone({ freq: 3000, seconds: 2 });
    const { output, report } = await mix([await low(), await high(), short], { duration });
    expect((await decodeAudio(output)).duration_s).toBeCloseTo(seconds, 3);
    expect(report.data.duration_s).toBeCloseTo(seconds, 3);
    expectLevels(await levelsOf(output, [440, 1000, 3000], { to: 2 }), Array(3).fill([-12, -12]));
  });

  it('applies gains, delays and balance', async () => {
    const inputs = [
      { path: await low(), gain_db: -6, delay_ms: 500 },
      { path: await high(), gain_db: 3.5, pan: -1 },
      { path: await tone({ freq: 3000, seconds: 1 }), delay_ms: 4000, pan: 0.5 },
    ];
    const { output } = await mix(inputs);
    expect((await decodeAudio(output)).duration_s).toBeCloseTo(5, 3);
    const levels = (from: number, to: number) => levelsOf(output, [440, 1000, 3000], { from, to });
    expectLevels(await levels(0, 0.5), [
      [NOTHING, NOTHING],
      [-8.5, NOTHING],
      [NOTHING, NOTHING],
    ]);
    expectLevels(await levels(0.5, 3.5), [
      [-18, -18],
      [-8.5, NOTHING],
      [NOTHING, NOTHING],
    ]);
    expectLevels(await levels(4, 5), [
      [NOTHING, NOTHING],
      [NOTHING, NOTHING],
      [-18.02, -12],
    ]);
  });

  it('delays to the sample', async () => {
    const click = await levelsWav({ channels: 1, levels: [{ dbfs: -6, seconds: 0.1 }] });
    const { output } = await mix([{ path: click, delay_ms: 250 }, await tone({ dbfs: -200, seconds: 1 })]);
    const [samples] = (await decodeAudio(output)).samples as [Float32Array];
    expect(samples.findIndex((sample) => sample !== 0)).toBe(0.25 * 48000 + 1);
  });

  it('balances a surround sound as its two sides', async () => {
    const surround = await tone({ freq: 500, channels: 6, seconds: 1 });
    const { output } = await mix([{ path: surround, pan: -1 }, await high()], { channels: 2 });
    const [found] = await levelsOf(output, [500], { to: 1 });
    expect(found?.[0]).toBeGreaterThan(-13);
    expect(found?.[1]).toBeLessThan(-80);
  });

  it('warns of a sum that clips, and brings it down when asked', async () => {
    const inputs = [
      await tone({ freq: 441, rate: 44100, dbfs: -3 }),
      await tone({ freq: 882, rate: 44100, dbfs: -3 }),
    ];
    const clipping = await mix(inputs);
    expect(clipping.report.data.peak_db).toBeGreaterThan(1);
    expect(clipping.report.warnings.join()).toMatch(/dBFS and clips/);
    const { output, report } = await mix(inputs, { normalize: true });
    expect(report.warnings).toEqual([]);
    expect(report.data.peak_db).toBeCloseTo(-1, 3);
    expect(20 * Math.log10(peak((await decodeAudio(output)).samples[0] as Float32Array))).toBeCloseTo(-1, 2);
    const [levels] = await levelsOf(output, [441]);
    expectLevels(await levelsOf(output, [882]), [levels as number[]]);
  });

  it('brings a soft sum up when asked', async () => {
    const inputs = [await tone({ dbfs: -40 }), await tone({ freq: 700, dbfs: -40 })];
    const { output } = await mix(inputs, { normalize: true });
    expect(20 * Math.log10(peak((await decodeAudio(output)).samples[0] as Float32Array))).toBeCloseTo(-1, 1);
  });

  it('leaves silence silent', async () => {
    const silence = await levelsWav({ levels: [{ dbfs: NOTHING, seconds: 1 }] });
    const { output, report } = await mix([silence, silence], { normalize: true });
    expect(report.data.peak_db).toBeNull();
    expect(peak((await decodeAudio(output)).samples[0] as Float32Array)).toBe(0);
  });

  it.each([
    ['a transport stream', { container: 'ts' as const }, 0],
    ['an mp4', {}, 0],
    ['an mkv that begins late', { container: 'mkv' as const, start: 1 }, 0],
  ])('takes the sound of %s from where the film begins', async (_name, options, begin) => {
    const film = await counterVideo({
      frames: 50,
      audio: [{ codec: 'aac', tones: [{ freq: 700 }] }],
      ...options,
    });
    const { output } = await mix([film, await high()]);
    expectLevels(await levelsOf(output, [700], { from: begin, to: 2 }), [[-12, -12]], 0.15);
    expect((await decodeAudio(output)).duration_s).toBeCloseTo(4, 3);
  });

  it('keeps sound that begins after the rest of its file where it is', async () => {
    const { output } = await mix([await lateSound(1), await high()]);
    expectLevels(await levelsOf(output, [440], { from: 0.05, to: 0.95 }), [[NOTHING, NOTHING]]);
    expectLevels(await levelsOf(output, [440], { from: 1.1, to: 3 }), [[-12, -12]]);
    expect((await decodeAudio(output)).duration_s).toBeCloseTo(4, 3);
  });

  it('fills the holes of an input', async () => {
    const input = await patchySound({ seconds: 3, from: 1, to: 2 });
    const { output } = await mix([input, await high()]);
    expectLevels(await levelsOf(output, [440], { from: 1.15, to: 1.85 }), [[NOTHING, NOTHING]]);
    expectLevels(await levelsOf(output, [440], { from: 2.2, to: 3 }), [[-12, -12]]);
  });

  it('goes on when an input changes its channels in the middle', async () => {
    const { output } = await mix([await changingSound(), await high()]);
    expectLevels(await levelsOf(output, [440], { from: 2.5, to: 4 }), [[-12, -12]], 0.2);
  });

  it.each(['longest', 'shortest', 'first'])('fails on an input that breaks off (%s)', async (duration) => {
    const inputs = [await truncate(await tone({ seconds: 2 }), 0.5), await high()];
    const params = { input_files: inputs, duration };
    await failJob('mix_audio_tracks', { target: 'mix.wav', params }, 'output_verification_failed');
  });

  it('names a damaged input', async () => {
    const flac = await flipBits(await audioFile({ codec: 'flac', seconds: 3 }), 1, 60, { from: 0.2 });
    const { report } = await mix([flac, await low()]);
    expect(report.warnings.join()).toMatch(/flipped-\w+\.flac: \d+ damaged packets or frames/);
  });

  it.each([
    ['text', () => textFile('.wav'), 'unsupported_media'],
    ['nothing', () => emptyFile('.wav'), 'unsupported_media'],
    ['no such file', async () => '/nowhere/such.wav', 'input_not_found'],
    ['a silent film', () => counterVideo(), 'no_audio_stream'],
    ['no samples', () => tone({ seconds: 0 }), 'corrupt_media'],
  ] as [string, () => Promise<string>, ErrorCode][])(
    'refuses %s, as first and as second',
    async (_name, make, code) => {
      const [bad, good] = [await make(), await low()];
      for (const input_files of [
        [bad, good],
        [good, bad],
      ])
        await failJob('mix_audio_tracks', { target: 'mix.wav', params: { input_files } }, code);
    },
  );

  it.each([
    [[]],
    [['/only/one.wav']],
    [[{ gain_db: 1 }, 'x.wav']],
    [[{ path: 'a.wav', gain: 1 }, 'b.wav']],
    [[{ path: 'a.wav', pan: 2 }, 'b.wav']],
    [[{ path: 'a.wav', delay_ms: -1 }, 'b.wav']],
    [[{ path: 'a.wav', gain_db: 1000 }, 'b.wav']],
    [Array(65).fill('a.wav')],
    ['a.wav'],
  ])('refuses the inputs %j', async (input_files) => {
    await failJob('mix_audio_tracks', { target: 'mix.wav', params: { input_files } }, 'invalid_params');
  });
});
