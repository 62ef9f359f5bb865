/** What single encoders and their formats cannot say: fine time bases, frame rates, colours. */
import type { Stream } from 'node-av/lib';
import type { TimeBase } from '../ffmpeg.ts';

/** MPEG-4 part 2 and its kin write the time base in 16 bits. */
const SHORT_TIME_BASE = /^(mpeg4|libxvid|msmpeg4.*|h263p?|flv|wmv[12])$/;
const MAX_SHORT_DENOMINATOR = 65535;

/** ISO 13818-2, table 6-4: MPEG-1 and MPEG-2 know these frame rates and no other timestamps. */
const FIXED_RATE = /^mpeg[12]video$/;
const FIXED_RATES: readonly TimeBase[] = [
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
];

/** Theora numbers its frames; its rate can be any. */
const COUNTED_FRAMES = /^libtheora$/;

export interface Clock {
  timeBase: TimeBase;
  /** Frames a second, for rate control. */
  frameRate: TimeBase;
}

export function clockFor(encoder: string, source: Stream): Clock {
  const frameRate = usableRate([source.avgFrameRate, source.rFrameRate]);
  if (FIXED_RATE.test(encoder)) {
    // The real rate holds all timestamps of a variable one, if any does.
    const wanted = quotient(usableRate([source.rFrameRate, source.avgFrameRate]));
    const away = (rate: TimeBase) => Math.abs(quotient(rate) - wanted);
    const nearest = FIXED_RATES.reduce((best, rate) => (away(rate) < away(best) ? rate : best));
    return { timeBase: { num: nearest.den, den: nearest.num }, frameRate: nearest };
  }
  const { timeBase } = source;
  if (COUNTED_FRAMES.test(encoder))
    return { timeBase: { num: frameRate.den, den: frameRate.num }, frameRate };
  if (!SHORT_TIME_BASE.test(encoder) || timeBase.den <= MAX_SHORT_DENOMINATOR) return { timeBase, frameRate };
  const byFrame = { num: frameRate.den, den: frameRate.num };
  return { timeBase: frameRate.num <= MAX_SHORT_DENOMINATOR ? byFrame : { num: 1, den: 1000 }, frameRate };
}

const quotient = ({ num, den }: TimeBase) => num / den;

/** Sources with nonsense get 25 frames a second. */
function usableRate(rates: readonly TimeBase[]): TimeBase {
  const usable = rates.find((rate) => rate.num > 0 && rate.den > 0 && quotient(rate) <= 1000);
  return usable ?? { num: 25, den: 1 };
}

export interface ColorLimits {
  /** The only matrix that readers take, as a number of ITU-T H.273; null when the stream tells. */
  matrix: number | null;
  range: 'tv' | 'pc' | null;
}

const SMPTE170M = 6;

/** VP8 and JPEG define their colours; MPEG-4 part 2 and older say nothing, and readers assume BT.601. */
export function colorLimits(encoder: string): ColorLimits {
  if (/^mjpeg/.test(encoder)) return { matrix: SMPTE170M, range: 'pc' };
  if (encoder === 'libvpx' || /^vp8_/.test(encoder) || encoder === 'mpeg1video')
    return { matrix: SMPTE170M, range: 'tv' };
  if (SHORT_TIME_BASE.test(encoder)) return { matrix: SMPTE170M, range: 'tv' };
  if (encoder === 'mpeg2video' || /^prores/.test(encoder)) return { matrix: null, range: 'tv' };
  return { matrix: null, range: null };
}
