/** Numbers with units, three significant digits; sizes are decimal. */

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** As value and unit, for those that are set apart. */
export function sizeParts(bytes: number): [value: string, unit: string] {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit++;
  }
  return [significant(value), SIZES[unit] ?? 'B'];
}

export function size(bytes: number): string {
  return sizeParts(bytes).join(' ');
}

export function significant(value: number): string {
  const amount = Math.abs(value);
  if (amount >= 1000) return grouped(Math.round(value));
  if (amount >= 100 || Number.isInteger(value)) return String(Math.round(value)).replace('-', '−');
  return (amount >= 10 ? value.toFixed(1) : value.toFixed(2)).replace('-', '−');
}

const groups = new Intl.NumberFormat('en-GB');

/** "12,486" */
export function grouped(value: number): string {
  return groups.format(value).replace('-', '−');
}

/** "1.8 Mb/s" */
export function bitRate(bits: number): string {
  if (bits >= 1e6) return `${significant(bits / 1e6)} Mb/s`;
  return bits >= 1000 ? `${significant(bits / 1000)} kb/s` : `${significant(bits)} b/s`;
}

/** "−61.7 %"; null when there is nothing to compare. */
export function change(before: number, after: number): { text: string; smaller: boolean } | null {
  if (!(before > 0) || !(after > 0)) return null;
  const percent = (100 * (after - before)) / before;
  if (Math.abs(percent) > 999) return { text: `${significant(after / before)}×`, smaller: false };
  if (Math.abs(percent) < 0.05) return { text: 'the same', smaller: false };
  return {
    text: `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`,
    smaller: percent < 0,
  };
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
