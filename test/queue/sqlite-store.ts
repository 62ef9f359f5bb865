/** An empty database in a folder of its own, handles on it, and child processes that use it; all cleaned up. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import openSqliteQueue, { type SqliteQueueOptions } from '../../src/queue/drivers/sqlite.ts';
import type { Queue } from '../../src/queue/port.ts';
import { TEST_BACKOFF } from '../contracts/queue/kit.ts';

export interface Store {
  database: string;
  open(options?: Partial<SqliteQueueOptions>): Promise<Queue>;
  /** Runs `fixtures/<name>.ts DATABASE …args` in a process of its own. */
  spawn(name: string, ...args: (string | number)[]): Helper;
  dispose(): Promise<void>;
}

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

export async function createStore(): Promise<Store> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mediamill-queue-'));
  const database = path.join(folder, 'queue.db');
  const queues: Queue[] = [];
  const helpers: Helper[] = [];

  return {
    database,
    async open(options = {}) {
      const queue = await openSqliteQueue({ database, backoff: TEST_BACKOFF, ...options });
      queues.push(queue);
      return queue;
    },
    spawn(name, ...args) {
      const helper = start(name, [database, ...args.map(String)]);
      helpers.push(helper);
      return helper;
    },
    async dispose() {
      for (const helper of helpers) helper.kill('SIGKILL');
      await Promise.all(helpers.map((helper) => helper.exited));
      await Promise.all(queues.map((queue) => queue.close()));
      await rm(folder, { recursive: true });
    },
  };
}

function start(name: string, args: string[]): Helper {
  const script = path.join(import.meta.dirname, 'fixtures', `${name}.ts`);
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
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

/** Has every promise of the file format been kept? Answers `ok`. */
export async function integrity(database: string): Promise<string> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(database, { timeout: 5000 });
  try {
    return (db.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check;
  } finally {
    db.close();
  }
}
