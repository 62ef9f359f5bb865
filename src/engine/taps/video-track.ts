/** Decoded frames through scaling into an encoder: one video track of an output. */
import { AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_DOVI_CONF } from 'node-av/constants';
import {
  avGetPixFmtName,
  type Codec,
  type CodecContext,
  type Frame,
  type Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { VideoStreamFacts } from '../../core/facts.ts';
import type { CodecOptions, VideoTrack } from '../../core/plan.ts';
import type { DeviceContexts } from '../device.ts';
import { type Encoder, openEncoder } from '../encoder.ts';
import { hasTime, must, rescale, type TimeBase } from '../ffmpeg.ts';
import { FilterChain, type PictureShape, pictureShape, pictureSource, sameShape } from '../filter.ts';
import type { Mark } from '../mark.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import { SampleTable } from '../sample-table.ts';
import { describeTrack } from './copy-track.ts';
import { clockFor } from './encoder-limits.ts';
import { describeHdr, hdrParameters, staticHdr } from './hdr.ts';
import { type Rendition, renditionOf } from './rendition.ts';
import type { TrackWriter } from './writer.ts';

export interface VideoWriterContext {
  /** Ticks of the source stream taken from every timestamp, so that the output begins at 0:00. */
  shift: bigint;
  threads: number;
  /** For encoders that take pictures of a device only. */
  hardware: DeviceContexts;
  /** What is known of the stream. */
  video: VideoStreamFacts;
  /** The image of the plan's overlay. */
  mark: Mark | null;
}

/**
 * libx265 works decoding times out from the frames of its own delay, at most two. Of films that are no longer it has
 * none and writes what happens to be in memory; nothing is reordered there.
 */
const LONGEST_X265_DELAY = 2;

export class VideoWriter implements TrackWriter {
  readonly track: MuxTrack;
  readonly warnings: string[] = [];
  readonly #muxer: Muxer;
  readonly #source: Stream;
  readonly #plan: VideoTrack;
  readonly #shift: bigint;
  readonly #threads: number;
  readonly #hardware: DeviceContexts;
  readonly #mark: Mark | null;
  readonly #video: VideoStreamFacts;
  #frameRate: TimeBase = { num: 25, den: 1 };
  #rendition: Rendition | null = null;
  readonly #table: SampleTable | null;
  #encoder: Encoder | null = null;
  #ending = false;
  #chain: FilterChain | null = null;
  #shape: PictureShape | null = null;
  #timeBase: TimeBase;
  #lastPts: bigint | null = null;
  /** Durations of frames inside the encoder, by timestamp: encoders forget them. */
  readonly #durations = new Map<bigint, bigint>();
  errors = 0;

  constructor(muxer: Muxer, source: Stream, plan: VideoTrack, context: VideoWriterContext) {
    this.#muxer = muxer;
    this.#source = source;
    this.#plan = plan;
    this.#shift = context.shift;
    this.#threads = context.threads;
    this.#hardware = context.hardware;
    this.#mark = context.mark;
    this.#video = context.video;
    this.#timeBase = source.timeBase;
    this.track = muxer.addTrack();
    this.#table = muxer.hasSampleTable ? new SampleTable(this.#send) : null;
    describeTrack(source, this.track.stream);
  }

  get codec(): string {
    return this.#encoder?.name ?? this.#plan.encoder;
  }

  get frames(): number {
    return this.#encoder?.frames ?? 0;
  }

  frame(frame: Frame): void {
    this.#encoder ??= this.#open(frame);
    const encoder = this.#encoder;
    if (!this.#shape || !sameShape(this.#shape, frame))
      this.#reshape(encoder, frame, this.#rendition as Rendition);
    if (this.#chain) this.#chain.push(frame, (scaled) => this.#encode(encoder, scaled));
    else this.#encodeLent(encoder, frame);
  }

  /** Other taps see the same frame: what the encoder needs changed is put back. */
  #encodeLent(encoder: Encoder, frame: Frame): void {
    const { pts, duration, pictType } = frame;
    this.#encode(encoder, frame);
    frame.pts = pts;
    frame.duration = duration;
    frame.pictType = pictType;
  }

  /** Takes what the filters, the encoder and the sample table still hold. */
  end(): void {
    const encoder = this.#encoder;
    if (!encoder)
      throw new MillError('corrupt_media', `Video stream ${this.#plan.stream} gave no usable frames.`);
    this.#chain?.push(null, (frame) => this.#encode(encoder, frame));
    this.#ending = true;
    encoder.encode(null, this.#write);
    this.#table?.end();
  }

  #encode(encoder: Encoder, frame: Frame): void {
    const source = this.#source.timeBase;
    let pts = hasTime(frame.pts)
      ? rescale(frame.pts - this.#shift, source, this.#timeBase)
      : (this.#lastPts ?? -1n) + 1n;
    // Two frames at one time cannot both be shown; encoders refuse them.
    if (this.#lastPts !== null && pts <= this.#lastPts) pts = this.#lastPts + 1n;
    this.#lastPts = pts;
    frame.pts = pts;
    frame.duration = rescale(frame.duration, source, this.#timeBase);
    // The source's frame types would be taken as orders.
    frame.pictType = 0 as typeof frame.pictType;
    this.#durations.set(pts, frame.duration);
    encoder.encode(frame, this.#write);
  }

  #write = (packet: Packet): void => {
    const known = this.#durations.get(packet.pts) ?? 0n;
    this.#durations.delete(packet.pts);
    const usual = rescale(1n, { num: this.#frameRate.den, den: this.#frameRate.num }, this.#timeBase);
    packet.duration = known > 0n ? known : usual;
    if (this.#ending && this.frames <= LONGEST_X265_DELAY) packet.dts = packet.pts;
    if (this.#table) this.#table.add(packet);
    else this.#send(packet);
  };

  #send = (packet: Packet): void => this.#muxer.write(this.track, packet, this.#timeBase);

  #open(frame: Frame): Encoder {
    const candidates = [this.#plan, ...(this.#plan.fallback ?? [])];
    const failures: MillError[] = [];
    for (const { encoder: name, options } of candidates) {
      try {
        const encoder = openEncoder({
          name,
          options: this.#options(name, options, frame),
          globalHeader: this.#muxer.globalHeader,
          devices: this.#hardware,
          configure: (context, codec) => this.#configure(context, codec, frame),
        });
        if (failures.length > 0) this.warnings.push(`${failures[0]?.message} ${name} was used instead.`);
        this.#describe(encoder, frame);
        return encoder;
      } catch (error) {
        if (!(error instanceof MillError) || error.code !== 'encoder_unavailable') throw error;
        failures.push(error);
      }
    }
    throw failures[0];
  }

  /** Adds what keeps the library quiet and inside its share of the cores. */
  #options(name: string, options: CodecOptions, frame: Frame): CodecOptions {
    if (name !== 'libx265') return options;
    const hdr = hdrParameters(staticHdr(this.#source, frame));
    const own = [`log-level=error`, `pools=${this.#threads}`, ...hdr];
    const given = options['x265-params'];
    return { ...options, 'x265-params': [...own, ...(given ? [String(given)] : [])].join(':') };
  }

  #configure(context: CodecContext, codec: Codec, frame: Frame): void {
    const rendition = renditionOf(frame, {
      plan: this.#plan,
      source: this.#source,
      video: this.#video,
      codec,
      keepsRotation: this.#muxer.keepsRotation,
    });
    this.#rendition = rendition;
    const { timeBase, frameRate } = clockFor(codec.name ?? '', this.#source);
    this.#timeBase = timeBase;
    this.#frameRate = frameRate;
    context.width = rendition.coded.width;
    context.height = rendition.coded.height;
    context.pixelFormat = rendition.pixelFormat;
    context.sampleAspectRatio = rendition.sampleAspect;
    context.timeBase = new Rational(timeBase.num, timeBase.den);
    context.framerate = new Rational(frameRate.num, frameRate.den);
    context.colorRange = rendition.colorRange;
    context.colorPrimaries = frame.colorPrimaries;
    context.colorTrc = frame.colorTrc;
    context.colorSpace = rendition.colorSpace;
    context.chromaLocation = frame.chromaLocation;
    context.threadCount = this.#threads;
  }

  /** Tells the muxer what the track is, once the encoder knows. */
  #describe({ context }: Encoder, frame: Frame): void {
    const { stream } = this.track;
    must(stream.codecpar.fromContext(context), 'describe the encoded stream');
    if (this.#plan.tag) stream.codecpar.codecTag = this.#plan.tag;
    stream.timeBase = new Rational(this.#timeBase.num, this.#timeBase.den);
    stream.avgFrameRate = this.#source.avgFrameRate;
    stream.sampleAspectRatio = context.sampleAspectRatio;
    const matrix = this.#source.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
    if (matrix && this.#muxer.keepsRotation)
      stream.codecpar.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, matrix);
    describeHdr(stream, staticHdr(this.#source, frame));
    this.warnings.push(...(this.#rendition?.warnings ?? []));
    if (this.#source.codecpar.getCodedSideData(AV_PKT_DATA_DOVI_CONF)) {
      this.warnings.push('Dolby Vision metadata was dropped; the HDR10 or HLG base layer is kept.');
    }
    this.track.ready = true;
    this.#muxer.writeHeaderWhenReady();
  }

  /** Sources may change size or format in the middle; the output keeps its own. */
  #reshape(encoder: Encoder, frame: Frame, rendition: Rendition): void {
    const { laid, recolor, turn, pixelFormat, colorSpace, colorRange } = rendition;
    this.#chain?.push(null, (last) => this.#encode(encoder, last));
    this.#chain?.[Symbol.dispose]();
    this.#chain = null;
    this.#shape = pictureShape(frame);
    const sized = frame.width === laid.width && frame.height === laid.height && recolor === '';
    const whole = this.#plan.deinterlace ? deinterlacing(this.#source.timeBase) : [];
    if (sized && frame.format === pixelFormat && turn.length + whole.length === 0 && !this.#mark) return;
    const scale = [`scale=${laid.width}:${laid.height}:flags=bicubic`, recolor].filter(Boolean).join(':');
    const filters = [...whole, ...(sized ? [] : [scale, ...(this.#plan.size ? ['setsar=1'] : [])])];
    const source = pictureSource(this.#shape, this.#source.timeBase);
    const format = avGetPixFmtName(pixelFormat) ?? '';
    const rest = [...turn, `format=${format}`];
    if (!this.#mark) {
      this.#chain = new FilterChain(source, [...filters, ...rest], this.#threads);
      return;
    }
    const { side, join } = this.#mark.filters({ ...laid, pixelFormat: format, colorSpace, colorRange });
    this.#chain = new FilterChain(source, [...filters, `null[main];${join}`, ...rest], this.#threads, side);
    this.#mark.feed(this.#chain);
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
    this.#table?.[Symbol.dispose]();
  }
}

/** `bwdif` counts time in halves of what it gets. */
function deinterlacing({ num, den }: TimeBase): string[] {
  return ['bwdif=mode=send_frame:deint=interlaced', `settb=${num}/${den}`];
}
