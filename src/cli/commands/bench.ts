import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BenchReport, Comparison, Ratios } from '../../bench/index.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { abortOnSignals } from '../signals.ts';
import { registry } from '../task-commands.ts';
import { programVersion } from '../version.ts';
import { size } from '../wording.ts';

interface Flags {
  only?: string[];
  input?: string;
  seconds: number;
  rounds: number;
  rival?: string;
  list?: boolean;
  json?: boolean;
}

export function addBench(program: Command): void {
  program
    .command('bench')
    .description(
      "Measure each operation against this machine's ffmpeg: time, CPU, memory, in turn, results checked.",
    )
    .addOption(new Option('--only <names...>', 'operations to measure; default all'))
    .option('--input <file>', 'a film to measure with; default one that is made')
    .option('--seconds <n>', 'length of the film that is made', positive, 20)
    .option('--rounds <n>', 'rounds of each operation; medians are shown', positive, 3)
    .option('--rival <ffmpeg>', 'the ffmpeg to measure against; default the one on the PATH')
    .option('--list', 'only name the operations')
    .option('--json', 'print the figures as JSON')
    .action(async (flags: Flags) => {
      const { loadBench } = await import('../../compose.ts');
      const { bench, operationNames } = await loadBench();
      if (flags.list) return printOperations(operationNames(), flags);
      const run = bench({
        ...flags,
        registry: registry(),
        command: [process.execPath, fileURLToPath(new URL('../../../bin/mediamill.mjs', import.meta.url))],
        signal: abortOnSignals(),
        say: (sentence) => note(paint('dim', sentence, process.stderr)),
      });
      const comparisons: Comparison[] = [];
      let step = await run.next();
      for (; !step.done; step = await run.next()) {
        comparisons.push(step.value);
        note(`${step.value.title}: ${figures(step.value.warm)} of the wall, CPU and memory of ffmpeg`);
      }
      if (flags.json) printJson({ ...machine(), ...step.value, operations: comparisons });
      else printComparisons(comparisons, step.value);
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('Give a whole number from 1.');
}

function printOperations(operations: { name: string; title: string; terms: string }[], { json }: Flags) {
  if (json) return printJson({ operations });
  printTable(
    ['NAME', 'WHAT', 'TERMS'],
    operations.map(({ name, title, terms }) => [name, title, terms]),
  );
}

function machine() {
  return { version: programVersion(), cores: availableParallelism(), platform: process.platform };
}

function printComparisons(comparisons: Comparison[], { rival, film_s, rounds }: BenchReport): void {
  print(
    `Media Mill ${programVersion()} over ffmpeg ${rival}: below 1 is less. ${availableParallelism()} cores,`,
  );
  print(`a film of ${film_s.toFixed(1)} s, medians of ${rounds} rounds, ours and theirs in turn.`);
  print();
  printTable(
    ['OPERATION', 'TERMS', 'WARM WALL CPU PEAK', 'COLD WALL CPU PEAK', 'SIZE', 'XPSNR', 'RESULT'],
    comparisons.map((comparison) => [
      comparison.title,
      comparison.terms,
      figures(comparison.warm),
      figures(comparison.cold),
      sizes(comparison),
      xpsnr(comparison),
      comparison.differences.length === 0 ? 'agrees' : comparison.differences.join('; '),
    ]),
  );
}

function figures({ wall, cpu, peak }: Ratios): string {
  return [wall, cpu, peak]
    .map((value) => (value === null ? '  – ' : value.toFixed(2).padStart(4)))
    .join('  ');
}

function sizes({ quality: { ours, rival } }: Comparison): string {
  if (ours.bytes === 0 || rival.bytes === 0) return '–';
  return `${(ours.bytes / rival.bytes).toFixed(2)} (${size(ours.bytes)})`;
}

function xpsnr({ quality: { ours, rival } }: Comparison): string {
  if (ours.xpsnr_db === null || rival.xpsnr_db === null) return '–';
  const apart = ours.xpsnr_db - rival.xpsnr_db;
  return `${apart < 0 ? '−' : '+'}${Math.abs(apart).toFixed(2)} dB`;
}
