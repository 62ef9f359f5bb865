/** Reports as Markdown, with what it takes to take them again. */
import { COLUMNS, cellsOf } from './cells.ts';
import type { Comparison } from './compare.ts';
import { describe, type Machine } from './machine.ts';

export interface Made {
  /** What was typed. */
  command: string;
  /** Of Media Mill. */
  version: string;
  machine: Machine;
}

export interface Run {
  rival: string;
  film_s: number;
  rounds: number;
}

export function comparisonMarkdown(comparisons: readonly Comparison[], run: Run, made: Made): string {
  const { rival, film_s, rounds } = run;
  return [
    commandBlock(made.command),
    `Media Mill ${made.version} over ffmpeg ${rival}: below 1 is less. A film of ${film_s.toFixed(1)} s, medians of ${rounds} rounds. ${describe(made.machine)}.`,
    markdownTable(COLUMNS, comparisons.map(cellsOf), 2),
  ].join('\n\n');
}

export function commandBlock(command: string): string {
  return ['```sh', command, '```'].join('\n');
}

/** The first `words` columns hold words and are set left, the others figures. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  words = 1,
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = head.map((_, column) => (column < words ? '---' : '---:'));
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
