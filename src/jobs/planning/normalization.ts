/**
 * Finds the filters that bring a sound to a loudness. One gain is enough where the peaks stay under the limit.
 * Where they do not, a limiter takes them down, which also takes loudness: the gain is raised until a trial
 * measures right. Lossy encoders overshoot: when the finished file peaks too high, it is made again with a
 * lower limit.
 */
import type { Loudness } from '../../core/plan.ts';

export interface NormalizationTarget {
  target_lufs: number;
  true_peak_db: number;
  /** LU; null leaves the range alone. */
  loudness_range: number | null;
}

export interface Normalization {
  gain_db: number;
  /** True-peak limiter behind the gain; null for none. */
  limit_db: number | null;
  /** Compression in front of the gain; null for none. */
  range: Compression | null;
}

interface Compression {
  /** Brings the source to the loudness that the threshold is meant for. */
  gain_db: number;
  loudness: number;
  /** LU of the source, and what they are pressed to. */
  from: number;
  to: number;
}

interface Round {
  loudness: Loudness;
  /** This round made the file; else it only measured. */
  file: boolean;
}

type Wanted = 'trial' | 'result' | 'done';

/** Trials of the limiter, and files made again, before what there is must do. */
const MAX_TRIALS = 8;
const MAX_FILES = 6;
/** Near enough, in LU; the promise is 0.2, and a file comes a little different from its trial. */
const NEAR_LU = 0.05;
const NEAR_FILE_LU = 0.15;
/** Near enough for the range, whose measure is coarse, in LU. */
const NEAR_RANGE_LU = 0.3;
/** Room for what `ebur128` and a decoder may see higher than the limiter, in dB. */
const HEADROOM_DB = 0.1;
/** Passages that are softer than the rest by 20 LU do not count for the range (EBU Tech 3342); a little more. */
const COUNTED_LU = 25;
/** When a raise leaves this share of what is missing, the limiter has eaten it: more would only distort. */
const EATEN = 0.7;

/** Replays the rounds so far; the first of them measured the source as it is. */
export function refine(
  rounds: readonly Round[],
  target: NormalizationTarget,
): { wanted: Wanted; normalization: Normalization } {
  const [source, ...later] = rounds;
  if (!source) throw new TypeError('Nothing has been measured.');
  const search = new Search(source.loudness, target);
  for (const round of later) search.next(round);
  return { wanted: search.wanted, normalization: search.state };
}

class Search {
  state: Normalization;
  wanted: Wanted;
  readonly #target: NormalizationTarget;
  readonly #measurable: boolean;
  #trials = 0;
  #files = 0;
  /** What was missing of the loudness before; null before the first trial. */
  #missing: number | null = null;
  /** The loudness cannot be had under this limit. */
  #eaten = false;

  constructor(source: Loudness, target: NormalizationTarget) {
    const { integrated_lufs, true_peak_db, range_lu } = source;
    const peak = true_peak_db ?? Number.NEGATIVE_INFINITY;
    this.#target = target;
    this.#measurable = integrated_lufs !== null;
    const gain =
      integrated_lufs === null
        ? Math.min(0, target.true_peak_db - HEADROOM_DB - peak)
        : target.target_lufs - integrated_lufs;
    const wide =
      integrated_lufs !== null &&
      target.loudness_range !== null &&
      range_lu !== null &&
      range_lu > target.loudness_range;
    const limit = target.true_peak_db - HEADROOM_DB;
    this.state = wide
      ? {
          gain_db: 0,
          limit_db: limit,
          range: {
            gain_db: gain,
            loudness: target.target_lufs,
            from: range_lu,
            to: target.loudness_range as number,
          },
        }
      : { gain_db: gain, limit_db: peak + gain > target.true_peak_db ? limit : null, range: null };
    this.wanted = this.state.limit_db === null ? 'result' : 'trial';
  }

  next({ loudness, file }: Round): void {
    const missing = this.#measurable
      ? this.#target.target_lufs - (loudness.integrated_lufs ?? this.#target.target_lufs)
      : 0;
    if (file) this.#judgeFile(loudness, missing);
    else this.#judgeTrial(loudness, missing);
    this.#missing = missing;
  }

  #judgeTrial(loudness: Loudness, missing: number): void {
    this.#trials++;
    const tooWide = this.#tooWide(loudness);
    this.#eaten = missing > NEAR_LU && this.#missing !== null && missing > EATEN * this.#missing && !tooWide;
    const near = Math.abs(missing) <= NEAR_LU && !tooWide;
    if (near || this.#eaten || this.#trials >= MAX_TRIALS) {
      this.wanted = 'result';
      return;
    }
    if (tooWide) this.#press(loudness);
    this.state = { ...this.state, gain_db: this.state.gain_db + missing };
    this.wanted = 'trial';
  }

  #judgeFile(loudness: Loudness, missing: number): void {
    this.#files++;
    const over = (loudness.true_peak_db ?? Number.NEGATIVE_INFINITY) - this.#target.true_peak_db;
    const loud = this.#eaten || Math.abs(missing) <= NEAR_FILE_LU;
    const late = this.#files > MAX_FILES - 3;
    if (this.#files >= MAX_FILES || (over <= 0 && (loud || late))) {
      this.wanted = 'done';
      return;
    }
    this.wanted = 'result';
    const { gain_db, limit_db } = this.state;
    if (late) {
      // Peaks come first: everything is turned down, which a codec cannot make up for.
      const down = 1.5 * over + HEADROOM_DB;
      this.state = { ...this.state, gain_db: gain_db - down, limit_db: limit_db && lowest(limit_db - down) };
      return;
    }
    const room = limit_db !== null && missing > NEAR_FILE_LU && over < -2 * HEADROOM_DB;
    const limit = (limit_db ?? this.#target.true_peak_db) - over - HEADROOM_DB;
    this.state = {
      ...this.state,
      gain_db: gain_db + (this.#eaten ? 0 : missing),
      limit_db: over > 0 || room ? lowest(limit) : limit_db,
    };
  }

  #tooWide({ range_lu }: Loudness): boolean {
    const wanted = this.#target.loudness_range;
    return this.state.range !== null && wanted !== null && (range_lu ?? 0) > wanted + NEAR_RANGE_LU;
  }

  #press({ range_lu }: Loudness): void {
    const { range } = this.state;
    if (!range || range_lu === null) return;
    const share = (this.#target.loudness_range as number) / range_lu;
    this.state = { ...this.state, range: { ...range, to: range.to * share } };
  }
}

/** What `alimiter` takes. */
function lowest(limitDb: number): number {
  return Math.min(0, Math.max(-24, limitDb));
}

/** The chain in FFmpeg's syntax; null when nothing is to be done. */
export function loudnessFilter({ gain_db, limit_db, range }: Normalization): string | null {
  const filters: string[] = [];
  if (range) filters.push(...gainFilter(range.gain_db), compressor(range));
  filters.push(...gainFilter(gain_db));
  // A limiter sees samples, not the wave between them: four times as many samples are close to the wave.
  if (limit_db !== null) {
    filters.push(
      'aresample=192000',
      `alimiter=limit=${(10 ** (limit_db / 20)).toFixed(6)}:attack=5:release=50:level=disabled:latency=1`,
    );
  }
  return filters.length > 0 ? filters.join(',') : null;
}

function gainFilter(gainDb: number): string[] {
  return gainDb === 0 ? [] : [`volume=${gainDb.toFixed(4)}dB:precision=double`];
}

/** From the softest passages that count up, what rises by `from` rises by `to`. */
function compressor({ from, to, loudness }: Compression): string {
  const ratio = Math.min(20, Math.max(1.1, from / to));
  const threshold = Math.max(0.001, Math.min(1, 10 ** ((loudness - COUNTED_LU) / 20)));
  return `acompressor=threshold=${threshold.toFixed(6)}:ratio=${ratio.toFixed(3)}:attack=200:release=1000:knee=6`;
}
