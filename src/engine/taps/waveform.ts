/** Waveform data of one audio stream. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Stream } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { OutputResult, WaveformOutput } from '../../core/plan.ts';
import { FilterChain } from '../filter.ts';
import { soundShape } from './audio-track.ts';
import { SpanMeter } from './spans.ts';
import type { Appetite, Tap } from './tap.ts';

/** Samples handed to JavaScript at a time: few calls, small memory. */
const CHUNK = 16384;
/** Version of our JSON. */
const VERSION = 1;

export class WaveformTap implements Tap {
  readonly wants: ReadonlyMap<number, Appetite>;
  readonly #plan: WaveformOutput;
  readonly #work: string;
  readonly #base: { num: number; den: number };
  #chain: FilterChain | null = null;
  #layout = '';
  #meters: SpanMeter[] = [];
  #rate = 0;

  constructor(plan: WaveformOutput, stream: Stream, work: string) {
    this.#plan = plan;
    this.#work = work;
    this.#base = stream.timeBase;
    this.wants = new Map([[plan.stream, 'frames']]);
  }

  frame(frame: Frame): void {
    const { rate, format, layout } = soundShape(frame);
    if (this.#rate === 0) {
      this.#rate = rate;
      this.#meters = Array.from({ length: frame.channels }, () => new SpanMeter());
    }
    const key = `${rate}:${format}:${layout}`;
    if (key !== this.#layout) this.#reshape(key, rate, format, layout);
    this.#chain?.push(frame, this.#measure);
  }

  async finish(): Promise<OutputResult> {
    this.#chain?.push(null, this.#measure);
    const length = this.#meters[0]?.samples ?? 0;
    if (length === 0)
      throw new MillError('corrupt_media', `Audio stream ${this.#plan.stream} gave no usable sound.`);
    const { samples, format, file } = this.#plan;
    const document = format === 'json' ? this.#json(length) : this.#audiowaveform(length);
    await writeFile(join(this.#work, file), JSON.stringify(document));
    return {
      kind: 'waveform',
      file,
      duration_s: length / this.#rate,
      sample_rate: this.#rate,
      channels: this.#meters.length,
      length: samples,
      warnings: [],
    };
  }

  #measure = (frame: Frame): void => {
    const planes = frame.extendedData ?? frame.data;
    this.#meters.forEach((meter, channel) => {
      const plane = planes?.[channel];
      if (plane) meter.add(new Float32Array(plane.buffer, plane.byteOffset, frame.nbSamples));
    });
  };

  /** A source that changes its rate or layout in the middle is brought back to how it began. */
  #reshape(key: string, rate: number, format: number, layout: string): void {
    const first = this.#layout === '';
    this.#chain?.push(null, this.#measure);
    this.#chain?.[Symbol.dispose]();
    this.#layout = key;
    const steady = first ? [] : [`aresample=${this.#rate}`];
    const { num, den } = this.#base;
    this.#chain = new FilterChain(
      `abuffer=time_base=${num}/${den}:sample_rate=${rate}:sample_fmt=${format}:channel_layout=${layout}`,
      [...steady, 'aformat=sample_fmts=fltp', `asetnsamples=n=${CHUNK}:p=0`],
      1,
    );
  }

  #json(length: number) {
    const { samples, per_channel } = this.#plan;
    const channels = this.#meters.map((meter) => meter.spans(samples));
    const common = {
      version: VERSION,
      duration_s: length / this.#rate,
      sample_rate: this.#rate,
      channels: channels.length,
      samples,
    };
    if (per_channel) {
      return {
        ...common,
        per_channel: channels.map(({ min, max, rms }) => ({
          min: round(min),
          max: round(max),
          rms: round(rms),
        })),
      };
    }
    const { min, max, rms } = together(channels, samples);
    return { ...common, min: round(min), max: round(max), rms: round(rms) };
  }

  /** The JSON of BBC audiowaveform, version 2: min and max of each pixel and channel in 16 bits. */
  #audiowaveform(length: number) {
    const { samples, per_channel } = this.#plan;
    const each = this.#meters.map((meter) => meter.spans(samples));
    const channels = per_channel ? each : [together(each, samples)];
    const data: number[] = [];
    for (let i = 0; i < samples; i++) {
      for (const { min, max } of channels) data.push(toInt16(min[i] ?? 0), toInt16(max[i] ?? 0));
    }
    return {
      version: 2,
      channels: channels.length,
      sample_rate: this.#rate,
      samples_per_pixel: Math.max(1, Math.round(length / samples)),
      bits: 16,
      length: samples,
      data,
    };
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
  }
}

type Spans = ReturnType<SpanMeter['spans']>;

/** The outermost of all channels, so that no peak hides; power is their mean. */
function together(channels: Spans[], count: number): Spans {
  const min = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  const rms = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let power = 0;
    for (const channel of channels) {
      min[i] = Math.min(min[i] as number, channel.min[i] as number);
      max[i] = Math.max(max[i] as number, channel.max[i] as number);
      power += (channel.rms[i] as number) ** 2;
    }
    rms[i] = Math.sqrt(power / channels.length);
  }
  return { min, max, rms };
}

/** Six decimals hold a 16-bit sample exactly enough: half a step is 0.000015. */
function round(values: Float32Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1e6) / 1e6);
}

function toInt16(value: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
}
