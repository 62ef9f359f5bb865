/** The program as a user starts it, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Program {
  url: string;
  root: string;
  /** Resident memory of the server, bytes; null where the system does not tell. */
  memory(): number | null;
  /** How it ended by itself; null while it runs. */
  ended(): string | null;
  lastWords(): string[];
  stop(): Promise<void>;
}

const BIN = fileURLToPath(new URL('../../bin/mediamill.mjs', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 20_000;
const LAST_WORDS = 40;

export async function startProgram(settings: Record<string, string>): Promise<Program> {
  const root = await mkdtemp(join(tmpdir(), 'mill-fuzz-'));
  const child: ChildProcess = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--log-format', 'json'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const words: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new TypeError('the server did not start')), START_MS);
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      words.push(line.slice(0, 500));
      if (words.length > LAST_WORDS) words.shift();
      const url = /listening at (http:\/\/[^"\s]+)/i.exec(line)?.[1];
      if (url) resolve(url);
    });
  }
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  void gone.then(() => reject(new TypeError(`the server ended: ${words.slice(-5).join(' | ')}`)));
  const url = await promise.finally(() => clearTimeout(timer));
  return {
    url,
    root,
    memory() {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
      } catch {
        return null;
      }
    },
    ended: () =>
      child.exitCode === null && child.signalCode === null
        ? null
        : String(child.signalCode ?? child.exitCode),
    lastWords: () => [...words],
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      if (child.exitCode === null && child.signalCode === null) await gone;
      clearTimeout(force);
      await rm(root, { recursive: true, force: true });
    },
  };
}
