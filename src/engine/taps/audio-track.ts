/** Decoded sound through resampling into an encoder: one audio track of an output. */
import { AV_CODEC_CAP_VARIABLE_FRAME_SIZE, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import {
  avGetSampleFmtName,
  type Codec,
  type CodecContext,
  type Frame,
  type Packet,
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
import { HoleFiller } from './holes.ts';
import { layoutName, reshaping, type SoundShape, SoundWatch, sameSound, soundSource } from './sound.ts';
import { chooseFormat, chooseLayout, chooseRate } from './sound-choice.ts';

/** A tenth of a second, so that it lies beside its pictures. */
const PCM_CHUNK = 4096;

export class AudioWriter implements Disposable {
  readonly track: MuxTrack;
  readonly warnings: string[] = [];
  readonly #muxer: Muxer;
  readonly #base: TimeBase;
  readonly #plan: AudioTrack;
  readonly #shift: bigint;
  readonly #watch = new SoundWatch();
  #encoder: Encoder | null = null;
  /** Of its packets. */
  #encoded: TimeBase = { num: 1, den: 1 };
  #chain: FilterChain | null = null;
  /** Cuts what several chains gave into the encoder's frames; one chain does it by itself. */
  #blocks: FilterChain | null = null;
  #shape: SoundShape | null = null;
  readonly #holes: HoleFiller;
  #nextPts: bigint | null = null;
  errors = 0;

  private constructor(muxer: Muxer, plan: AudioTrack, base: TimeBase, shift: bigint) {
    this.#muxer = muxer;
    this.#plan = plan;
    this.#base = base;
    this.#shift = shift;
    this.#holes = new HoleFiller(base);
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

  /** Rate and channels that came out; null before the first frame. */
  get sound(): { sample_rate: number; channels: number } | null {
    const context = this.#encoder?.context;
    return context ? { sample_rate: context.sampleRate, channels: context.channelLayout.nbChannels } : null;
  }

  frame(frame: Frame): void {
    this.#holes.fill(frame, this.#take);
  }

  #take = (frame: Frame): void => {
    const shape = this.#watch.look(frame);
    this.#encoder ??= this.#open(frame);
    const encoder = this.#encoder;
    if (!this.#shape || !this.#chain || !sameSound(this.#shape, shape)) this.#reshape(encoder, shape);
    const { pts } = frame;
    if (hasTime(pts)) frame.pts = pts - this.#shift;
    this.#chain?.push(frame, (samples) => this.#gather(encoder, samples));
    frame.pts = pts;
  };

  end(): void {
    const encoder = this.#encoder;
    if (!encoder)
      throw new MillError('corrupt_media', `Audio stream ${this.#plan.stream} gave no usable sound.`);
    this.#chain?.push(null, (samples) => this.#gather(encoder, samples));
    this.#blocks?.push(null, (samples) => this.#encode(encoder, samples));
    encoder.encode(null, this.#write);
    const { filled_s, skipped_s } = this.#holes;
    if (filled_s > 0) this.warnings.push(`Holes of ${filled_s.toFixed(2)} s in the sound became silence.`);
    if (skipped_s > 0)
      this.warnings.push(`A jump of ${skipped_s.toFixed(0)} s in the timestamps was taken out.`);
  }

  #write = (packet: Packet): void => this.#muxer.write(this.track, packet, this.#encoded);

  #gather(encoder: Encoder, samples: Frame): void {
    if (this.#blocks) this.#blocks.push(samples, (block) => this.#encode(encoder, block));
    else this.#encode(encoder, samples);
  }

  #encode(encoder: Encoder, samples: Frame): void {
    const expected = this.#nextPts;
    if (!hasTime(samples.pts) || (expected !== null && samples.pts < expected)) samples.pts = expected ?? 0n;
    this.#nextPts = samples.pts + BigInt(samples.nbSamples);
    encoder.encode(samples, this.#write);
  }

  #open(frame: Frame): Encoder {
    const encoder = this.#openWith(frame, this.#plan.bit_rate);
    const { stream } = this.track;
    must(stream.codecpar.fromContext(encoder.context), 'describe the encoded stream');
    this.#encoded = encoder.context.timeBase;
    stream.timeBase = encoder.context.timeBase;
    this.track.ready = true;
    this.#muxer.writeHeaderWhenReady();
    return encoder;
  }

  #openWith(frame: Frame, bitRate: number | null): Encoder {
    const { encoder: name, options } = this.#plan;
    const codec = findEncoder(name);
    if (codec.type !== AVMEDIA_TYPE_AUDIO)
      throw new MillError('invalid_params', `"codec": ${name} encodes no sound.`);
    const open = (rate: number | null) =>
      openEncoder({
        name,
        options,
        globalHeader: this.#muxer.globalHeader,
        configure: (context) => this.#configure(context, codec, frame, rate),
      });
    try {
      return open(bitRate);
    } catch (error) {
      if (bitRate === null || !opensWithout(open)) throw error;
      const { sampleRate, channels } = frame;
      throw new MillError(
        'invalid_params',
        `"bitrate": ${name} does not take ${bitRate} bits per second for ${this.#plan.channels ?? channels} channels at ${this.#plan.sample_rate ?? sampleRate} Hz.`,
        { cause: error },
      );
    }
  }

  #configure(context: CodecContext, codec: Codec, frame: Frame, bitRate: number | null): void {
    const rate = chooseRate(codec, this.#plan.sample_rate ?? frame.sampleRate, this.#warn);
    context.sampleRate = rate;
    context.timeBase = new Rational(1, rate);
    context.channelLayout = chooseLayout(codec, frame, this.#plan.channels, this.#warn);
    context.sampleFormat = chooseFormat(codec, frame, this.#plan.sample_format);
    if (bitRate !== null) context.bitRate = BigInt(bitRate);
  }

  #warn = (text: string): void => {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  };

  #reshape(encoder: Encoder, shape: SoundShape): void {
    if (this.#chain) {
      // The sound has changed under way. Only the very last block may be shorter than the encoder's frames.
      const cut = inBlocks(encoder);
      if (cut.length > 0) this.#blocks ??= new FilterChain(encodedSource(encoder), cut, 1);
      this.#chain.push(null, (last) => this.#gather(encoder, last));
      this.#chain[Symbol.dispose]();
    }
    this.#shape = shape;
    const filters = [
      ...(this.#plan.filter ? [this.#plan.filter] : []),
      ...reshaping(shape, encodedShape(encoder)),
      ...(this.#blocks ? [] : inBlocks(encoder)),
    ];
    this.#chain = new FilterChain(soundSource(shape, this.#base), filters, 1);
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#blocks?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
  }
}

function encodedShape({ context }: Encoder): { rate: number; layout: string; format: string } {
  return {
    rate: context.sampleRate,
    layout: layoutName(context.channelLayout),
    format: avGetSampleFmtName(context.sampleFormat) ?? 'fltp',
  };
}

/** The beginning of a chain for sound as the encoder takes it. */
function encodedSource(encoder: Encoder): `abuffer=${string}` {
  const { sampleFormat: format, channelLayout } = encoder.context;
  const { rate, layout } = encodedShape(encoder);
  return soundSource({ rate, format, layout, channels: channelLayout.nbChannels }, { num: 1, den: rate });
}

/** The filter that cuts into what goes into the encoder at a time; none when it takes samples as they come. */
function inBlocks({ name, context }: Encoder): string[] {
  // PCM takes any number; many small packets only cost calls.
  const size = name.startsWith('pcm_')
    ? PCM_CHUNK
    : findEncoder(name).hasCapabilities(AV_CODEC_CAP_VARIABLE_FRAME_SIZE)
      ? 0
      : context.frameSize;
  return size === 0 ? [] : [`asetnsamples=n=${size}:p=0`];
}

function opensWithout(open: (bitRate: null) => Encoder): boolean {
  try {
    open(null)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
