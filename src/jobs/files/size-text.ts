/** Sizes for sentences that people read. */
import { plural } from '../../core/plural.ts';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** "512 bytes", "1.5 MB". */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return plural(bytes, 'byte');
  return `${value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}
