/** From what a plan asks for to the timestamps of the frames that answer it. */
import type { FrameChoice } from '../../core/plan.ts';
import type { TimeBase } from '../ffmpeg.ts';
import type { FrameTimes } from './scan.ts';

/** Middles of `count` equal parts: never the very first or last frame, which are often black. */
export function middles(count: number, durationS: number): number[] {
  return Array.from({ length: count }, (_, index) => ((index + 0.5) * durationS) / count);
}

/** Times in seconds carry rounding errors, of the microseconds in which containers tell their start at the most. */
const TOLERANCE_S = 1e-6;

/** The last tick not after a time: what is shown then has begun. */
export function tickAt(timeS: number, base: TimeBase): bigint {
  return BigInt(Math.floor(((timeS + TOLERANCE_S) * base.den) / base.num));
}

/** The last frame not after `at`; the first one when all are after it. `pts` rises. */
export function shownAt(pts: readonly bigint[], at: bigint): number {
  let low = 0;
  let high = pts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pts[middle] as bigint) <= at) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Timestamps to deliver, rising. Repeated where two times show the same frame and the choice allows it. */
export function chooseFrames(
  choice: FrameChoice,
  times: FrameTimes,
  base: TimeBase,
  zeroS: number,
): bigint[] {
  const { pts, keys } = times;
  if (pts.length === 0) return [];
  const at = (time: number) => tickAt(time + zeroS, base);
  switch (choice.kind) {
    case 'at':
      return choice.times_s.map((time) => pts[shownAt(pts, at(time))] as bigint);
    case 'keyframe_before': {
      // The key frame of the first pictures may be hidden by an edit list.
      const from = keys[0] === pts[0] ? keys : [pts[0] as bigint, ...keys];
      return choice.times_s.map((time) => from[shownAt(from, at(time))] as bigint);
    }
    case 'spread':
      return spread(choice.count, times);
    case 'spread_keyframes':
      return keys.length >= choice.count ? nearestKeys(choice.count, times) : spread(choice.count, times);
  }
}

/** Distinct frames nearest to the middles of equal parts; all frames when there are no more than asked for. */
function spread(count: number, { pts, end }: FrameTimes): bigint[] {
  if (pts.length <= count) return [...pts];
  const first = pts[0] as bigint;
  const length = Number(end > first ? end - first : 1n);
  const chosen: number[] = [];
  for (let index = 0; index < count; index++) {
    const middle = first + BigInt(Math.floor(((index + 0.5) * length) / count));
    // Leave enough frames for those still to come, and never take one twice.
    const latest = pts.length - (count - index);
    const earliest = (chosen.at(-1) ?? -1) + 1;
    chosen.push(Math.min(latest, Math.max(earliest, shownAt(pts, middle))));
  }
  return chosen.map((index) => pts[index] as bigint);
}

function nearestKeys(count: number, times: FrameTimes): bigint[] {
  const { keys, end } = times;
  const first = times.pts[0] as bigint;
  const length = Number(end > first ? end - first : 1n);
  const chosen: number[] = [];
  for (let index = 0; index < count; index++) {
    const middle = first + BigInt(Math.floor(((index + 0.5) * length) / count));
    const before = shownAt(keys, middle);
    const after = Math.min(keys.length - 1, before + 1);
    const closer =
      distance(keys[after] as bigint, middle) < distance(keys[before] as bigint, middle) ? after : before;
    const latest = keys.length - (count - index);
    chosen.push(Math.min(latest, Math.max((chosen.at(-1) ?? -1) + 1, closer)));
  }
  return chosen.map((index) => keys[index] as bigint);
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
