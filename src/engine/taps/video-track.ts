/** Decoded frames through scaling into an encoder: one video track of an output. */
import {
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_DOVI_CONF,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
} from 'node-av/constants';
import {
  avcodecFindBestPixFmtOfList,
  avGetPixFmtFromName,
  avGetPixFmtName,
  avIsHardwarePixelFormat,
  type Codec,
  type CodecContext,
  type Frame,
  type Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { CodecOptions, VideoTrack } from '../../core/plan.ts';
import { type Encoder, openEncoder } from '../encoder.ts';
import { hasTime, must, rescale, type TimeBase } from '../ffmpeg.ts';
import { FilterChain, type PictureShape, pictureShape, pictureSource, sameShape } from '../filter.ts';
import type { Mark } from '../mark.ts';
import type { Muxer, MuxTrack } from '../muxer.ts';
import { describeTrack } from './copy-track.ts';

/** MPEG-4 part 2 and its kin write the time base in 16 bits. */
const SHORT_TIME_BASE = /^(mpeg4|libxvid|msmpeg4.*|h263p?|flv|wmv[12]|mpeg[12]video)$/;
const MAX_SHORT_DENOMINATOR = 65535;

type PixelFormat = CodecContext['pixelFormat'];

export interface VideoWriterContext {
  /** Ticks of the source stream taken from every timestamp, so that the output begins at 0:00. */
  shift: bigint;
  threads: number;
  /** The image of the plan's overlay. */
  mark: Mark | null;
}

export class VideoWriter implements Disposable {
  readonly track: MuxTrack;
  readonly warnings: string[] = [];
  readonly #muxer: Muxer;
  readonly #source: Stream;
  readonly #plan: VideoTrack;
  readonly #shift: bigint;
  readonly #threads: number;
  readonly #mark: Mark | null;
  readonly #frameRate: TimeBase;
  #encoder: Encoder | null = null;
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
    this.#mark = context.mark;
    this.#frameRate = usableRate(source);
    this.#timeBase = source.timeBase;
    this.track = muxer.addTrack();
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
    if (!this.#shape || !sameShape(this.#shape, frame)) this.#reshape(encoder, frame);
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

  /** Takes what the filters and the encoder still hold. */
  end(): void {
    const encoder = this.#encoder;
    if (!encoder)
      throw new MillError('corrupt_media', `Video stream ${this.#plan.stream} gave no usable frames.`);
    this.#chain?.push(null, (frame) => this.#encode(encoder, frame));
    encoder.encode(null, this.#write);
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
    this.#muxer.write(this.track, packet, this.#timeBase);
  };

  #open(frame: Frame): Encoder {
    const candidates = [this.#plan, ...(this.#plan.fallback ?? [])];
    const failures: MillError[] = [];
    for (const { encoder: name, options } of candidates) {
      try {
        const encoder = openEncoder({
          name,
          options: this.#options(name, options),
          globalHeader: this.#muxer.globalHeader,
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
  #options(name: string, options: CodecOptions): CodecOptions {
    if (name !== 'libx265') return options;
    const own = [`log-level=error`, `pools=${this.#threads}`, ...hdrParameters(this.#source)];
    const given = options['x265-params'];
    return { ...options, 'x265-params': [...own, ...(given ? [String(given)] : [])].join(':') };
  }

  #configure(context: CodecContext, codec: Codec, frame: Frame): void {
    context.pixelFormat = this.#pixelFormat(codec, frame);
    const wanted = this.#plan.size ?? { width: frame.width, height: frame.height };
    const size = codableSize(wanted, avGetPixFmtName(context.pixelFormat));
    if (size.width !== wanted.width || size.height !== wanted.height) {
      this.warnings.push(
        `The picture was made ${size.width}×${size.height} instead of ${wanted.width}×${wanted.height}: its chroma needs even sizes.`,
      );
    }
    context.width = size.width;
    context.height = size.height;
    context.sampleAspectRatio = this.#plan.size ? new Rational(1, 1) : containerAspect(this.#source, frame);
    this.#timeBase = timeBaseFor(codec.name ?? '', this.#source.timeBase, this.#frameRate);
    context.timeBase = new Rational(this.#timeBase.num, this.#timeBase.den);
    context.framerate = new Rational(this.#frameRate.num, this.#frameRate.den);
    context.colorRange = frame.colorRange;
    context.colorPrimaries = frame.colorPrimaries;
    context.colorTrc = frame.colorTrc;
    context.colorSpace = frame.colorSpace;
    context.chromaLocation = frame.chromaLocation;
    context.threadCount = this.#threads;
  }

  #pixelFormat(codec: Codec, frame: Frame): PixelFormat {
    const supported = codec.pixelFormats;
    const wanted =
      this.#plan.pixel_format === 'source'
        ? (frame.format as PixelFormat)
        : avGetPixFmtFromName(this.#plan.pixel_format);
    if (!supported || supported.includes(wanted)) return wanted;
    if (supported.every((format) => avIsHardwarePixelFormat(format))) {
      throw new MillError(
        'encoder_unavailable',
        `The encoder ${codec.name} needs a hardware device, and none is set up here.`,
      );
    }
    if (this.#plan.pixel_format !== 'source') {
      const names = supported.map((format) => avGetPixFmtName(format)).join(', ');
      throw new MillError(
        'invalid_params',
        `"pix_fmt": ${codec.name} does not take ${this.#plan.pixel_format}; it takes ${names}.`,
      );
    }
    return avcodecFindBestPixFmtOfList(supported, wanted);
  }

  /** Tells the muxer what the track is, once the encoder knows. */
  #describe({ context }: Encoder, frame: Frame): void {
    const { stream } = this.track;
    must(stream.codecpar.fromContext(context), 'describe the encoded stream');
    if (this.#plan.tag) stream.codecpar.codecTag = this.#plan.tag;
    stream.timeBase = new Rational(this.#timeBase.num, this.#timeBase.den);
    stream.avgFrameRate = this.#source.avgFrameRate;
    stream.sampleAspectRatio = this.#plan.size ? new Rational(1, 1) : containerAspect(this.#source, frame);
    for (const { type, data } of this.#source.codecpar.getAllCodedSideData()) {
      if (KEPT_SIDE_DATA.has(type)) stream.codecpar.addCodedSideData(type, data);
    }
    if (this.#source.codecpar.getCodedSideData(AV_PKT_DATA_DOVI_CONF)) {
      this.warnings.push('Dolby Vision metadata was dropped; the HDR10 or HLG base layer is kept.');
    }
    this.track.ready = true;
    this.#muxer.writeHeaderWhenReady();
  }

  /** Sources may change size or format in the middle; the output keeps its own. */
  #reshape(encoder: Encoder, frame: Frame): void {
    this.#chain?.push(null, (last) => this.#encode(encoder, last));
    this.#chain?.[Symbol.dispose]();
    this.#chain = null;
    this.#shape = pictureShape(frame);
    const { width, height, pixelFormat } = encoder.context;
    const sized = frame.width === width && frame.height === height;
    if (sized && frame.format === pixelFormat && !this.#mark) return;
    const filters = sized ? [] : [`scale=${width}:${height}:flags=bicubic`, 'setsar=1'];
    const source = pictureSource(this.#shape, this.#source.timeBase);
    const format = `format=${avGetPixFmtName(pixelFormat)}`;
    if (!this.#mark) {
      this.#chain = new FilterChain(source, [...filters, format], this.#threads);
      return;
    }
    const { side, join } = this.#mark.filters({ width, height });
    this.#chain = new FilterChain(source, [...filters, `null[main];${join}`, format], this.#threads, side);
    this.#mark.feed(this.#chain);
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
  }
}

const KEPT_SIDE_DATA: ReadonlySet<number> = new Set([
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
]);

/** Encoders refuse odd sizes where chroma has half the resolution: 4:2:0 both ways, 4:2:2 across. */
function codableSize(
  size: { width: number; height: number },
  pixelFormat: string | null,
): { width: number; height: number } {
  const format = pixelFormat ?? '';
  const both = /420|nv12|nv21|p01[0-6]/.test(format);
  const across = both || /422|nv16|p21[0-6]/.test(format);
  const even = (value: number, needed: boolean) => (needed ? Math.max(2, value - (value % 2)) : value);
  return { width: even(size.width, across), height: even(size.height, both) };
}

/** Rate control wants frames a second; sources with nonsense get 25. */
function usableRate(stream: Stream): TimeBase {
  for (const rate of [stream.avgFrameRate, stream.rFrameRate]) {
    if (rate.num > 0 && rate.den > 0 && rate.num / rate.den <= 1000) return rate;
  }
  return { num: 25, den: 1 };
}

function timeBaseFor(encoder: string, source: TimeBase, rate: TimeBase): TimeBase {
  if (!SHORT_TIME_BASE.test(encoder) || source.den <= MAX_SHORT_DENOMINATOR) return source;
  return rate.num <= MAX_SHORT_DENOMINATOR ? { num: rate.den, den: rate.num } : { num: 1, den: 1000 };
}

function containerAspect(stream: Stream, frame: Frame): Rational {
  const { sampleAspectRatio } = stream;
  return sampleAspectRatio.num > 0 ? sampleAspectRatio : frame.sampleAspectRatio;
}

/** HDR10 static metadata as x265 takes it: chromaticities in 0.00002, luminance in 0.0001 cd/m². */
function hdrParameters(stream: Stream): string[] {
  const display = stream.codecpar.getCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA);
  const light = stream.codecpar.getCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL);
  const parameters: string[] = [];
  if (display && display.length >= 88 && display.readInt32LE(80) !== 0 && display.readInt32LE(84) !== 0) {
    const value = (index: number, unit: number) =>
      Math.round((display.readInt32LE(index * 8) / (display.readInt32LE(index * 8 + 4) || 1)) * unit);
    const [rx, ry, gx, gy, bx, by, wx, wy] = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => value(index, 50_000));
    parameters.push(
      `master-display=G(${gx},${gy})B(${bx},${by})R(${rx},${ry})WP(${wx},${wy})L(${value(9, 10_000)},${value(8, 10_000)})`,
    );
  }
  if (light && light.length >= 8)
    parameters.push(`max-cll=${light.readUInt32LE(0)},${light.readUInt32LE(4)}`);
  return parameters.length > 0 ? [...parameters, 'hdr10=1', 'repeat-headers=1'] : [];
}
