/** Child processes that use a queue: `fixtures/<name>.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Compiled code of the program and of the helpers: one starts in a third of the time. */
const COMPILE_CACHE = path.resolve('node_modules/.cache/mediamill');

export interface Helper {
  process: ChildProcess;
  /** What it has printed. */
  lines: string[];
  /** Resolves with the next line that begins so, already printed or not. Rejects when it exits without. */
  line(start: string): Promise<string>;
  /** Resolves when it has gone and all it printed was read. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

export function startHelper(name: string, args: string[]): Helper {
  const script = path.join(import.meta.dirname, 'fixtures', `${name}.ts`);
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  const lines: string[] = [];
  let changed = Promise.withResolvers<void>();
  const reader = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  let ended = false;
  const tell = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  reader.on('line', (line) => {
    lines.push(line);
    tell();
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => {
      ended = true;
      tell();
      resolve({ code, signal });
    });
  });
  let read = 0;
  return {
    process: child,
    lines,
    exited,
    async line(start) {
      for (;;) {
        while (read < lines.length) {
          const line = lines[read] as string;
          read += 1;
          if (line.startsWith(start)) return line;
        }
        if (ended) throw new Error(`${name} has gone without printing "${start}"`);
        await changed.promise;
      }
    },
    kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    },
  };
}
