/** One decoded frame into one image file, turned and stretched as a display would show it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { avGetPixFmtFromName, type CodecContext, type Frame, type Packet, Rational } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import type { VideoStreamFacts } from '../core/facts.ts';
import type { ImageResult } from '../core/plan.ts';
import { type Encoder, openEncoder } from './encoder.ts';
import { FilterChain, type PictureShape, pictureShape, pictureSource, sameShape } from './filter.ts';

export type ImageFormat = 'jpg' | 'png' | 'webp';

/** For the `scale` filter. */
export const WEBP_COLORS = ':out_color_matrix=bt601:out_range=tv';

const ENCODERS: Record<ImageFormat, { encoder: string; pixelFormats: string; colors: string }> = {
  // JPEG and WebP files do not say which matrix they use: readers take that of BT.601 (JFIF, RFC 9649).
  jpg: { encoder: 'mjpeg', pixelFormats: 'yuvj420p', colors: ':out_color_matrix=bt601:out_range=pc' },
  png: { encoder: 'png', pixelFormats: 'rgb24', colors: '' },
  webp: { encoder: 'libwebp', pixelFormats: 'yuv420p', colors: WEBP_COLORS },
};

export interface ImageShape {
  format: ImageFormat;
  /** Pixels; null keeps the display size. */
  width: number | null;
  quality: number;
}

/** Size of an image of this video: display aspect, never larger than the display size. */
export function imageSize(video: VideoStreamFacts, width: number | null): { width: number; height: number } {
  const w = Math.min(width ?? video.display_width, video.display_width);
  return { width: w, height: Math.max(1, Math.round((w * video.display_height) / video.display_width)) };
}

export interface ImageWriterContext {
  folder: string;
  video: VideoStreamFacts;
  /** Pictures that are encoded at a time. */
  threads: number;
}

export class ImageWriter implements Disposable {
  readonly size: { width: number; height: number };
  readonly #shape: ImageShape;
  readonly #context: ImageWriterContext;
  #chain: FilterChain | null = null;
  #chainShape: PictureShape | null = null;
  #encoder: Encoder | null = null;
  #count = 0n;
  /** Inside the encoder, which gives them back in the order they came. */
  readonly #waiting: ImageResult[] = [];

  constructor(shape: ImageShape, context: ImageWriterContext) {
    this.#shape = shape;
    this.#context = context;
    this.size = imageSize(context.video, shape.width);
  }

  /** The file and its size are there after {@link end}. `keep` gets the finished picture, for a sprite sheet. */
  write(frame: Frame, file: string, timeS: number, keep?: (picture: Frame) => void): ImageResult {
    const image = { file, time_s: timeS, ...this.size, size_bytes: 0 };
    this.#waiting.push(image);
    this.#render(frame, (picture) => {
      this.#encoder ??= this.#open(picture);
      picture.pts = this.#count++;
      picture.pictType = 0 as typeof picture.pictType;
      keep?.(picture);
      this.#encoder.encode(picture, this.#land);
    });
    return image;
  }

  end(): void {
    this.#encoder?.encode(null, this.#land);
    const [missing] = this.#waiting;
    if (missing) throw new MillError('internal', `The encoder gave nothing for ${missing.file}.`);
  }

  #land = (packet: Packet): void => {
    const image = this.#waiting.shift();
    if (!image) throw new MillError('internal', 'The encoder gave more pictures than it was given.');
    writeFileSync(join(this.#context.folder, image.file), packet.data ?? '');
    image.size_bytes = packet.size;
  };

  #render(frame: Frame, visit: (picture: Frame) => void): void {
    if (!this.#chain || !this.#chainShape || !sameShape(this.#chainShape, frame)) {
      this.#chain?.[Symbol.dispose]();
      this.#chainShape = pictureShape(frame);
      this.#chain = new FilterChain(
        pictureSource(this.#chainShape, { num: 1, den: 1000 }),
        this.#filters(),
        this.#context.threads,
      );
    }
    this.#chain.push(frame, visit);
  }

  #filters(): string[] {
    const { rotation, flipped } = this.#context.video;
    const upright = rotation % 180 === 0;
    const coded = upright ? this.size : { width: this.size.height, height: this.size.width };
    const { pixelFormats, colors } = ENCODERS[this.#shape.format];
    return [
      `scale=${coded.width}:${coded.height}:flags=bicubic+accurate_rnd+full_chroma_int${colors}`,
      'setsar=1',
      ...(flipped ? ['hflip'] : []),
      ...turns(rotation),
      `format=${pixelFormats}`,
    ];
  }

  #open(picture: Frame): Encoder {
    const { format, quality } = this.#shape;
    return openEncoder({
      name: ENCODERS[format].encoder,
      options: encoderOptions(format, quality),
      globalHeader: false,
      configure: (context) => {
        context.width = picture.width;
        context.height = picture.height;
        context.pixelFormat = avGetPixFmtFromName(ENCODERS[format].pixelFormats);
        context.timeBase = new Rational(1, 25);
        context.colorRange = (format === 'jpg' ? 2 : 0) as CodecContext['colorRange'];
        context.threadCount = this.#context.threads;
      },
    });
  }

  [Symbol.dispose](): void {
    this.#chain?.[Symbol.dispose]();
    this.#encoder?.[Symbol.dispose]();
  }
}

export function turns(rotation: number): string[] {
  if (rotation === 90) return ['transpose=clock'];
  if (rotation === 180) return ['hflip', 'vflip'];
  if (rotation === 270) return ['transpose=cclock'];
  return [];
}

/** Quality 1…100 to the scale of each encoder: MJPEG counts 31 (worst) to 2, in qscale steps. */
function encoderOptions(format: ImageFormat, quality: number): Record<string, string | number> {
  if (format === 'jpg') {
    const qscale = Math.round(31 - ((quality - 1) / 99) * 29);
    return { qmin: qscale, qmax: qscale, flags: '+qscale', global_quality: qscale * 118, huffman: 'optimal' };
  }
  if (format === 'webp') return { quality, compression_level: 4 };
  return { compression_level: 6, pred: 'mixed' };
}
