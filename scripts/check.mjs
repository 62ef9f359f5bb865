/** `npm run check`: everything about the code that can be known without running it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 500;
/** dependency-cruiser passes when it finds no modules at all; so few would mean that it did not see the code. */
const LEAST_MODULES = 50;
/** Two at a time: most machines that run this have two cores. */
const AT_ONCE = 2;

/** Each answers what is wrong, or nothing, and a word for the summary. */
const CHECKS = {
  types: () => tool('node_modules/typescript/bin/tsc', ['-p', '.']),
  'types of the page': () => tool('node_modules/typescript/bin/tsc', ['-p', 'web', '--noEmit']),
  'format and lint': () => tool('node_modules/@biomejs/biome/bin/biome', ['check', '--colors=off', '.']),
  'who imports whom': imports,
  'generated code': () => tool('scripts/gen.ts', ['--check']),
  'generated pages': () => tool('scripts/gen-docs.ts', ['--check']),
  'length of files': lengths,
  'lock file': lockFile,
};

let failed = 0;
const waiting = Object.entries(CHECKS);
await Promise.all(Array.from({ length: AT_ONCE }, next));
process.exitCode = failed > 0 ? 1 : 0;

async function next() {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const [name, run] = check;
    const started = performance.now();
    const { problems, note = '' } = await run().catch((error) => ({ problems: String(error.stack) }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${problems ? 'FAILED' : 'ok    '}  ${name}${note && `: ${note}`} (${seconds} s)`);
    if (problems) {
      failed += 1;
      console.log(problems.trimEnd().replace(/^/gm, '        '));
    }
  }
}

/** Runs a program of ours or of node_modules under this same Node. */
async function run(file, args) {
  const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((done, fail) => child.on('error', fail).on('close', done)),
  ]);
  return { stdout, stderr, code };
}

async function text(stream) {
  let all = '';
  for await (const part of stream.setEncoding('utf8')) all += part;
  return all;
}

async function tool(file, args) {
  const { stdout, stderr, code } = await run(file, args);
  return { problems: code === 0 ? '' : `${stdout}${stderr}` || `${file} ended with ${code}` };
}

async function imports() {
  const { stdout, stderr } = await run('node_modules/dependency-cruiser/bin/dependency-cruise.mjs', [
    'src',
    '--output-type',
    'json',
  ]);
  if (!stdout.startsWith('{')) return { problems: stderr || stdout || 'dependency-cruiser said nothing' };
  const { summary, modules } = JSON.parse(stdout);
  const ours = modules.filter((module) => module.source.startsWith('src/')).length;
  const problems = summary.violations.map(({ rule, from, to, cycle, via }) => {
    const steps = cycle?.length ? cycle : via?.length ? via : [to];
    return `${rule.name}: ${[from, ...steps.map((step) => step.name ?? step)].join(' → ')}`;
  });
  if (ours < LEAST_MODULES) problems.push(`only ${ours} modules of src were seen`);
  return { problems: problems.join('\n'), note: `${ours} modules` };
}

async function lengths() {
  const { stdout } = await git('ls-files', '--cached', '--others', '--exclude-standard');
  const files = stdout
    .split('\n')
    .filter((file) => /\.(ts|tsx|js|mjs|cjs|css)$/.test(file) && !/\.gen\./.test(file));
  const problems = files.flatMap((file) => {
    const lines = linesOf(file);
    return lines > MAX_LINES ? [`${file} has ${lines} lines; ${MAX_LINES} is the end`] : [];
  });
  if (files.length === 0) problems.push('git lists no files');
  return { problems: problems.join('\n'), note: `${files.length} files` };
}

async function git(...args) {
  const child = spawn('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  return { stdout: await text(child.stdout) };
}

/** 0 for a file that is listed and was just deleted. */
function linesOf(file) {
  try {
    return readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

/** The lock file must be that of package.json, for every platform, and must name no host but npm's own. */
async function lockFile() {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
  const problems = [];
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
      if (!/^\d/.test(version)) problems.push(`package.json: ${name} ${version} is not an exact version`);
      const locked = packages[`node_modules/${name}`]?.version;
      if (locked !== version)
        problems.push(`${name} is ${version} in package.json and ${locked} in the lock file`);
    }
  }
  for (const [path, { resolved }] of Object.entries(packages)) {
    if (resolved?.includes('://') && !resolved.startsWith('https://registry.npmjs.org/')) {
      problems.push(`package-lock.json: ${path} names another host than registry.npmjs.org`);
    }
  }
  return { problems: problems.join('\n'), note: `${Object.keys(packages).length} packages` };
}
