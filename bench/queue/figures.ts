/** Numbers of several rounds, and what is said of them. */

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Three significant digits at most, with thousands apart. */
export function short(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return '–';
  const text =
    value >= 100
      ? Math.round(value).toLocaleString('en-GB')
      : value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
  return unit ? `${text} ${unit}` : text;
}

export const mib = (bytes: number): string => short(bytes / 1024 / 1024, 'MiB');
