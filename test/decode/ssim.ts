/** Structural similarity of luma: 8×8 windows every 4 pixels, as FFmpeg's filter and x264 measure it. */
import type { DecodeOptions } from './source.ts';
import { type LiveFrame, videoFrames } from './video.ts';

export interface LumaPlane {
  width: number;
  height: number;
  luma: Uint8Array;
}

const WINDOW = 8;
const STEP = 4;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** 1 for equal pictures. Throws when the sizes differ. */
export function ssim(a: LumaPlane, b: LumaPlane): number {
  if (a.width !== b.width || a.height !== b.height)
    throw new Error(`Sizes differ: ${a.width}x${a.height}, ${b.width}x${b.height}`);
  let [sum, windows] = [0, 0];
  for (let y = 0; y + WINDOW <= a.height; y += STEP) {
    for (let x = 0; x + WINDOW <= a.width; x += STEP) {
      sum += windowSsim(a.luma, b.luma, y * a.width + x, a.width);
      windows++;
    }
  }
  return sum / windows;
}

function windowSsim(a: Uint8Array, b: Uint8Array, start: number, stride: number): number {
  let [sumA, sumB, squares, product] = [0, 0, 0, 0];
  for (let y = 0; y < WINDOW; y++) {
    for (let x = 0; x < WINDOW; x++) {
      const [p, q] = [a[start + y * stride + x] as number, b[start + y * stride + x] as number];
      sumA += p;
      sumB += q;
      squares += p * p + q * q;
      product += p * q;
    }
  }
  const n = WINDOW * WINDOW;
  const [meanA, meanB] = [sumA / n, sumB / n];
  const variances = squares / n - meanA ** 2 - meanB ** 2;
  const covariance = product / n - meanA * meanB;
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (variances + C2))
  );
}

export interface Comparison {
  /** Frames of each file. */
  frames: [number, number];
  mean: number;
  worst: number;
  /** Largest difference of the timestamps of frames with the same number, each counted from the first frame. */
  largest_shift_s: number;
}

/** Compares frame by frame; `reference` is scaled to the size of `other`. */
export async function compareVideos(
  reference: string,
  other: string,
  options: { reference?: DecodeOptions; other?: DecodeOptions } = {},
): Promise<Comparison> {
  const [left, right] = [videoFrames(reference, options.reference), videoFrames(other, options.other)];
  const scores: number[] = [];
  const frames: [number, number] = [0, 0];
  let [shift, starts] = [0, null as [number, number] | null];
  try {
    for (;;) {
      const [a, b] = [await left.next(), await right.next()];
      if (!a.done) frames[0]++;
      if (!b.done) frames[1]++;
      if (a.done && b.done) break;
      if (a.done || b.done) continue;
      starts ??= [a.value.time_s, b.value.time_s];
      shift = Math.max(shift, Math.abs(a.value.time_s - starts[0] - (b.value.time_s - starts[1])));
      scores.push(ssimOfFrames(a.value, b.value));
    }
  } finally {
    await left.return(undefined);
    await right.return(undefined);
  }
  return {
    frames,
    mean: scores.reduce((sum, score) => sum + score, 0) / scores.length,
    worst: Math.min(...scores),
    largest_shift_s: shift,
  };
}

function ssimOfFrames(a: LiveFrame, b: LiveFrame): number {
  const { width, height } = b;
  const same = a.width === width && a.height === height;
  return ssim(
    { width, height, luma: same ? a.luma() : a.luma({ width, height }) },
    { width, height, luma: b.luma() },
  );
}
