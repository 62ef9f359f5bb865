/** What .ci/run closes with: a report that grows while the tests run, and the summary of it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

interface Outcome {
  code: number;
  stdout: string;
}

function node(args: string[], cwd = ROOT, env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd, env: { ...process.env, ...env } }, (error, stdout) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout }),
    );
  });
}

type Line = Record<string, unknown>;

describe('ci-summary', () => {
  let report = '';
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'mill-ci-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    report = join(folder, 'report.jsonl');
  });

  const fine = { name: 'is fine', state: 'passed', tries: 1, errors: [] };
  const file = { file: 'a.test.ts', tests: [fine], errors: [] };
  const planned = { files: ['a.test.ts'] };

  async function summary(
    lines: Line[] | null,
    ...codes: string[]
  ): Promise<{ code: number; lines: string[] }> {
    if (lines) writeFileSync(report, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { code, stdout } = await node(['scripts/ci-summary.mjs', report, ...codes]);
    return { code, lines: stdout.trimEnd().split('\n') };
  }

  test('all is well', async () => {
    expect(await summary([planned, file, { unhandled: [] }], '0', '0', '0')).toEqual({
      code: 0,
      lines: ['1 passed, 0 failed'],
    });
  });

  test('what failed, what never ended and what passed only at the second try is named', async () => {
    const failed = { name: 'breaks', state: 'failed', tries: 2, errors: ['AssertionError: 1 is not 2'] };
    const second = { name: 'is late', state: 'passed', tries: 2, errors: ['Error: not yet'] };
    const run = [{ files: ['a.test.ts', 'b.test.ts'] }, { ...file, tests: [fine, failed, second] }];
    expect(await summary(run, '124', '0')).toEqual({
      code: 1,
      lines: [
        'passed at the second try: a.test.ts > is late',
        '    Error: not yet',
        'failed: a.test.ts > breaks',
        '    AssertionError: 1 is not 2',
        'did not end: b.test.ts',
        '2 passed, 2 failed',
      ],
    });
  });

  const skipped = { name: 'is left out', state: 'skipped', tries: 1, errors: [] };

  test.each<[string, Line[] | null, string[], string]>([
    ['a file that did not load', [planned, { ...file, errors: ['no'] }], ['1', '0'], '1 passed, 1 failed'],
    [
      'an error that no test caught',
      [planned, file, { unhandled: ['no'] }],
      ['1', '0'],
      '1 passed, 1 failed',
    ],
    ['a skipped test', [planned, { ...file, tests: [fine, skipped] }], ['0', '0'], '1 passed, 0 failed'],
    ['no test', [planned, { ...file, tests: [] }], ['0', '0'], '0 passed, 0 failed'],
    ['no report', null, ['1', '0'], '0 passed, 0 failed'],
    ['a failed check', [planned, file], ['0', '1'], '1 passed, 0 failed'],
    ['a failed corpus', [planned, file], ['0', '0', '1'], '1 passed, 0 failed'],
    ['vitest failing for a reason of its own', [planned, file], ['1', '0'], '1 passed, 0 failed'],
  ])('%s fails', async (_, lines, codes, last) => {
    const { code, lines: printed } = await summary(lines, ...codes);
    expect([code, printed.at(-1)]).toEqual([1, last]);
  });
});

describe('the report', () => {
  let lines: Line[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mill-ci-'));
    mkdirSync(join(folder, 'test'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const tests = {
      'fine.test.ts': "test('is fine', () => {});\ntest.skip('is left out', () => {});",
      'late.test.ts':
        "let tries = 0;\ntest('is late', { retry: 1 }, () => { if (++tries < 2) throw new Error('not yet'); });",
      'broken.test.ts': "test('breaks', () => { throw new Error('1 is not 2'); });",
      'unreadable.test.ts': "throw new Error('does not load');",
    };
    for (const [name, text] of Object.entries(tests))
      writeFileSync(join(folder, 'test', name), `import { test } from 'vitest';\n${text}\n`);
    const report = join(folder, 'report.jsonl');
    try {
      await node(
        [
          join(ROOT, 'node_modules/vitest/vitest.mjs'),
          'run',
          `--reporter=${join(ROOT, 'scripts/ci-reporter.mjs')}`,
          '--no-isolate',
        ],
        folder,
        { CI_REPORT: report },
      );
      lines = readFileSync(report, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  function of(name: string) {
    return lines.find(({ file }) => file === `test/${name}`) as { tests: Line[]; errors: string[] };
  }

  test('lists the files that are to run before they do', () => {
    expect((lines[0] as { files: string[] }).files.toSorted()).toEqual([
      'test/broken.test.ts',
      'test/fine.test.ts',
      'test/late.test.ts',
      'test/unreadable.test.ts',
    ]);
  });

  test('tells of each test how it ended and at which try', () => {
    expect(of('fine.test.ts').tests).toEqual([
      { name: 'is fine', state: 'passed', tries: 1, errors: [] },
      { name: 'is left out', state: 'skipped', tries: 1, errors: [] },
    ]);
    expect(of('late.test.ts').tests).toMatchObject([{ name: 'is late', state: 'passed', tries: 2 }]);
    expect(of('broken.test.ts').tests).toMatchObject([
      { state: 'failed', errors: [expect.stringContaining('1 is not 2')] },
    ]);
  });

  test('tells what keeps a file from loading', () => {
    expect(of('unreadable.test.ts')).toMatchObject({
      tests: [],
      errors: [expect.stringContaining('does not load')],
    });
  });
});
