/** The scripts that run before there is anything else. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function node(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((done) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scripts-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

describe('prepare', () => {
  const WANTED = {
    '': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b-other-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  };

  /** An npm that writes down how it was called, and installs what the lock file says. */
  const NPM = `
    const { existsSync, mkdirSync, copyFileSync, symlinkSync, writeFileSync, appendFileSync } = require('node:fs');
    appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
    if (process.env.NPM_FAILS) { console.log('npm says why'); process.exit(1); }
    mkdirSync('node_modules/.bin', { recursive: true });
    mkdirSync('node_modules/vite/bin', { recursive: true });
    writeFileSync('node_modules/vite/bin/vite.js', process.env.VITE);
    copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
    if (!existsSync('node_modules/.bin/node')) symlinkSync(process.execPath, 'node_modules/.bin/node');`;

  /** A Vite that counts how often it was called, and makes an empty page. */
  const VITE = `
    const { appendFileSync, mkdirSync } = require('node:fs');
    appendFileSync('builds', '1');
    mkdirSync(process.argv[process.argv.indexOf('--outDir') + 1], { recursive: true });`;

  beforeEach(() => {
    mkdirSync(join(root, 'scripts'));
    for (const name of ['prepare.mjs', 'build-page.mjs'])
      cpSync(join('scripts', name), join(root, 'scripts', name));
    mkdirSync(join(root, 'web'));
    writeFileSync(join(root, 'web/index.html'), '<title>page</title>');
    writeFileSync(join(root, 'package.json'), '{}');
    writeLock('package-lock.json', WANTED);
    writeFileSync(join(root, 'npm-cli.js'), NPM);
    chmodSync(join(root, 'npm-cli.js'), 0o755);
  });

  function writeLock(file: string, packages: object): void {
    writeFileSync(join(root, file), JSON.stringify({ packages }));
  }
  function prepare(env: Record<string, string> = {}): Promise<Outcome> {
    return node([join(root, 'scripts/prepare.mjs')], {
      npm_execpath: join(root, 'npm-cli.js'),
      npm_node_execpath: process.execPath,
      VITE,
      ...env,
    });
  }
  const calls = () =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [];

  test('installs in a fresh clone, optional packages included, builds the page, and says so in three lines', async () => {
    const { code, stdout, stderr } = await prepare();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(
      /^mediamill: installing .*first start.*\nmediamill: dependencies installed in \d+ s\nmediamill: page built in [\d.]+ s\n$/,
    );
    expect(calls()).toEqual([expect.stringMatching(/^ci .*--include=optional/)]);
    expect(calls()[0]).not.toContain('omit');
  });

  test('does nothing, and says nothing, the second time', async () => {
    await prepare();
    expect(await prepare()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(calls()).toHaveLength(1);
  });

  test.each([
    ['a version', { ...WANTED, 'node_modules/a': { version: '2.0.0', integrity: 'sha512-a' } }],
    ['a content', { ...WANTED, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
    ['a package', { ...WANTED, 'node_modules/c': { version: '1.0.0' } }],
  ])('installs again when %s has changed', async (_, packages) => {
    await prepare();
    writeLock('package-lock.json', packages);
    expect((await prepare()).stderr).toContain('package-lock.json has changed');
    expect(calls()).toHaveLength(2);
  });

  test('builds the page again when something in web/ has changed, and only then', async () => {
    const builds = () => readFileSync(join(root, 'builds'), 'utf8').length;
    await prepare();
    await prepare();
    expect(builds()).toBe(1);
    writeFileSync(join(root, 'web/index.html'), '<title>another</title>');
    expect((await prepare()).stderr).toMatch(/^mediamill: page built in [\d.]+ s\n$/);
    expect(builds()).toBe(2);
  });

  test('an optional package of another platform may be missing', async () => {
    await prepare();
    const { 'node_modules/b-other-platform': _, ...installed } = WANTED;
    writeLock('node_modules/.package-lock.json', installed);
    await prepare();
    expect(calls()).toHaveLength(1);
  });

  test('what npm says about a failure is passed on', async () => {
    const { code, stderr } = await prepare({ NPM_FAILS: '1' });
    expect(code).toBe(1);
    expect(stderr).toContain('npm says why');
    expect(stderr).toContain('could not be installed');
  });

  test('two at once install once', async () => {
    const outcomes = await Promise.all([prepare(), prepare()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(calls()).toHaveLength(1);
  });
});

describe('the rules of who imports whom', () => {
  /** What a tree of these files breaks: the rule and the file that breaks it. */
  async function broken(files: Record<string, string>): Promise<string[]> {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(file, join(root, file));
    const cruiser = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const { stdout } = await new Promise<Outcome>((done) => {
      execFile(
        process.execPath,
        [cruiser, 'src', '--output-type', 'json'],
        { cwd: root },
        (error, out, err) => done({ code: error ? 1 : 0, stdout: out, stderr: err }),
      );
    });
    const { summary } = JSON.parse(stdout) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    return [...new Set(summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`))].sort();
  }

  const ENGINE = {
    'src/engine/index.ts': "import { probe } from './probe.ts';\nexport { probe };\n",
    'src/engine/probe.ts': "import { Demuxer } from 'node-av/lib';\nexport const probe = Demuxer;\n",
    'src/runner/child-thread.ts': "import { probe } from '../engine/index.ts';\nprobe;\n",
  };

  // In one tree, as a look at it takes a second: what is wrong with one file is no matter to the others.
  test('each break is refused by the rule that is about it, and the engine behind the job process is fine', async () => {
    const files = {
      ...ENGINE,
      // A parent that reaches FFmpeg over three steps.
      'src/compose.ts': "import { run } from './runner/run-once.ts';\nrun;\n",
      'src/runner/run-once.ts': "import { order } from './order.ts';\nexport const run = order;\n",
      'src/runner/order.ts': "import { probe } from '../engine/index.ts';\nexport const order = probe;\n",
      // A parent that imports the entry of the job process.
      'src/runner/worker.ts': "import './child-thread.ts';\n",
      // FFmpeg outside of the engine.
      'src/runner/other.ts': "import 'node-av/lib';\n",
      // A job that knows the queue.
      'src/jobs/a.ts': "import '../queue/port.ts';\n",
      'src/queue/port.ts': 'export type T = 1;\n',
      // A type in the wrong layer.
      'src/core/type.ts': "import type { T } from '../queue/port.ts';\nexport type U = T;\n",
      // A cycle.
      'src/core/a.ts': "import './b.ts';\n",
      'src/core/b.ts': "import './a.ts';\n",
      // A module that is not there.
      'src/core/lost.ts': "import './nowhere.ts';\n",
      // A development tool in the program.
      'src/core/tool.ts': "import 'vitest';\n",
    };
    expect(await broken(files)).toEqual([
      'src/compose.ts: parents-never-reach-ffmpeg',
      'src/core/a.ts: no-cycles',
      'src/core/lost.ts: no-missing-modules',
      'src/core/tool.ts: no-dev-dependencies-in-src',
      'src/core/type.ts: core-imports',
      'src/jobs/a.ts: jobs-imports',
      'src/runner/order.ts: engine-only-from-the-job-process',
      'src/runner/other.ts: ffmpeg-only-in-engine',
      'src/runner/run-once.ts: parents-never-reach-ffmpeg',
      'src/runner/worker.ts: entries-are-programs',
      'src/runner/worker.ts: parents-never-reach-ffmpeg',
    ]);
  });
});
