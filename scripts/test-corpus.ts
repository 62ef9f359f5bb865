/**
 * `npm run test:corpus -- FOLDER [--file TEXT] [--task TEXT] [--full]`: runs the jobs over a folder of media with a
 * MANIFEST.json and checks the truths it states, and what must hold for any media file. `--file` and `--task` keep
 * only what contains the text; `--full` adds the checks that take minutes. Exit code 1 when a check fails.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Caller, createCaller } from '../test/corpus/caller.ts';
import { type Checker, type Row, runCheck } from '../test/corpus/check.ts';
import { invariants, QUALIFIERS, truthCheckers } from '../test/corpus/checkers.ts';
import { type Entry, readManifest } from '../test/corpus/manifest.ts';
import { printTable } from '../test/corpus/table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string' }, task: { type: 'string' }, full: { type: 'boolean', default: false } },
});
const [folder] = positionals;
if (!folder || positionals.length > 1) {
  console.error('Usage: npm run test:corpus -- FOLDER [--file TEXT] [--task TEXT] [--full]');
  process.exit(2);
}

const caller = createCaller();
try {
  const rows = await checkAll(readManifest(folder), caller);
  printTable(rows, console.log);
  const count = (outcome: Row['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  if (count('left out') > 0) console.log(`\n${count('left out')} left out`);
  console.log(`\n${count('passed')} passed, ${count('failed')} failed`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
} finally {
  await caller.close();
}

async function checkAll(entries: Entry[], jobCaller: Caller): Promise<Row[]> {
  const rows: Row[] = [];
  const wanted = ({ task, full }: Checker) =>
    task.includes(values.task ?? '') && (!full || values.full === true);
  for (const entry of entries.filter(({ file }) => file.includes(values.file ?? ''))) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${entry.file}`);
    if (!existsSync(entry.path)) {
      rows.push({ file: entry.file, task: '', check: 'exists', outcome: 'failed', detail: 'no such file' });
      continue;
    }
    const checkers = [...truthCheckers, ...invariants].filter((one) => wanted(one) && one.applies(entry));
    for (const checker of checkers) rows.push(await runCheck(checker, entry, entries, jobCaller));
    rows.push(...unknownTruths(entry));
    jobCaller.forget();
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return rows;
}

/** Truths that no checker knows: to be seen, so that someone writes one. */
function unknownTruths(entry: Entry): Row[] {
  const known = new Set([...truthCheckers.map(({ truth }) => truth), ...QUALIFIERS]);
  return Object.keys(entry.truth)
    .filter((kind) => !known.has(kind))
    .map((kind) => ({
      file: entry.file,
      task: '',
      check: kind,
      outcome: 'left out',
      detail: 'no checker for this truth',
    }));
}
