/** What a fault test has measured, for the table that `npm run test:faults` prints at its end. */
import { appendFileSync } from 'node:fs';

export type Facts = Record<string, number | string>;

export interface Figure {
  /** Number of the case, or a word. */
  name: string;
  backend: string;
  facts: Facts;
}

/** One JSON line in the file that the script names; nothing without one. */
export function figure(name: string, backend: string, facts: Facts): void {
  const file = process.env.TEST_FAULTS_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify({ name, backend, facts } satisfies Figure)}\n`);
}

/** Middle and worst of some durations, whole milliseconds. */
export function spread(milliseconds: readonly number[]): { median_ms: number; max_ms: number } {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return {
    median_ms: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    max_ms: Math.round(sorted.at(-1) ?? 0),
  };
}
