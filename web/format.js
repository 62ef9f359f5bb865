/** Numbers with units, three significant digits; sizes are decimal. */

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** @param {number} bytes */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${significant(value)} ${SIZES[unit]}`;
}

/** @param {number} value */
export function significant(value) {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** "47 s", "3 min", "2 h", "5 d" @param {number} seconds */
export function span(seconds) {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 100) return `${rounded} s`;
  if (rounded < 100 * 60) return `${Math.round(rounded / 60)} min`;
  if (rounded < 48 * 3600) return `${Math.round(rounded / 3600)} h`;
  return `${Math.round(rounded / 86400)} d`;
}

/** @param {string} time */
export function age(time) {
  return span((Date.now() - Date.parse(time)) / 1000);
}

/** @param {string | Date} time */
export function exact(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** @param {number | Date} time */
export function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, { timeStyle: 'medium' });
}

/** "412 MB → 158 MB −61.7 %"; null when there is nothing to compare. @param {{input_size_bytes: number, output_size_bytes: number}} metrics */
export function sizeChange({ input_size_bytes: before, output_size_bytes: after }) {
  if (!(before > 0) || !(after > 0)) return null;
  const percent = (100 * (after - before)) / before;
  const sign = percent < 0 ? '−' : '+';
  const change =
    Math.abs(percent) > 999
      ? `${significant(after / before)}×`
      : `${sign}${significant(Math.abs(percent))} %`;
  return { sizes: `${size(before)} → ${size(after)}`, change, smaller: percent < 0 };
}

/** @param {string | null | undefined} path */
export function fileName(path) {
  return path?.split('/').pop() ?? '';
}
