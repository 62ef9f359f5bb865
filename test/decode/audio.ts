/** Decoded audio as numbers, and measures of it. */
import { avChannelLayoutDescribe, avGetSampleFmtName, type Frame } from 'node-av/lib';
import { found } from './native.ts';
import { type DecodeOptions, decodedFrames } from './source.ts';

export interface DecodedAudio {
  /** Hertz. */
  rate: number;
  channels: number;
  /** FFmpeg's name, such as `5.1`. */
  layout: string;
  /** One array per channel, full scale is ±1. */
  samples: Float32Array[];
  /** Timestamp of the first sample in seconds. */
  start_s: number;
  /** Seconds of samples. */
  duration_s: number;
}

/** All samples that a player would play: priming and padding are cut as the container says. */
export async function decodeAudio(path: string, options: DecodeOptions = {}): Promise<DecodedAudio> {
  const blocks: Float32Array[][] = [];
  let first: Omit<DecodedAudio, 'samples' | 'duration_s'> | null = null;
  for await (const { frame, stream } of decodedFrames(path, 'audio', options)) {
    const { num, den } = stream.timeBase;
    first ??= {
      rate: frame.sampleRate,
      channels: frame.channelLayout.nbChannels,
      layout: avChannelLayoutDescribe(frame.channelLayout) ?? '?',
      start_s: (Number(frame.bestEffortTimestamp) * num) / den,
    };
    blocks.push(samplesOf(frame));
  }
  const format = found(first, `audio in ${path}`);
  const samples = Array.from({ length: format.channels }, (_, c) => join(blocks.map((block) => block[c])));
  return { ...format, samples, duration_s: (samples[0]?.length ?? 0) / format.rate };
}

function join(parts: (Float32Array | undefined)[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    if (!part) continue;
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const READERS: Record<string, { bytes: number; read(data: Buffer, at: number): number }> = {
  u8: { bytes: 1, read: (data, at) => (data.readUInt8(at) - 128) / 2 ** 7 },
  s16: { bytes: 2, read: (data, at) => data.readInt16LE(at) / 2 ** 15 },
  s32: { bytes: 4, read: (data, at) => data.readInt32LE(at) / 2 ** 31 },
  flt: { bytes: 4, read: (data, at) => data.readFloatLE(at) },
  dbl: { bytes: 8, read: (data, at) => data.readDoubleLE(at) },
};

function samplesOf(frame: Frame): Float32Array[] {
  const name = avGetSampleFmtName(frame.format as never) ?? '';
  const planar = name.endsWith('p');
  const { bytes, read } = found(READERS[planar ? name.slice(0, -1) : name], `samples as ${name}`);
  const { nbSamples: count } = frame;
  const channels = frame.channelLayout.nbChannels;
  const data = frame.toBuffer();
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++)
      out[i] = read(data, (planar ? channel * count + i : i * channels + channel) * bytes);
    return out;
  });
}

/** Largest absolute sample. */
export function peak(samples: Float32Array): number {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return most;
}

export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

/** Largest absolute sample of every whole or begun second. */
export function peaksPerSecond(samples: Float32Array, rate: number): number[] {
  const seconds = Math.ceil(samples.length / rate);
  return Array.from({ length: seconds }, (_, s) => peak(samples.subarray(s * rate, (s + 1) * rate)));
}

/**
 * Peak level in dBFS of one frequency (Goertzel with a Hann window, so that other tones do not leak in).
 * Accurate to 0.01 dB when the samples cover some dozens of periods. -Infinity when there is nothing.
 */
export function toneLevel(samples: Float32Array, rate: number, freq: number): number {
  const n = samples.length;
  const tone = new Rotation((2 * Math.PI * freq) / rate);
  const hann = new Rotation((2 * Math.PI) / (n - 1));
  let [re, im, weight] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const window = 0.5 - 0.5 * hann.cos;
    const sample = (samples[i] as number) * window;
    re += sample * tone.cos;
    im -= sample * tone.sin;
    weight += window;
    tone.step();
    hann.step();
  }
  return 20 * Math.log10((2 * Math.hypot(re, im)) / weight);
}

/** Cosine and sine of 0, one angle, two, … by products: much quicker than the functions, and as good to 1e-10. */
class Rotation {
  cos = 1;
  sin = 0;
  readonly #cos: number;
  readonly #sin: number;

  constructor(angle: number) {
    this.#cos = Math.cos(angle);
    this.#sin = Math.sin(angle);
  }

  step(): void {
    const { cos, sin } = this;
    this.cos = cos * this.#cos - sin * this.#sin;
    this.sin = sin * this.#cos + cos * this.#sin;
  }
}

/** The frequency with the highest level near `freq` (±`span` Hz), to a hundredth of a hertz. */
export function toneFrequency(samples: Float32Array, rate: number, freq: number, span = 5): number {
  let [low, high] = [freq - span, freq + span];
  const ratio = (Math.sqrt(5) - 1) / 2;
  while (high - low > 0.005) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (toneLevel(samples, rate, a) > toneLevel(samples, rate, b)) high = b;
    else low = a;
  }
  return (low + high) / 2;
}
