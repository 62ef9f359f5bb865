/** How the pictures of a source become what an encoder takes: size, turn, pixel format, colours. */
import {
  avGetCodecName,
  avGetPixFmtFromName,
  avGetPixFmtName,
  type Codec,
  type CodecContext,
  type Frame,
  Rational,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../../core/errors.ts';
import type { VideoStreamFacts } from '../../core/facts.ts';
import type { VideoTrack } from '../../core/plan.ts';
import type { PixelFormat } from '../device.ts';
import { turns } from '../images.ts';
import { bitDepthOf } from '../names.ts';
import { bestFormat, memoryFormats } from '../upload.ts';
import { type ColorLimits, colorLimits } from './encoder-limits.ts';

interface Size {
  width: number;
  height: number;
}

export interface Rendition {
  /** Size before the picture is turned: that of scaling and of what is drawn over it. */
  laid: Size;
  /** Size as it is encoded. */
  coded: Size;
  pixelFormat: PixelFormat;
  sampleAspect: Rational;
  /** Conversion of matrix or range, as arguments of the `scale` filter; empty when there is none. */
  recolor: string;
  colorSpace: CodecContext['colorSpace'];
  colorRange: CodecContext['colorRange'];
  /** Filters that turn the picture for containers that cannot tell players to. */
  turn: string[];
  warnings: string[];
}

export interface RenditionOf {
  plan: VideoTrack;
  source: Stream;
  video: VideoStreamFacts;
  codec: Codec;
  /** The container tells players how to turn the picture. */
  keepsRotation: boolean;
}

/** Numbers of ITU-T H.273, as FFmpeg has them. */
const RGB_MATRIX = 0;
const BT709 = 1;
const FULL_RANGE = 2;
const SHOWN_IN_420: ReadonlySet<string> = new Set(['h264', 'hevc']);
/** What hardware has instead: the same samples in another order. */
const IN_TWO_PLANES: Record<string, 'nv12' | 'p010le'> = { yuv420p: 'nv12', yuv420p10le: 'p010le' };
const MATRIX_NAMES: Record<number, string> = { [BT709]: 'bt709', 5: 'bt470', 6: 'smpte170m' };

export function renditionOf(
  frame: Frame,
  { plan, source, video, codec, keepsRotation }: RenditionOf,
): Rendition {
  const pixelFormat = choosePixelFormat(plan, codec, frame);
  const wanted = plan.size ?? { width: frame.width, height: frame.height };
  const laid = codableSize(wanted, avGetPixFmtName(pixelFormat));
  const warnings =
    laid.width === wanted.width && laid.height === wanted.height
      ? []
      : [
          `The picture was made ${laid.width}×${laid.height} instead of ${wanted.width}×${wanted.height}: its chroma needs even sizes.`,
        ];
  const turn = keepsRotation ? [] : [...(video.flipped ? ['hflip'] : []), ...turns(video.rotation)];
  const sideways = turn.length > 0 && video.rotation % 180 !== 0;
  const aspect = plan.size ? new Rational(1, 1) : containerAspect(source, frame);
  return {
    laid,
    coded: sideways ? { width: laid.height, height: laid.width } : laid,
    pixelFormat,
    sampleAspect: sideways && aspect.num > 0 ? new Rational(aspect.den, aspect.num) : aspect,
    turn,
    warnings,
    ...colorsOf(frame, pixelFormat, colorLimits(codec.name ?? '')),
  };
}

function choosePixelFormat(plan: VideoTrack, codec: Codec, frame: Frame): PixelFormat {
  const supported = memoryFormats(codec);
  const own = frame.format as PixelFormat;
  const name = plan.pixel_format === 'source' ? playable(own, codec) : plan.pixel_format;
  const wanted = name === null ? own : avGetPixFmtFromName(name);
  if (supported.length === 0 || supported.includes(wanted)) return inRange(wanted, codec);
  const alike = name === null ? undefined : IN_TWO_PLANES[name];
  if (alike && supported.includes(avGetPixFmtFromName(alike))) return avGetPixFmtFromName(alike);
  if (plan.pixel_format !== 'source') {
    const names = supported.map((format) => avGetPixFmtName(format)).join(', ');
    throw new MillError(
      'invalid_params',
      `"pix_fmt": ${codec.name} does not take ${plan.pixel_format}; it takes ${names}.`,
    );
  }
  return inRange(bestFormat(supported, wanted), codec);
}

/** RGB, as of GIF and screen recordings, and grey become 4:2:0 where hardly a player shows them; else null. */
function playable(own: PixelFormat, codec: Codec): 'yuv420p' | 'yuv420p10le' | null {
  const from = avGetPixFmtName(own) ?? '';
  if (!(isRgb(from) || /^(?:gray|ya|mono)/.test(from)) || !SHOWN_IN_420.has(avGetCodecName(codec.id) ?? ''))
    return null;
  return (bitDepthOf(from) ?? 8) > 8 ? 'yuv420p10le' : 'yuv420p';
}

/** Formats called yuvj are the same as yuv, but of full range. */
function inRange(format: PixelFormat, codec: Codec): PixelFormat {
  const name = avGetPixFmtName(format) ?? '';
  const { range } = colorLimits(codec.name ?? '');
  if (range === 'pc' && /^yuv4\d\dp$/.test(name)) return avGetPixFmtFromName(name.replace('yuv', 'yuvj'));
  if (range === 'tv' && name.startsWith('yuvj')) return avGetPixFmtFromName(name.replace('yuvj', 'yuv'));
  return format;
}

/** Colours stay as they are, except where the encoder has no words for them. */
function colorsOf(
  frame: Frame,
  pixelFormat: PixelFormat,
  limits: ColorLimits,
): Pick<Rendition, 'recolor' | 'colorSpace' | 'colorRange'> {
  const from = avGetPixFmtName(frame.format as PixelFormat) ?? '';
  const toRgb = isRgb(avGetPixFmtName(pixelFormat) ?? '');
  const wasFull = frame.colorRange === FULL_RANGE || from.startsWith('yuvj');
  if (toRgb) return { recolor: '', colorSpace: frame.colorSpace, colorRange: frame.colorRange };
  const limited = limits.range === 'tv' || (isRgb(from) && limits.range === null);
  const full = limits.range === 'pc';
  const colorRange = full ? FULL_RANGE : limited && (wasFull || isRgb(from)) ? 1 : frame.colorRange;
  const matrix = limits.matrix ?? (isRgb(from) || frame.colorSpace === RGB_MATRIX ? BT709 : null);
  const changes = matrix !== null && matrix !== frame.colorSpace;
  return {
    recolor: [
      ...(changes ? [`out_color_matrix=${MATRIX_NAMES[matrix]}`] : []),
      ...(full && !wasFull ? ['out_range=pc'] : []),
      ...(limited && (wasFull || isRgb(from)) ? ['out_range=tv'] : []),
    ].join(':'),
    colorSpace: (changes ? matrix : frame.colorSpace) as CodecContext['colorSpace'],
    colorRange: colorRange as CodecContext['colorRange'],
  };
}

function isRgb(pixelFormat: string): boolean {
  return /^(?:gbr|rgb|bgr|argb|abgr|0rgb|0bgr|x2rgb|x2bgr|pal8)/.test(pixelFormat);
}

/** Encoders refuse odd sizes where chroma has half the resolution: 4:2:0 both ways, 4:2:2 across. */
function codableSize(size: Size, pixelFormat: string | null): Size {
  const format = pixelFormat ?? '';
  const both = /420|nv12|nv21|p01[0-6]/.test(format);
  const across = both || /422|nv16|p21[0-6]/.test(format);
  const even = (value: number, needed: boolean) => (needed ? Math.max(2, value - (value % 2)) : value);
  return { width: even(size.width, across), height: even(size.height, both) };
}

function containerAspect({ sampleAspectRatio }: Stream, frame: Frame): Rational {
  return sampleAspectRatio.num > 0 ? sampleAspectRatio : frame.sampleAspectRatio;
}
