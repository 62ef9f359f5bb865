/**
 * `node scripts/build-page.mjs`: builds web/ into web/dist when it is not the one of these sources; takes a few
 * seconds, and a few milliseconds when there is nothing to do. Imported by prepare.mjs, hence the old syntax.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'web');
/** A server that runs meanwhile serves the old page until the new one is complete; another build has its own folder. */
const fresh = join(root, 'node_modules', '.cache', `mediamill-page-${process.pid}`);
/** Holds the hash of what the page was built from; a dot file is not served. */
const stamp = join(web, 'dist', '.built-from');

/** Does web/dist belong to the sources as they are? */
export function isPageStale() {
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== sourceHash();
}

/** Answers an exit code. */
export function buildPage() {
  const hash = sourceHash();
  const started = Date.now();
  const node = ['node', 'node.exe'].map((name) => join(root, 'node_modules', '.bin', name)).find(existsSync);
  const built = spawnSync(
    node ?? process.execPath,
    [
      join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      'web',
      '--outDir',
      fresh,
      '--emptyOutDir',
      '--logLevel',
      'warn',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  if (built.status !== 0) {
    process.stderr.write(
      `${built.stdout || ''}${built.stderr || ''}\nmediamill: the page could not be built\n`,
    );
    return 1;
  }
  writeFileSync(join(fresh, '.built-from'), hash);
  const old = `${fresh}-old`;
  rmSync(old, { recursive: true, force: true });
  for (let tries = 1; ; tries++) {
    try {
      if (existsSync(join(web, 'dist'))) renameSync(join(web, 'dist'), old);
      renameSync(fresh, join(web, 'dist'));
      break;
    } catch (error) {
      // Another build was faster by a moment; the last one wins.
      if (tries === 3) throw error;
    }
    rmSync(old, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
  process.stderr.write(`mediamill: page built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return 0;
}

/** Of everything in web/ and of the versions of what it is built with. */
function sourceHash() {
  const hash = createHash('sha256');
  for (const file of filesBelow(web, ''))
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(web, file)))
      .update('\0');
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return hash.update(JSON.stringify([dependencies, devDependencies])).digest('hex');
}

function filesBelow(folder, prefix) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return name === 'dist' ? [] : filesBelow(join(folder, entry.name), `${name}/`);
    return [name];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = isPageStale() ? buildPage() : 0;
