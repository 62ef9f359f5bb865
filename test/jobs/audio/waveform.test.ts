import { describe, expect, it } from 'vitest';
import { MAX_BLOCKS } from '../../../src/engine/taps/spans.ts';
import { decodeAudio } from '../../decode/index.ts';
import { audioFile, counterVideo, STEPS, stepsWav, toneWav } from '../../fixtures/media/index.ts';
import { type JobRun, readJson, runJob } from '../harness.ts';
import { changingSound } from './sounds.ts';

interface Curve {
  min: number[];
  max: number[];
  rms: number[];
}

interface Waveform extends Curve {
  version: number;
  duration_s: number;
  sample_rate: number;
  channels: number;
  samples: number;
  per_channel?: Curve[];
}

interface Audiowaveform {
  version: number;
  channels: number;
  sample_rate: number;
  samples_per_pixel: number;
  bits: number;
  length: number;
  data: number[];
}

const waveform = (input: string, params: Record<string, unknown>): Promise<JobRun> =>
  runJob('generate_waveform_json', { input, target: 'waveform.json', params });
const jsonOf = async (input: string, params: Record<string, unknown>) =>
  readJson<Waveform>(await waveform(input, params));
const pixelsOf = async (input: string, params: Record<string, unknown>) =>
  readJson<Audiowaveform>(await waveform(input, { format: 'audiowaveform', ...params }));

/** What 16 bits make of a share of full scale; half of the sixth decimal is rounding of the JSON. */
const stored = (value: number) => Math.max(-32768, Math.min(32767, Math.round(value * 32768))) / 32768;
const ROUNDING = 0.5e-6 + 1e-9;

function expectClose(found: readonly number[], wanted: readonly number[], tolerance = ROUNDING) {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries())
    expect(
      Math.abs((found[i] as number) - value),
      `point ${i}: ${found[i]}, not ${value}`,
    ).toBeLessThanOrEqual(tolerance);
}

/** Straight from the definition: span i of n covers the samples from ⌊i N/n⌋ to ⌊(i+1) N/n⌋. */
function curveOf(channels: Float32Array[], count: number): Curve {
  const length = channels[0]?.length ?? 0;
  const curve: Curve = { min: [], max: [], rms: [] };
  for (let i = 0; i < count; i++) {
    const [from, to] = [i, i + 1].map((edge) => Math.floor((edge * length) / count)) as [number, number];
    const all = channels.flatMap((channel) => [...channel.subarray(from, to)]);
    curve.min.push(Math.min(...all));
    curve.max.push(Math.max(...all));
    curve.rms.push(Math.sqrt(all.reduce((sum, sample) => sum + sample * sample, 0) / all.length));
  }
  return curve;
}

describe('generate_waveform_json', () => {
  it('gives the peaks of known steps exactly', async () => {
    const { min, max, rms, ...rest } = await jsonOf(await stepsWav(), { samples: STEPS.length });
    expectClose(max, STEPS.map(stored));
    expectClose(
      min,
      STEPS.map((step) => stored(-step)),
    );
    expectClose(
      rms,
      STEPS.map((step) => step / Math.SQRT2),
      2e-5,
    );
    expect(rest).toEqual({ version: 1, duration_s: 6, sample_rate: 44100, channels: 1, samples: 6 });
  });

  it.each([1, 7, 137, 1000, 4410])('gives exactly %i points over equal spans', async (samples) => {
    const input = await toneWav({ freq: 97, rate: 22050, seconds: 0.731 });
    const { samples: stated, min, max, rms } = await jsonOf(input, { samples });
    const wanted = curveOf((await decodeAudio(input)).samples, samples);
    expect(stated).toBe(samples);
    expectClose(min, wanted.min);
    expectClose(max, wanted.max);
    expectClose(rms, wanted.rms, 1e-6);
  });

  it('repeats samples when there are fewer than points', async () => {
    const input = await toneWav({ seconds: 0.01 });
    const { min, max } = await jsonOf(input, { samples: 2000 });
    const [samples] = (await decodeAudio(input)).samples as [Float32Array];
    const wanted = Array.from({ length: 2000 }, (_, i) => samples[Math.floor((i * 480) / 2000)] as number);
    expectClose(max, wanted);
    expectClose(min, wanted);
  });

  it('shows the outermost of all channels, or each of them', async () => {
    const tones = [[{ freq: 441, dbfs: -6 }], [{ freq: 441, dbfs: -20 }]];
    const input = await toneWav({ rate: 44100, channels: 2, tones });
    const peaks = [-6, -20].map((dbfs) => stored(10 ** (dbfs / 20)));
    const [together, apart] = [
      await jsonOf(input, { samples: 1 }),
      await jsonOf(input, { samples: 1, per_channel: true }),
    ];
    expectClose(together.max, [peaks[0] as number]);
    expectClose(together.rms, [Math.hypot(...peaks) / 2], 2e-5);
    expect(together.per_channel).toBeUndefined();
    expect(apart.max).toBeUndefined();
    expect(apart).toMatchObject({ channels: 2, samples: 1 });
    expectClose(apart.per_channel?.map(({ max }) => max[0] as number) ?? [], peaks);
  });

  it('knows six channels', async () => {
    const tones = [-1, -4, -7, -10, -13, -16].map((dbfs) => [{ freq: 480, dbfs }]);
    const input = await toneWav({ channels: 6, tones });
    const { per_channel, channels } = await jsonOf(input, { samples: 3, per_channel: true });
    expect(channels).toBe(6);
    for (const [channel, [tone]] of tones.entries())
      expectClose(per_channel?.[channel]?.max ?? [], Array(3).fill(stored(10 ** ((tone?.dbfs ?? 0) / 20))));
  });

  it.each(['aac', 'mp3', 'opus', 'vorbis', 'flac', 'ac3', 'pcm'] as const)('reads %s', async (codec) => {
    const tones = [{ freq: 500, dbfs: -6 }];
    const { max, min, rms, duration_s } = await jsonOf(await audioFile({ codec, tones }), { samples: 20 });
    expect(Math.abs(duration_s - 2)).toBeLessThan(0.04);
    for (const i of [5, 10, 15]) {
      expect(max[i]).toBeCloseTo(10 ** (-6 / 20), 1);
      expect(min[i]).toBeCloseTo(-(10 ** (-6 / 20)), 1);
      expect(rms[i]).toBeCloseTo(10 ** (-6 / 20) / Math.SQRT2, 1);
    }
  });

  it('reads the sound of a video', async () => {
    const input = await counterVideo({
      frames: 50,
      audio: [{ codec: 'aac', tones: [{ freq: 300, dbfs: -12 }] }],
    });
    const { report, output } = await waveform(input, { samples: 10 });
    const { max } = await readJson<Waveform>({ output } as JobRun);
    expect(report.data).toMatchObject({ samples: 10, sample_rate: 48000, channels: 2 });
    expect(max[5]).toBeCloseTo(10 ** (-12 / 20), 1);
  });

  it('keeps its edges on a sound of more samples than it has blocks', async () => {
    const steps = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0.25 : 0.5));
    const input = await stepsWav({ steps });
    const { samples } = await decodeAudio(input);
    expect(samples[0]?.length).toBeGreaterThan(2 * MAX_BLOCKS);
    const { max, min } = await jsonOf(input, { samples: steps.length });
    expectClose(max, steps.map(stored));
    expectClose(
      min,
      steps.map((step) => stored(-step)),
    );
  });

  it('goes on when the channels change in the middle', async () => {
    const input = await changingSound();
    const { max, channels, duration_s } = await jsonOf(input, { samples: 8 });
    expect(channels).toBe(2);
    expect(duration_s).toBeGreaterThan(4);
    for (const i of [1, 2, 5, 6]) expect(max[i]).toBeCloseTo(10 ** (-12 / 20), 1);
  });
});

describe("audiowaveform's JSON", () => {
  it('holds whole samples per pixel, and pixels that cover the sound to its end', async () => {
    const input = await stepsWav();
    const length = 6 * 44100;
    for (const samples of [6, 1000, 5000, 200_000]) {
      const { data, ...head } = await pixelsOf(input, { samples });
      const { samples_per_pixel: perPixel, length: pixels } = head;
      expect(head).toMatchObject({ version: 2, channels: 1, sample_rate: 44100, bits: 16 });
      expect(perPixel).toBe(Math.ceil(length / samples));
      expect(pixels).toBe(Math.ceil(length / perPixel));
      expect(data).toHaveLength(2 * pixels);
      expect(data.every((value) => Number.isInteger(value) && value >= -32768 && value <= 32767)).toBe(true);
    }
  });

  it('places each sample where a player looks for it', async () => {
    const input = await stepsWav();
    const { data, samples_per_pixel } = await pixelsOf(input, { samples: 1000 });
    const [samples] = (await decodeAudio(input)).samples as [Float32Array];
    for (let pixel = 0; pixel < data.length / 2; pixel += 37) {
      const part = samples.subarray(pixel * samples_per_pixel, (pixel + 1) * samples_per_pixel);
      expect([data[2 * pixel], data[2 * pixel + 1]]).toEqual(
        [Math.min(...part), Math.max(...part)].map((value) => Math.round(value * 32768)),
      );
    }
  });

  it('interleaves the channels', async () => {
    const tones = [[{ freq: 441, dbfs: -6 }], [{ freq: 441, dbfs: -20 }]];
    const input = await toneWav({ rate: 44100, channels: 2, tones });
    const { channels, data, length } = await pixelsOf(input, { samples: 1, per_channel: true });
    const [a, b] = [-6, -20].map((dbfs) => Math.round(32768 * 10 ** (dbfs / 20))) as [number, number];
    expect({ channels, data, length }).toEqual({ channels: 2, data: [-a, a, -b, b], length: 1 });
  });
});
