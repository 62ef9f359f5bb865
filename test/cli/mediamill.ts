/** Runs the real program, as a person does, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const BIN = resolve('bin/mediamill.mjs');

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Program to run it with; default this same Node. */
  node?: string;
  nodeArgs?: string[];
  /** What is piped in; default nothing. */
  input?: string;
}

/** Says when something that was made for tests is to be put away again. */
export type AtEnd = (putAway: () => void | Promise<void>) => void;

/** An empty folder that is removed at the end, by default that of the test. */
export function emptyFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'mediamill-cli-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function start(args: string[], options: RunOptions = {}): ChildProcess {
  const { cwd = tmpdir(), env = {}, node = process.execPath, nodeArgs = [], input } = options;
  // The settings of whoever runs the tests are not those of the tests.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(MEDIAMILL_|REDIS_URL$|NO_COLOR$|FORCE_COLOR$)/.test(name),
  );
  const child = spawn(node, [...nodeArgs, BIN, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  return child;
}

export async function mediamill(args: string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  return outcomeOf(child);
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
