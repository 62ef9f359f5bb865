/**
 * Makes `npm start`, `npm test` and `npm run check` work in a fresh clone: installs the locked dependencies when
 * they are missing or are not the ones of package-lock.json, and builds the page when it is not that of web/. Runs on Node 16 and newer, under whatever Node the
 * system has; the script that follows runs under the Node that was installed, because npm puts
 * node_modules/.bin first on the path.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage, isPageStale } from './build-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEEDED_MAJOR = 24;
/** Another installation of the same folder is waited for this long. */
const WAIT_MS = 10 * 60_000;

const reason = whyStale();
if (reason) process.exitCode = withLock(() => (whyStale() ? install(reason) : 0));
if (!process.exitCode && isPageStale()) {
  process.exitCode = withLock(() => (isPageStale() ? buildPage() : 0));
}

/** Why node_modules must be installed again; null when it matches the lock file. */
function whyStale() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (!wanted) return null;
  if (!installed) return 'first start';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const present = installed[path];
    // An optional package of another platform is not installed, and need not be.
    if (!present && entry.optional) continue;
    if (!present || present.version !== entry.version || present.integrity !== entry.integrity) {
      return 'package-lock.json has changed';
    }
  }
  return hasRuntime() ? null : 'the pinned Node is missing';
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

/** Is there a Node that can run the program: the pinned one, or the system's own when that is new enough? */
function hasRuntime() {
  const bin = join(root, 'node_modules', '.bin');
  return (
    existsSync(join(bin, 'node')) ||
    existsSync(join(bin, 'node.cmd')) ||
    Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR
  );
}

function install(why) {
  process.stderr.write(`mediamill: installing dependencies (${why}; about a minute) …\n`);
  const started = Date.now();
  const npm = npmCommand();
  const result = spawnSync(
    npm.file,
    // FFmpeg's binary and the pinned Node are optional dependencies: they must come whatever npm is set to.
    [
      ...npm.args,
      'ci',
      '--include=optional',
      '--include=dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], shell: npm.shell },
  );
  if (result.status !== 0) {
    process.stderr.write(String(result.stdout ?? ''));
    process.stderr.write(
      'mediamill: the dependencies could not be installed. Check the network, then run `npm ci`.\n',
    );
    return 1;
  }
  if (!hasRuntime()) {
    process.stderr.write(
      `mediamill: npm has no Node ${NEEDED_MAJOR} for ${process.platform} on ${process.arch}; install Node ${NEEDED_MAJOR} or newer.\n`,
    );
    return 1;
  }
  process.stderr.write(
    `mediamill: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
  return 0;
}

/** The npm that runs this script, under the Node that it runs on: the pinned one is about to be replaced. */
function npmCommand() {
  const path = process.env.npm_execpath ?? '';
  if (basename(path) === 'npm-cli.js') {
    return { file: process.env.npm_node_execpath ?? process.execPath, args: [path], shell: false };
  }
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
}

/** `npm start` in two terminals must not install twice into the same folder. */
function withLock(action) {
  const lock = join(
    tmpdir(),
    `mediamill-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`,
  );
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(lock) || Date.now() > deadline) rmSync(lock, { recursive: true, force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function ownerLives(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    // Run by another user, or just made and not yet signed.
    return error.code === 'EPERM' || (error.code === 'ENOENT' && ageMs(lock) < 5000);
  }
}

function ageMs(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? Date.now() - stats.mtimeMs : 0;
}
