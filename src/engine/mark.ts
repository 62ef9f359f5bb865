/** A watermark: an image with or without alpha, drawn over a video where a display shows it. */
import type { Frame } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { mainVideo, type SourceFacts, type VideoStreamFacts } from '../core/facts.ts';
import type { Overlay } from '../core/plan.ts';
import { type FilterChain, pictureShape, pictureSource } from './filter.ts';
import { turns } from './images.ts';

interface Size {
  width: number;
  height: number;
}

/** The picture that is drawn on, before a display turns it. */
export interface Canvas extends Size {
  /** FFmpeg's name. */
  pixelFormat: string;
  /** Numbers of ITU-T H.273 and of FFmpeg. */
  colorSpace: number;
  colorRange: number;
}

/** Times in seconds are not exact; the frame shown at the start has the mark, the one shown at the end has not. */
const TOLERANCE_S = 1e-6;

export class Mark implements Disposable {
  readonly #plan: Overlay;
  readonly #image: Frame;
  readonly #video: VideoStreamFacts;
  /** Seconds on the container's timeline that are 0:00. */
  readonly #zero: number;

  constructor(plan: Overlay, image: Frame, facts: SourceFacts) {
    const video = mainVideo(facts);
    if (!video) throw new MillError('no_video_stream');
    this.#plan = plan;
    this.#image = image;
    this.#video = video;
    this.#zero = facts.format.zero_s;
  }

  /** `side` is the image's own branch, `join` draws it over the branch labelled `main`. */
  filters(canvas: Canvas): { side: string; join: string } {
    const { opacity, start_s, end_s } = this.#plan;
    const back = (360 - this.#video.rotation) % 360;
    const place = this.#place(canvas);
    const format = overlayFormat(canvas.pixelFormat);
    const side = [
      pictureSource(pictureShape(this.#image), { num: 1, den: 25 }).replace('=', '@mark='),
      `scale=${place.image.width}:${place.image.height}:flags=bicubic`,
      'format=rgba',
      ...(opacity < 1 ? [`colorchannelmixer=aa=${opacity}`] : []),
      // The display turns and mirrors the whole picture: the image is turned the other way first.
      ...turns(back),
      ...(this.#video.flipped ? ['hflip'] : []),
      ...paint(format, canvas),
    ].join(',');
    const from = this.#zero + start_s - TOLERANCE_S;
    const until = end_s === null ? '' : `*lt(t,${this.#zero + end_s - TOLERANCE_S})`;
    const enable = start_s > 0 || end_s !== null ? `:enable='gte(t,${from})${until}'` : '';
    return {
      side: `${side}[mark]`,
      join: `[main][mark]overlay=x=${place.x}:y=${place.y}:format=${format}${enable}`,
    };
  }

  feed(chain: FilterChain): void {
    chain.feed('buffer@mark', this.#image);
  }

  /** Where the image goes: its size before it is turned, its corner in coded pixels. */
  #place(coded: Size): { image: Size; x: number; y: number } {
    const { rotation, flipped, sample_aspect_ratio } = this.#video;
    const turned = rotation % 180 !== 0;
    const seen = turned ? { width: coded.height, height: coded.width } : coded;
    // Coded pixels that are not square: a display pixel is narrower than 1 along the coded x axis.
    const narrow = 1 / (sample_aspect_ratio.value ?? 1);
    const across = turned ? 1 : narrow;
    const down = turned ? narrow : 1;
    const display = { width: seen.width / across, height: seen.height / down };
    const wanted = this.#imageSize(display);
    const at = corner(this.#plan, display, wanted);
    const image = {
      width: Math.max(1, Math.round(wanted.width * across)),
      height: Math.max(1, Math.round(wanted.height * down)),
    };
    const left = Math.round(at.x * across);
    const y = Math.round(at.y * down);
    const x = flipped ? seen.width - left - image.width : left;
    // From the seen picture back to the coded one.
    if (rotation === 90) return { image, x: y, y: seen.width - x - image.width };
    if (rotation === 270) return { image, x: seen.height - y - image.height, y: x };
    if (rotation === 180)
      return { image, x: seen.width - x - image.width, y: seen.height - y - image.height };
    return { image, x, y };
  }

  #imageSize(seen: Size): Size {
    const { width, height } = this.#image;
    const { scale } = this.#plan;
    if (scale === null && width <= seen.width && height <= seen.height) return { width, height };
    const wanted =
      scale === null ? Math.min(1, seen.width / width, seen.height / height) : (seen.width * scale) / width;
    return {
      width: Math.max(1, Math.round(width * wanted)),
      height: Math.max(1, Math.round(height * wanted)),
    };
  }

  [Symbol.dispose](): void {
    this.#image.free();
  }
}

/** What the `overlay` filter can draw on without changing the rest of the picture. */
function overlayFormat(pixelFormat: string): string {
  if (pixelFormat === 'nv12') return 'yuv420';
  if (pixelFormat === 'p010le') return 'yuv420p10';
  const [, chroma] = /^yuv[aj]?(420|422|444)p/.exec(pixelFormat) ?? [];
  const deep = /p(?:9|1[0-6])(?:le|be)$/.test(pixelFormat);
  if (chroma !== undefined) return `yuv${chroma}${deep ? 'p10' : ''}`;
  if (/^gbra?p$/.test(pixelFormat)) return 'gbrp';
  return /^(?:rgb|bgr|argb|abgr|0rgb|0bgr)/.test(pixelFormat) ? 'rgb' : 'yuv444';
}

const MATRIX_NAMES: Record<number, string> = {
  1: 'bt709',
  4: 'fcc',
  5: 'bt470bg',
  6: 'smpte170m',
  7: 'smpte240m',
  9: 'bt2020nc',
  10: 'bt2020c',
};
const RANGE_NAMES: Record<number, string> = { 1: 'tv', 2: 'pc' };
/** Pictures of this height and more that say nothing are taken for BT.709, smaller ones for BT.601. */
const HD_HEIGHT = 720;

/**
 * Filters that give the image the colours of the picture. Left to itself, FFmpeg agrees on colours for both and
 * converts the picture.
 */
function paint(format: string, { height, pixelFormat, colorSpace, colorRange }: Canvas): string[] {
  if (!format.startsWith('yuv')) return [];
  const matrix = MATRIX_NAMES[colorSpace] ?? (height >= HD_HEIGHT ? 'bt709' : 'smpte170m');
  const full = colorRange === 2 || pixelFormat.startsWith('yuvj');
  const said = `colorspace=${MATRIX_NAMES[colorSpace] ?? 'unknown'}:range=${full ? 'pc' : (RANGE_NAMES[colorRange] ?? 'unknown')}`;
  const alpha = format.replace('yuv', 'yuva').replace(/(\d{3})$/, '$1p');
  return [
    `scale=out_color_matrix=${matrix}:out_range=${full ? 'pc' : 'tv'}`,
    `format=${alpha.endsWith('p10') ? `${alpha}le` : alpha}`,
    `setparams=${said}`,
  ];
}

function corner({ position, margin }: Overlay, picture: Size, image: Size): { x: number; y: number } {
  const left = position.endsWith('left')
    ? margin
    : position.endsWith('right')
      ? picture.width - image.width - margin
      : (picture.width - image.width) / 2;
  const top = position.startsWith('top')
    ? margin
    : position.startsWith('bottom')
      ? picture.height - image.height - margin
      : (picture.height - image.height) / 2;
  return { x: left, y: top };
}
