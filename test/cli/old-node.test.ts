import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mediamill } from './mediamill.ts';

/** This Node, told that it is an old one. */
const PRETEND = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.1"}})`,
];
const SYSTEM_NODE = '/usr/bin/node';

interface Old {
  node: string;
  nodeArgs: string[];
  version: string;
}

const olds: Old[] = [{ node: process.execPath, nodeArgs: PRETEND, version: '20.19.1' }];
if (existsSync(SYSTEM_NODE)) {
  const version = execFileSync(SYSTEM_NODE, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  if (Number.parseInt(version, 10) < 24) olds.push({ node: SYSTEM_NODE, nodeArgs: [], version });
}

test.each(olds)('Node $version is told what to do in one line', async ({ node, nodeArgs, version }) => {
  const { code, stdout, stderr } = await mediamill(['serve'], { node, nodeArgs });
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.split('\n')).toHaveLength(2);
  expect(stderr).toContain(`needs Node 24 or newer (this is ${version})`);
  expect(stderr).toContain('npm start');
});

test('this Node runs it without a word about type stripping or experiments', async () => {
  const { code, stdout, stderr } = await mediamill(['--version']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
