/** Growth as lines of a table, one for each operation and length. */

import { describe } from '../machine.ts';
import { commandBlock, type Made, markdownTable } from '../markdown.ts';
import type { Growth } from './index.ts';

export const GROWTH_COLUMNS = [
  'operation',
  'input',
  'wall',
  'wall a minute',
  'CPU a minute',
  'peak',
  'grows',
];

export function growthCells({ name, points, grows }: Growth): string[][] {
  return points.map(({ length_s, wall_s, cpu_s, peak_bytes }, index) => [
    index === 0 ? name : '',
    spoken(length_s),
    milliseconds(wall_s),
    milliseconds((wall_s / length_s) * 60),
    cpu_s === null ? '–' : milliseconds((cpu_s / length_s) * 60),
    peak_bytes === null ? '–' : `${Math.round(peak_bytes / 1024 ** 2)} MiB`,
    index === points.length - 1 ? verdict(grows) : '',
  ]);
}

/** A line for each operation, with what a minute costs at each length. */
export function growthMarkdown(found: readonly Growth[], { command, version, machine }: Made): string {
  const lengths = found[0]?.points.map(({ length_s }) => spoken(length_s)) ?? [];
  const head = ['operation', ...lengths.flatMap((length) => [`${length}: wall a minute`, 'peak']), 'grows'];
  const rows = found.map(({ name, points, grows }) => [
    name,
    ...points.flatMap(({ wall_s, length_s, peak_bytes }) => [
      milliseconds((wall_s / length_s) * 60),
      peak_bytes === null ? '–' : `${Math.round(peak_bytes / 1024 ** 2)} MiB`,
    ]),
    verdict(grows),
  ]);
  return [
    commandBlock(command),
    `Media Mill ${version}. ${describe(machine)}.`,
    markdownTable(head, rows),
  ].join('\n\n');
}

export function verdict(grows: Growth['grows']): string {
  if (grows === null) return '–';
  return grows.length === 0 ? 'no' : grows.join(', ');
}

/** 90 → `90 s`, 600 → `10 min`, 3600 → `1 h`. */
export function spoken(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** Three digits. */
function milliseconds(seconds: number): string {
  const ms = seconds * 1000;
  if (ms >= 9995) return `${seconds.toFixed(seconds < 99.95 ? 1 : 0)} s`;
  return ms >= 999.5 ? `${seconds.toFixed(2)} s` : `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}
