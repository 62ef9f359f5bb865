/** Waveform data of one audio stream. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Stream } from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { OutputResult, WaveformOutput } from '../../core/plan.ts';
import { FilterChain } from '../filter.ts';
import { soundShape, soundSource } from './sound.ts';
import { SpanMeter, type Spans } from './spans.ts';
import { SteadySound } from './steady.ts';
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
  readonly #steady: SteadySound;
  /** Seconds. */
  readonly #expected: number;
  #chain: FilterChain | null = null;
  /** One for each curve: of all channels together, or of each. */
  #meters: SpanMeter[] = [];
  #channels = 0;
  #rate = 0;

  /** `durationS`: seconds that the source announces; null when it does not. */
  constructor(plan: WaveformOutput, stream: Stream, durationS: number | null, work: string) {
    this.#plan = plan;
    this.#work = work;
    this.#expected = durationS ?? 0;
    this.#base = stream.timeBase;
    this.#steady = new SteadySound(stream.timeBase);
    this.wants = new Map([[plan.stream, 'frames']]);
  }

  frame(frame: Frame): void {
    this.#steady.push(frame, this.#take);
  }

  async finish(): Promise<OutputResult> {
    this.#steady.end(this.#take);
    this.#chain?.push(null, this.#measure);
    const length = this.#meters[0]?.samples ?? 0;
    if (length === 0)
      throw new MillError('corrupt_media', `Audio stream ${this.#plan.stream} gave no usable sound.`);
    const { format, file } = this.#plan;
    const document = format === 'json' ? this.#json(length) : this.#audiowaveform(length);
    await writeFile(join(this.#work, file), JSON.stringify(document));
    return {
      kind: 'waveform',
      file,
      duration_s: length / this.#rate,
      sample_rate: this.#rate,
      channels: this.#channels,
      length: 'length' in document ? document.length : document.samples,
      warnings: [],
    };
  }

  #take = (frame: Frame): void => {
    this.#chain ??= this.#open(frame);
    this.#chain.push(frame, this.#measure);
  };

  #open(frame: Frame): FilterChain {
    const shape = soundShape(frame);
    this.#rate = shape.rate;
    this.#channels = shape.channels;
    const expected = this.#expected * shape.rate;
    this.#meters = this.#plan.per_channel
      ? Array.from({ length: shape.channels }, () => new SpanMeter(1, expected))
      : [new SpanMeter(shape.channels, expected)];
    return new FilterChain(
      soundSource(shape, this.#base),
      ['aformat=sample_fmts=fltp', `asetnsamples=n=${CHUNK}:p=0`],
      1,
    );
  }

  #measure = (frame: Frame): void => {
    const { nbSamples } = frame;
    const planes = (frame.extendedData ?? frame.data ?? [])
      .slice(0, this.#channels)
      .map((plane) => new Float32Array(plane.buffer, plane.byteOffset, nbSamples));
    if (this.#plan.per_channel)
      for (const [channel, plane] of planes.entries()) this.#meters[channel]?.add([plane]);
    else this.#meters[0]?.add(planes);
  };

  #json(length: number) {
    const { samples, per_channel } = this.#plan;
    const curves = this.#meters.map((meter) => rounded(meter.spans(samples)));
    const common = {
      version: VERSION,
      duration_s: length / this.#rate,
      sample_rate: this.#rate,
      channels: this.#channels,
      samples,
    };
    return per_channel ? { ...common, per_channel: curves } : { ...common, ...(curves[0] as Curve) };
  }

  /**
   * The JSON of BBC audiowaveform, version 2: min and max of each pixel and channel in 16 bits. Players place a
   * pixel by `samples_per_pixel`, a whole number: there may be a few pixels less than asked for.
   */
  #audiowaveform(length: number) {
    const perPixel = Math.ceil(length / this.#plan.samples);
    const pixels = Math.ceil(length / perPixel);
    const curves = this.#meters.map((meter) => meter.spans(pixels, pixels * perPixel));
    const data: number[] = [];
    for (let i = 0; i < pixels; i++) {
      for (const { min, max } of curves) data.push(toInt16(min[i] as number), toInt16(max[i] as number));
    }
    return {
      version: 2,
      channels: curves.length,
      sample_rate: this.#rate,
      samples_per_pixel: perPixel,
      bits: 16,
      length: pixels,
      data,
    };
  }

  [Symbol.dispose](): void {
    this.#steady[Symbol.dispose]();
    this.#chain?.[Symbol.dispose]();
  }
}

type Curve = Record<keyof Spans, number[]>;

function rounded({ min, max, rms }: Spans): Curve {
  return { min: round(min), max: round(max), rms: round(rms) };
}

/** Six decimals hold a 16-bit sample exactly enough: half a step is 0.000015. */
function round(values: Float32Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1e6) / 1e6);
}

function toInt16(value: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
}
