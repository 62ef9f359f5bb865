/**
 * npm run fuzz -- [--minutes N] [--seed N] [--keep FOLDER] FOLDER
 *
 * Flips bits of, cuts and garbles every file of a folder, runs every task on it, and sends every route requests that
 * are nearly right, for so many minutes. Prints figures as JSON; exit 1 when the server ended, answered 500 or let a
 * job run past its deadline. Inputs that ended a job process are kept in --keep.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz/run.ts';

const USAGE = `usage: npm run fuzz -- [--minutes N] [--seed N] [--keep FOLDER] FOLDER

Throws damaged copies of every file of FOLDER at every task, and nearly right requests at every route, of a server
of its own. Prints figures as JSON.

  --minutes N    how long; default 5
  --seed N       the same number damages in the same way; default another each time
  --keep FOLDER  inputs that ended a job process are kept here

Exit codes: 0 the server stood, 1 it ended, answered 500 or let a job run past its deadline, 2 wrong usage.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    keep: { type: 'string' },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const [folder] = positionals;
const minutes = Number(values.minutes);
if (folder === undefined || !(minutes > 0)) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const figures = await fuzz({
  folder,
  durationMs: minutes * 60_000,
  seed: values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed),
  ...(values.keep !== undefined && { keep: values.keep }),
  say: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = figures.server_crashes + figures.server_errors + figures.hangs > 0 ? 1 : 0;
