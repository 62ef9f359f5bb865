/**
 * `node scripts/build.mjs [FOLDER] [--unchecked]`: compiles src into dist, or into another folder, and builds the
 * page into web/dist: what is published. Unchecked where the types were checked already.
 * TypeScript 6.0 leaves the extension of `import('./x.ts')` as it is in functions that have a `using`
 * declaration; this finishes its work.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPage, isPageStale } from './build-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { unchecked: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const target = resolve(positionals[0] ?? join(root, 'dist'));

rmSync(target, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/typescript/bin/tsc',
    ...['-p', 'tsconfig.build.json', '--outDir', target],
    ...(values.unchecked ? ['--noCheck'] : []),
  ],
  { cwd: root, stdio: 'inherit' },
);
if (status !== 0) process.exit(1);
if (isPageStale() && buildPage() !== 0) process.exit(1);

for (const name of readdirSync(target, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js')) continue;
  const file = join(target, name);
  const text = readFileSync(file, 'utf8');
  const finished = text.replace(/(\bimport\(['"]\.[^'"\n]*)\.ts(['"]\))/g, '$1.js$2');
  if (finished !== text) writeFileSync(file, finished);
}
