/** An empty database in a folder of its own, handles on it, and child processes that use it; all cleaned up. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import openSqliteQueue, { type SqliteQueueOptions } from '../../src/queue/drivers/sqlite.ts';
import type { Queue } from '../../src/queue/port.ts';
import { TEST_BACKOFF } from '../contracts/queue/kit.ts';
import { type Helper, startHelper } from './helper-process.ts';

export interface Store {
  database: string;
  open(options?: Partial<SqliteQueueOptions>): Promise<Queue>;
  /** Runs `fixtures/<name>.ts DATABASE …args` in a process of its own. */
  spawn(name: string, ...args: (string | number)[]): Helper;
  dispose(): Promise<void>;
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
      const helper = startHelper(name, [database, ...args.map(String)]);
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
