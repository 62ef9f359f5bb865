/** Comparisons as lines of a table. */
import type { Comparison, Ratios } from './compare.ts';

export const COLUMNS = [
  'operation',
  'terms',
  'warm wall',
  'cpu',
  'peak',
  'cold wall',
  'cpu',
  'peak',
  'size',
  'XPSNR',
  'result',
] as const;

export function cellsOf(comparison: Comparison): string[] {
  return [
    comparison.title,
    comparison.terms,
    ...ratioCells(comparison.warm),
    ...ratioCells(comparison.cold),
    size(comparison),
    xpsnr(comparison),
    comparison.differences.length === 0 ? 'agrees' : comparison.differences.join('; '),
  ];
}

/** Wall, CPU and peak. */
export function ratioCells({ wall, cpu, peak }: Ratios): string[] {
  return [wall, cpu, peak].map((value) => (value === null ? UNKNOWN : value.toFixed(2)));
}

const UNKNOWN = '–';

/** Reports are not told by their size: each side writes its own. */
function size({ results: [{ output, ours, rival }] }: Comparison): string {
  if (!rival || rival.bytes === 0 || output.endsWith('.json')) return UNKNOWN;
  return (ours.bytes / rival.bytes).toFixed(2);
}

function xpsnr({ results: [{ ours, rival }] }: Comparison): string {
  if (ours.xpsnr_db === null || rival === null || rival.xpsnr_db === null) return UNKNOWN;
  const apart = ours.xpsnr_db - rival.xpsnr_db;
  return `${apart < 0 ? '−' : '+'}${Math.abs(apart).toFixed(2)} dB`;
}
