/**
 * `npm run test:faults -- [--full] [TEXT]`: the fault tests alone, and a table of what they have measured.
 * `TEXT` keeps only the tests whose names contain it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Figure } from '../test/faults/figures.ts';

const HELP = `Usage: npm run test:faults -- [--full] [TEXT]

Kills workers, servers and Redis, fills disks and pulls plugs, on both kinds of queue, and prints what it measured.

  --full   the sizes of docs/reliability.md, which take some twenty minutes; without it the small ones of npm test
  TEXT     only tests whose names contain it, such as "show" or "14:"

Redis needs redis-server (apt-get install redis-server). Full disks and power cuts need root or a sudo that asks for
no password: they mount small disks.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help || positionals.length > 1) {
  (values.help ? console.log : console.error)(HELP);
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'mill-figures-'));
const file = join(folder, 'figures.jsonl');
const [text] = positionals;
// One file at a time in full size: what is measured must not wait for other tests.
const args = [
  'run',
  'test/faults',
  ...(values.full ? ['--maxWorkers', '1'] : []),
  ...(text ? ['-t', text] : []),
];
const tests = spawn('vitest', args, {
  stdio: 'inherit',
  env: { ...process.env, TEST_FAULTS: values.full ? 'full' : 'small', TEST_FAULTS_FIGURES: file },
});
tests.once('error', (error) => console.error(`vitest could not be started: ${error.message}`));
tests.once('close', (code) => {
  process.exitCode = code ?? 1;
  if (existsSync(file)) printFigures(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
});

function printFigures(lines: string): void {
  const figures = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Figure);
  const rank = ({ name }: Figure) => (Number.isNaN(Number(name)) ? 0 : Number(name));
  figures.sort((a, b) => rank(a) - rank(b) || a.backend.localeCompare(b.backend));
  console.log('\n| case | queue | measured |\n|---|---|---|');
  for (const { name, backend, facts } of figures) {
    const measured = Object.entries(facts).map(([key, value]) => `${key.replaceAll('_', ' ')} ${value}`);
    console.log(`| ${name} | ${backend} | ${measured.join(' · ')} |`);
  }
}
