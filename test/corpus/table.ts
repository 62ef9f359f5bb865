/** Rows as an aligned table for a terminal. */
import type { Row } from './check.ts';

const MARKS = { passed: 'ok', failed: 'FAIL', 'left out': '-' } as const;
const HEAD = ['file', 'task', 'check', '', 'what was found'];

export function printTable(rows: Row[], print: (line: string) => void): void {
  const cells = rows.map(({ file, task, check, outcome, detail }) => [
    file,
    task,
    check,
    MARKS[outcome],
    outcome === 'left out' ? `left out: ${detail}` : detail,
  ]);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] as string).length)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, column) => (column === HEAD.length - 1 ? cell : cell.padEnd(widths[column] as number)))
      .join('  ');
  print(line(HEAD));
  print(
    line(HEAD.map((_, column) => '-'.repeat(column === HEAD.length - 1 ? 14 : (widths[column] as number)))),
  );
  for (const row of cells) print(line(row));
}
