/** Does a longer input cost more than its length? */

/** One operation on an input of one length. */
export interface Point {
  length_s: number;
  wall_s: number;
  cpu_s: number | null;
  peak_bytes: number | null;
}

/** What grows faster than the input; memory should not grow at all. */
export type Growing = 'wall' | 'cpu' | 'memory';

/** Times what it was that is no longer noise. */
export const TOLERANCE = 1.3;
/** Below this a job is all start and end: what it costs by the minute says nothing. */
const STEADY_S = 60;
/** Differences of time below this are the machine's. */
const NOTICEABLE_S = 0.25;

/** `points` by rising length. Null: there are not two lengths to compare. */
export function growing(points: readonly Point[]): Growing[] | null {
  const steady = points.filter(({ length_s }) => length_s >= STEADY_S);
  const [first] = steady;
  const last = steady.at(-1);
  if (!first || !last || first === last) return null;
  const found: Growing[] = [];
  if (costGrows(steady, 'wall_s')) found.push('wall');
  if (costGrows(steady, 'cpu_s')) found.push('cpu');
  if (first.peak_bytes !== null && last.peak_bytes !== null)
    if (last.peak_bytes > first.peak_bytes * TOLERANCE) found.push('memory');
  return found;
}

interface Known {
  length_s: number;
  cost: number;
}

/**
 * By the minute of input from the first length to the last, or by each further minute: what a job costs at its start
 * hides growth in the former, and not in the latter.
 */
function costGrows(points: readonly Point[], field: 'wall_s' | 'cpu_s'): boolean {
  const known = points.flatMap(({ length_s, [field]: cost }) => (cost === null ? [] : [{ length_s, cost }]));
  if (known.length < points.length) return false;
  const [first, second] = known as [Known, Known];
  const [before, last] = known.slice(-2) as [Known, Known];
  const exceeds = (rate: number, from: Known) =>
    last.cost - from.cost > rate * TOLERANCE * (last.length_s - from.length_s) + NOTICEABLE_S;
  if (exceeds(first.cost / first.length_s, { length_s: 0, cost: 0 })) return true;
  return before !== first && exceeds(Math.max(0, further(first, second)), before);
}

/** Seconds for each second of input between the two. */
function further(from: Known, to: Known): number {
  return (to.cost - from.cost) / (to.length_s - from.length_s);
}
