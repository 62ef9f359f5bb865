/** What a job will take, from what jobs of its task took on this machine before. Medians: one slow run is no rule. */

export interface PastJob {
  params: Record<string, unknown>;
  /** Seconds of the source; null where unknown, as everywhere here. */
  source_s: number | null;
  /** Pixels of a picture of the source. */
  pixels: number | null;
  input_bytes: number | null;
  output_bytes: number | null;
  took_s: number | null;
  memory_bytes: number | null;
  /** It was done in one pass with others, whose time and memory are in its own. */
  shared?: boolean;
}

export type SourceSize = Pick<PastJob, 'source_s' | 'pixels' | 'input_bytes'>;

export interface Prediction {
  size_bytes: number | null;
  duration_s: number | null;
  memory_bytes: number | null;
  /** Finished jobs that it was learned from. */
  from_runs: number;
}

/** What grows with what: `media` with seconds and pixels, `bytes` with the size of the input, `fixed` with nothing. */
export type Growth = 'media' | 'bytes' | 'fixed';

/** With fewer nothing is said. */
export const ENOUGH = 3;

/** Null with too little history. Jobs with the same params count alone when there are enough of them. */
export function predict(
  past: readonly PastJob[],
  source: SourceSize & { params: Record<string, unknown> },
  growth: { size: Growth; time: Growth },
): Prediction | null {
  const wanted = stable(source.params);
  const alike = past.filter(({ params }) => stable(params) === wanted);
  const used = alike.length >= ENOUGH ? alike : past;
  if (used.length < ENOUGH) return null;
  return {
    size_bytes: whole(grown(used, source, 'output_bytes', growth.size)),
    duration_s: rounded(grown(used, source, 'took_s', growth.time)),
    memory_bytes: whole(grown(used, source, 'memory_bytes', 'fixed')),
    from_runs: used.length,
  };
}

type Measure = (job: SourceSize) => number | null;
const seconds: Measure = ({ source_s }) => source_s || null;
const picture: Measure = ({ source_s, pixels }) => (source_s && pixels ? source_s * pixels : null);
const bytes: Measure = ({ input_bytes }) => input_bytes || null;
const one: Measure = () => 1;

/** Sizes do not follow the pixels of the source: most results have a size of their own. */
const MEASURES: Record<Growth, { time: Measure[]; size: Measure[] }> = {
  media: { time: [picture, seconds, bytes], size: [seconds, bytes] },
  bytes: { time: [bytes], size: [bytes] },
  fixed: { time: [one], size: [one] },
};

/** By the first measure that is known of enough jobs and of the source. */
function grown(
  past: readonly PastJob[],
  source: SourceSize,
  of: 'output_bytes' | 'took_s' | 'memory_bytes',
  growth: Growth,
): number | null {
  const alone = of === 'output_bytes' ? [] : past.filter(({ shared }) => !shared);
  for (const measure of MEASURES[growth][of === 'took_s' ? 'time' : 'size']) {
    const here = measure(source);
    if (here === null) continue;
    const rates = [alone, past].map((jobs) => jobs.flatMap((job) => rateOf(job, measure, of))).find(enough);
    if (rates) return median(rates) * here;
  }
  return null;
}

function rateOf(job: PastJob, measure: Measure, of: 'output_bytes' | 'took_s' | 'memory_bytes'): number[] {
  const amount = measure(job);
  const value = job[of];
  return amount === null || value === null ? [] : [value / amount];
}

function enough(rates: readonly number[]): boolean {
  return rates.length >= ENOUGH;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** The same text for the same params, whatever the order of their keys. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
