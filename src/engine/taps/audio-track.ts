/** Decoded sound through resampling into an encoder: one audio track of an output. */
import { AV_CHANNEL_ORDER_UNSPEC, AV_CODEC_CAP_VARIABLE_FRAME_SIZE } from 'node-av/constants';
import {
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetSampleFmtFromName,
  avGetSampleFmtName,
  type ChannelLayout,
  type Codec,
  type CodecContext,
  type Frame,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { AudioTrack } from '../../core/plan.ts';
import { type Encoder, findEncoder, openEncoder } from '../encoder.ts';
import { hasTime, must, type TimeBase } from '../ffmpeg.ts';
import { FilterChain } from '../filter.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import { describeTrack } from './copy-track.ts';

type SampleFormat = CodecContext['sampleFormat'];

interface Shape {
  rate: number;
  format: number;
  layout: string;
}

export class AudioWriter implements Disposable {
  readonly track: MuxTrack;
  readonly warnings: string[] = [];
  readonly #muxer: Muxer;
  readonly #base: TimeBase;
  readonly #plan: AudioTrack;
  readonly #shift: bigint;
  #encoder: Encoder | null = null;
  #chain: FilterChain | null = null;
  #shape: Shape | null = null;
  #nextPts: bigint | null = null;
  errors = 0;

  private constructor(muxer: Muxer, plan: AudioTrack, base: TimeBase, shift: bigint) {
    this.#muxer = muxer;
    this.#plan = plan;
    this.#base = base;
    this.#shift = shift;
    this.track = muxer.addTrack();
  }

  /** `shift` in ticks of the stream is taken from every timestamp, so that the output begins at 0:00. */
  static forStream(muxer: Muxer, plan: AudioTrack, source: Stream, shift: bigint): AudioWriter {
    const writer = new AudioWriter(muxer, plan, source.timeBase, shift);
    describeTrack(source, writer.track.stream);
    return writer;
  }

  /** For sound that was made here; timestamps count samples. */
  static forSamples(muxer: Muxer, plan: AudioTrack, sampleRate: number): AudioWriter {
    return new AudioWriter(muxer, plan, { num: 1, den: sampleRate }, 0n);
  }

  get codec(): string {
    return this.#plan.encoder;
  }

  get frames(): number {
    return this.#encoder?.frames ?? 0;
  }

  frame(frame: Frame): void {
    const shape = soundShape(frame);
    this.#encoder ??= this.#open(frame);
    const encoder = this.#encoder;
    if (!this.#shape || !this.#chain || !sameSound(this.#shape, shape)) this.#reshape(encoder, shape);
    const { pts } = frame;
    if (hasTime(pts)) frame.pts = pts - this.#shift;
    this.#chain?.push(frame, (samples) => this.#encode(encoder, samples));
    frame.pts = pts;
  }

  end(): void {
    const encoder = this.#encoder;
    if (!encoder)
      throw new MillError('corrupt_media', `Audio stream ${this.#plan.stream} gave no usable sound.`);
    this.#chain?.push(null, (samples) => this.#encode(encoder, samples));
    encoder.encode(null, (packet) => this.#muxer.write(this.track, packet, encoder.context.timeBase));
  }

  #encode(encoder: Encoder, samples: Frame): void {
    const expected = this.#nextPts;
    if (!hasTime(samples.pts) || (expected !== null && samples.pts < expected)) samples.pts = expected ?? 0n;
    this.#nextPts = samples.pts + BigInt(samples.nbSamples);
    encoder.encode(samples, (packet) => this.#muxer.write(this.track, packet, encoder.context.timeBase));
  }

  #open(frame: Frame): Encoder {
    const codec = findEncoder(this.#plan.encoder);
    const encoder = openEncoder({
      name: this.#plan.encoder,
      options: this.#plan.options,
      globalHeader: this.#muxer.globalHeader,
      configure: (context) => this.#configure(context, codec, frame),
    });
    const { stream } = this.track;
    must(stream.codecpar.fromContext(encoder.context), 'describe the encoded stream');
    stream.timeBase = encoder.context.timeBase;
    this.track.ready = true;
    this.#muxer.writeHeaderWhenReady();
    return encoder;
  }

  #configure(context: CodecContext, codec: Codec, frame: Frame): void {
    const rate = nearestRate(this.#plan.sample_rate ?? frame.sampleRate, codec.supportedSamplerates);
    context.sampleRate = rate;
    context.timeBase = new Rational(1, rate);
    context.channelLayout = this.#layout(codec, frame);
    context.sampleFormat = this.#format(codec, frame);
    if (this.#plan.bit_rate !== null) context.bitRate = BigInt(this.#plan.bit_rate);
  }

  #layout(codec: Codec, frame: Frame): ChannelLayout {
    const source = knownLayout(frame);
    const wanted = this.#plan.channels === null ? source : avChannelLayoutDefault(this.#plan.channels);
    const supported = codec.channelLayouts;
    if (!supported || supported.length === 0 || supported.some((layout) => layout.mask === wanted.mask))
      return wanted;
    const same = supported.find((layout) => layout.nbChannels === wanted.nbChannels);
    if (same) return same;
    const most = supported.reduce((a, b) =>
      b.nbChannels > a.nbChannels && b.nbChannels <= wanted.nbChannels ? b : a,
    );
    this.warnings.push(
      `${codec.name} cannot hold ${wanted.nbChannels} channels; they were mixed to ${most.nbChannels}.`,
    );
    return most;
  }

  #format(codec: Codec, frame: Frame): SampleFormat {
    const supported = codec.sampleFormats;
    if (this.#plan.sample_format) {
      const wanted = avGetSampleFmtFromName(this.#plan.sample_format);
      if (!supported || supported.includes(wanted)) return wanted;
    }
    if (!supported || supported.length === 0) return frame.format as SampleFormat;
    return closestSampleFormat(supported, frame.format as SampleFormat);
  }

  #reshape(encoder: Encoder, shape: Shape): void {
    this.#chain?.push(null, (last) => this.#encode(encoder, last));
    this.#chain?.[Symbol.dispose]();
    this.#shape = shape;
    const { context } = encoder;
    const variable = findEncoder(encoder.name).hasCapabilities(AV_CODEC_CAP_VARIABLE_FRAME_SIZE);
    const filters = [
      ...(this.#plan.filter ? [this.#plan.filter] : []),
      `aresample=${context.sampleRate}`,
      `aformat=sample_fmts=${avGetSampleFmtName(context.sampleFormat)}:sample_rates=${context.sampleRate}` +
        `:channel_layouts=${avChannelLayoutDescribe(context.channelLayout)}`,
      ...(variable || context.frameSize === 0 ? [] : [`asetnsamples=n=${context.frameSize}:p=0`]),
    ];
    const base = this.#base;
    this.#chain = new FilterChain(
      `abuffer=time_base=${base.num}/${base.den}:sample_rate=${shape.rate}:sample_fmt=${shape.format}:channel_layout=${shape.layout}`,
      filters,
      1,
    );
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
  }
}

export function knownLayout(frame: Frame): ChannelLayout {
  const layout = frame.channelLayout;
  return layout.order === AV_CHANNEL_ORDER_UNSPEC ? avChannelLayoutDefault(layout.nbChannels) : layout;
}

export function soundShape(frame: Frame): Shape {
  return {
    rate: frame.sampleRate,
    format: frame.format,
    layout: avChannelLayoutDescribe(knownLayout(frame)) ?? 'stereo',
  };
}

function sameSound(a: Shape, b: Shape): boolean {
  return a.rate === b.rate && a.format === b.format && a.layout === b.layout;
}

/** The same rate, else the lowest above it, else the highest the encoder has. */
function nearestRate(rate: number, supported: number[] | null): number {
  if (!supported || supported.length === 0 || supported.includes(rate)) return rate;
  const above = supported.filter((r) => r > rate).sort((a, b) => a - b)[0];
  return above ?? Math.max(...supported);
}

/** Bits that a sample format keeps; planar counts as packed. */
const PRECISION: Record<string, number> = { u8: 8, s16: 16, s32: 32, flt: 24, dbl: 53, s64: 64 };

function closestSampleFormat(supported: SampleFormat[], source: SampleFormat): SampleFormat {
  const bits = (format: SampleFormat) =>
    PRECISION[(avGetSampleFmtName(format) ?? '').replace(/p$/, '')] ?? 16;
  const wanted = bits(source);
  const enough = supported.filter((format) => bits(format) >= wanted).sort((a, b) => bits(a) - bits(b))[0];
  return enough ?? supported.reduce((a, b) => (bits(b) > bits(a) ? b : a));
}
