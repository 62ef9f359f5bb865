/**
 * Runs around every test file: processes that the file has started must be gone when it ends. They are known
 * by a mark in their environment, which they keep even when their parent dies, or by their parent. Job processes
 * get no environment; of those, one that is nobody's child any more is a leak.
 * Linux only: elsewhere there is no /proc to look into, and nothing is checked.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';

/** Not MEDIAMILL_…: the program refuses variables of that name that it does not know. */
const MARK = 'TEST_FILE_MARK';
/** A process that was just told to end may take this long. */
const GRACE_MS = 3000;

const JOB_PROCESS = /\/src\/runner\/child\.(ts|js)( |$)/;

const mark = randomUUID();
process.env[MARK] = mark;
const before: ReadonlySet<number> = new Set(running().map(({ pid }) => pid));

afterAll(async () => {
  const deadline = Date.now() + GRACE_MS;
  let left = leftovers();
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(50);
    left = leftovers();
  }
  for (const { pid } of left) kill(pid);
  if (left.length > 0) {
    throw new Error(
      `Processes left behind:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`,
    );
  }
});

interface Leftover {
  pid: number;
  command: string;
}

function leftovers(): Leftover[] {
  return running().filter(({ pid }) => !before.has(pid));
}

function running(): Leftover[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const command = read(name, 'cmdline').replaceAll('\0', ' ').trim();
      // A zombie has no command line; it is gone as soon as its parent looks.
      if (!command) return [];
      const parent = parentOf(name);
      const ours =
        parent === process.pid ||
        (parent === 1 && JOB_PROCESS.test(command)) ||
        read(name, 'environ').includes(`${MARK}=${mark}`);
      return ours ? [{ pid: Number(name), command }] : [];
    });
}

/** Fourth field of stat, after the name in parentheses, which may hold anything. */
function parentOf(pid: string): number {
  const stat = read(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}
