import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MillError } from '../../core/errors.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { abortOnSignals } from '../signals.ts';
import { registry } from '../task-commands.ts';
import { programVersion } from '../version.ts';

interface Flags {
  only?: string[];
  input?: string;
  seconds: number;
  rounds: number;
  rival?: string;
  growth?: boolean;
  lengths: number[];
  list?: boolean;
  json?: boolean;
  markdown?: boolean;
}

type Bench = Awaited<ReturnType<Awaited<typeof import('../../compose.ts')>['loadBench']>>;

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
    .option('--growth', 'measure instead whether longer inputs cost more than their length')
    .addOption(
      new Option('--lengths <list>', 'with --growth: lengths of the inputs, in seconds or such as 10m')
        .argParser(lengths)
        .default([10, 60, 600, 3600], '10s,1m,10m,1h'),
    )
    .option('--list', 'only name the operations')
    .addOption(new Option('--json', 'print the figures as JSON').conflicts('markdown'))
    .option('--markdown', 'print the table as Markdown, with the command and the machine')
    .action(async (flags: Flags) => {
      const { loadBench } = await import('../../compose.ts');
      const bench = await loadBench();
      if (flags.list) return printOperations(bench, flags);
      await (flags.growth ? measureGrowth : measureOperations)(bench, flags);
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('Give a whole number from 1.');
}

const UNIT_S: Record<string, number> = { s: 1, m: 60, h: 3600 };
const LONGEST_S = 24 * 3600;

function lengths(text: string): number[] {
  return text.split(',').map((part) => {
    const [, number = '', unit = 's'] = /^(\d+)([smh]?)$/.exec(part.trim()) ?? [];
    const seconds = Number(number) * (UNIT_S[unit || 's'] as number);
    if (seconds >= 1 && seconds <= LONGEST_S) return seconds;
    throw new InvalidArgumentError('Give lengths such as 10s,1m,10m,1h; 24h at most.');
  });
}

function printOperations({ operationNames, subjectNames }: Bench, { json, growth }: Flags) {
  if (growth) {
    const subjects = subjectNames();
    if (json) return printJson({ operations: subjects });
    return printTable(
      ['NAME', 'TASK'],
      subjects.map(({ name, task }) => [name, task]),
    );
  }
  const operations = operationNames();
  if (json) return printJson({ operations });
  printTable(
    ['NAME', 'WHAT', 'TERMS'],
    operations.map(({ name, title, terms }) => [name, title, terms]),
  );
}

async function measureOperations(bench: Bench, flags: Flags) {
  const { json, markdown } = flags;
  const made = provenance(bench);
  const run = bench.bench({
    ...flags,
    registry: registry(),
    command: [process.execPath, fileURLToPath(new URL('../../../bin/mediamill.mjs', import.meta.url))],
    signal: abortOnSignals(),
    say,
  });
  const comparisons = [];
  let step = await run.next();
  for (; !step.done; step = await run.next()) {
    comparisons.push(step.value);
    const ratios = bench.ratioCells(step.value.warm).join('  ');
    note(`${step.value.title}: ${ratios} of the wall, CPU and memory of ffmpeg`);
  }
  if (json) return printJson({ ...made, ...step.value, operations: comparisons });
  if (markdown) return print(bench.comparisonMarkdown(comparisons, step.value, made));
  const { rival, film_s, rounds } = step.value;
  print(
    `Media Mill ${made.version} over ffmpeg ${rival}: below 1 is less. A film of ${film_s.toFixed(1)} s,`,
  );
  print(`medians of ${rounds} rounds, ours and theirs in turn. ${bench.describe(made.machine)}.`);
  print();
  printTable(heads(bench.COLUMNS), comparisons.map(bench.cellsOf));
}

async function measureGrowth(bench: Bench, flags: Flags) {
  if (flags.input !== undefined)
    throw new MillError(
      'invalid_request',
      'Growth is measured with inputs that are made: leave --input out.',
    );
  const { json, markdown } = flags;
  const made = provenance(bench);
  const found = [];
  for await (const one of bench.growth({ ...flags, registry: registry(), signal: abortOnSignals(), say })) {
    found.push(one);
    note(`${one.name}: ${one.points.length} lengths; grows more than its input: ${bench.verdict(one.grows)}`);
  }
  if (json) return printJson({ ...made, operations: found });
  if (markdown) return print(bench.growthMarkdown(found, made));
  print(`Media Mill ${made.version}. ${bench.describe(made.machine)}.`);
  print();
  printTable(heads(bench.GROWTH_COLUMNS), found.flatMap(bench.growthCells));
}

function say(sentence: string): void {
  note(paint('dim', sentence, process.stderr));
}

function heads(columns: readonly string[]): string[] {
  return columns.map((column) => column.toUpperCase());
}

/** How the figures came about; folders of this machine are nobody else's business. */
function provenance({ machine }: Bench) {
  const words = process.argv.slice(process.argv.indexOf('bench') + 1);
  const shown = words
    .filter((word) => word !== '--json' && word !== '--markdown')
    .map((word) => (word.includes('/') ? basename(word) : word));
  const command = ['npm run bench', ...(shown.length > 0 ? ['--', ...shown] : [])].join(' ');
  return { command, version: programVersion(), machine: machine() };
}
