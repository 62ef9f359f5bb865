/** What is published is the compiled program: it must run without its sources. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'build-'));

beforeAll(async () => {
  await run(process.execPath, ['scripts/build.mjs', join(root, 'dist'), '--unchecked']);
  for (const name of ['bin', 'package.json']) cpSync(name, join(root, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
}, 180_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('no import of the built files names a source', () => {
  const built = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  expect(built.length).toBeGreaterThan(50);
  const sources = built.filter((name) =>
    /(?:import\(|\bfrom |\bimport )['"]\.[^'"\n]*\.ts['"]/.test(
      readFileSync(join(root, 'dist', name), 'utf8'),
    ),
  );
  expect(sources).toEqual([]);
});

test('a job runs in a job process of the built files', async () => {
  writeFileSync(join(root, 'a.txt'), 'abc');
  const bin = join(root, 'bin/mediamill.mjs');
  const { stdout } = await run(process.execPath, [bin, 'run', '--json', 'calculate_sha256', 'a.txt'], {
    cwd: root,
  });
  expect(JSON.parse(stdout).data.hash).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
