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
  /** Compression in front of the gain: what the source measures and the range that is wanted. */
  range: { from: number; to: number; loudness: number } | null;
}

interface Round {
  loudness: Loudness;
  /** This round made the file; else it only measured. */
  file: boolean;
}

/** Trials of the limiter, and files made again, before what there is must do. */
const MAX_TRIALS = 5;
const MAX_FILES = 3;
/** Near enough, in LU; the promise is 0.2. */
const NEAR_LU = 0.05;
/** Room for what `ebur128` and a decoder may see higher than the limiter, in dB. */
const HEADROOM_DB = 0.1;

/** Replays the rounds so far; the first of them measured the source as it is. */
export function refine(
  rounds: readonly Round[],
  target: NormalizationTarget,
): { wanted: 'trial' | 'result' | 'done'; normalization: Normalization } {
  const [source, ...later] = rounds;
  if (!source) throw new TypeError('Nothing has been measured.');
  const { integrated_lufs, true_peak_db, range_lu } = source.loudness;
  if (integrated_lufs === null)
    return {
      wanted: later.length > 0 ? 'done' : 'result',
      normalization: { gain_db: 0, limit_db: null, range: null },
    };
  const wide = target.loudness_range !== null && range_lu !== null && range_lu > target.loudness_range;
  let state: Normalization = {
    gain_db: target.target_lufs - integrated_lufs,
    limit_db: null,
    range: wide ? { from: range_lu, to: target.loudness_range as number, loudness: integrated_lufs } : null,
  };
  // With compression the peak is not known before a trial.
  const peaks = (true_peak_db ?? -120) + state.gain_db > target.true_peak_db - (wide ? HEADROOM_DB : 0);
  if (peaks || wide) state = { ...state, limit_db: target.true_peak_db - HEADROOM_DB };
  let wanted: 'trial' | 'result' | 'done' = state.limit_db === null ? 'result' : 'trial';
  for (const [index, { loudness, file }] of later.entries()) {
    const error = target.target_lufs - (loudness.integrated_lufs ?? target.target_lufs);
    if (!file) {
      const near = Math.abs(error) <= NEAR_LU || index + 1 >= MAX_TRIALS;
      if (!near) state = { ...state, gain_db: state.gain_db + error };
      wanted = near ? 'result' : 'trial';
      continue;
    }
    const over = (loudness.true_peak_db ?? -120) - target.true_peak_db;
    const files = later.slice(0, index + 1).filter((round) => round.file).length;
    if (files >= MAX_FILES || (over <= 0 && Math.abs(error) <= 3 * NEAR_LU)) {
      wanted = 'done';
      continue;
    }
    state = {
      ...state,
      gain_db: state.gain_db + error,
      limit_db: over > 0 ? (state.limit_db ?? target.true_peak_db) - over - HEADROOM_DB : state.limit_db,
    };
    wanted = 'result';
  }
  return { wanted, normalization: state };
}

/** The chain in FFmpeg's syntax; null when nothing is to be done. */
export function loudnessFilter({ gain_db, limit_db, range }: Normalization): string | null {
  const filters: string[] = [];
  if (range) filters.push(compressor(range));
  if (gain_db !== 0) filters.push(`volume=${gain_db.toFixed(4)}dB:precision=double`);
  // A limiter sees samples, not the wave between them: four times as many samples are close to the wave.
  if (limit_db !== null) {
    filters.push(
      'aresample=192000',
      `alimiter=limit=${(10 ** (limit_db / 20)).toFixed(6)}:attack=5:release=50:level=disabled:latency=1`,
    );
  }
  return filters.length > 0 ? filters.join(',') : null;
}

/** Above a threshold between soft and loud, what rises by `from` rises by `to`. */
function compressor({ from, to, loudness }: { from: number; to: number; loudness: number }): string {
  const ratio = Math.min(20, Math.max(1.1, from / to));
  const threshold = Math.max(0.001, Math.min(1, 10 ** ((loudness - from / 2) / 20)));
  return `acompressor=threshold=${threshold.toFixed(6)}:ratio=${ratio.toFixed(3)}:attack=200:release=1000:knee=6`;
}
