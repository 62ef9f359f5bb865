/** An empty queue of either kind, a folder for programs that use it, and helper processes; gone after the test. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished } from 'vitest';
import type { Backoff } from '../../src/queue/backoff.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import type { Queue } from '../../src/queue/port.ts';
import { type Helper, startHelper } from '../queue/helper-process.ts';
import { queuesOn, type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { integrity } from '../queue/sqlite-store.ts';

export type Backend = 'embedded' | 'redis';

export interface Stage {
  backend: Backend;
  /** Working directory of programs; `data/input` and `data/output` lie in it. */
  root: string;
  /** What helper processes are told. */
  store: string;
  /** What programs are told. */
  env: Record<string, string>;
  /** The server, where there is one. */
  redis: RedisServer | null;
  /** `now`: the wall clock, for the embedded queue; the one on Redis has none. */
  open(options?: { attempts?: number; backoff?: Backoff; now?: () => number }): Promise<Queue>;
  /** Runs `test/queue/fixtures/<name>.ts`, or `test/faults/fixtures/<name>.ts` for a name with `faults/` before it. */
  spawn(name: string, ...args: (string | number)[]): Helper;
  /** Has every promise of the file format been kept? A Redis is killed and started again for it. */
  verify(): Promise<void>;
}

export interface StageOptions {
  /** `always`: an answer of Redis means that the disk has it, as an answer of the embedded queue does. */
  appendfsync?: 'always' | 'everysec';
  /** Where the files of the queue lie, instead of in a folder of its own. It stays. */
  folder?: string;
}

export type OpenStage = (options?: StageOptions) => Promise<Stage>;

/** The same tests for both kinds of queue. Without a redis-server its half is left out, but not in CI. */
export function onEachBackend(tests: (open: OpenStage, backend: Backend) => void): void {
  describe('embedded', () => tests(openEmbedded, 'embedded'));
  onRedis(tests);
}

export function onRedis(tests: (open: OpenStage, backend: 'redis') => void): void {
  const missing = whyNoRedis();
  describe.skipIf(missing !== null)(missing ?? 'redis', () => tests(openRedis, 'redis'));
}

export async function openEmbedded({ folder }: StageOptions = {}): Promise<Stage> {
  const root = await openRoot();
  const database = join(folder ?? join(root, 'data'), 'mediamill.db');
  const queues: Queue[] = [];
  const helpers: Helper[] = [];
  onTestFinished(async () => {
    await end(helpers);
    await Promise.all(queues.map((queue) => queue.close()));
  });
  return {
    backend: 'embedded',
    root,
    store: database,
    env: { MEDIAMILL_QUEUE_DATABASE: database },
    redis: null,
    async open(options = {}) {
      const queue = await openSqliteQueue({ database, ...options });
      queues.push(queue);
      return queue;
    },
    spawn: (name, ...args) => spawnHelper(helpers, name, [database, ...args.map(String)]),
    async verify() {
      expect(await integrity(database)).toBe('ok');
    },
  };
}

export async function openRedis({ appendfsync = 'everysec', folder }: StageOptions = {}): Promise<Stage> {
  const root = await openRoot();
  const redis = await startRedis(appendfsync, folder);
  onTestFinished(() => redis.dispose());
  const queues = queuesOn(redis);
  const helpers: Helper[] = [];
  onTestFinished(async () => {
    await end(helpers);
    await queues.dispose();
  });
  return {
    backend: 'redis',
    root,
    store: queues.store,
    env: { REDIS_URL: redis.url, MEDIAMILL_REDIS_QUEUE_NAME: queues.queueName },
    redis,
    open: ({ backoff, attempts } = {}) =>
      queues.open({ ...(backoff && { backoff }), ...(attempts !== undefined && { attempts }) }),
    spawn: (name, ...args) => spawnHelper(helpers, name, [queues.store, ...args.map(String)]),
    async verify() {
      const looking = redis.client();
      const [, files] = (await looking.config('GET', 'dir')) as [string, string];
      await redis.stop('SIGKILL');
      const manifest = join(files, 'appendonlydir/appendonly.aof.manifest');
      const { stdout } = await promisify(execFile)('redis-check-aof', [manifest]);
      expect(stdout).toContain('All AOF files and manifest are valid');
      await redis.start();
    },
  };
}

async function openRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'mill-faults-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const folder of ['input', 'output']) await mkdir(join(root, 'data', folder), { recursive: true });
  return root;
}

function spawnHelper(helpers: Helper[], name: string, args: string[]): Helper {
  const script = name.startsWith('faults/') ? `../../${name.replace('/', '/fixtures/')}` : name;
  const helper = startHelper(script, args);
  helpers.push(helper);
  return helper;
}

async function end(helpers: Helper[]): Promise<void> {
  for (const helper of helpers) helper.kill('SIGKILL');
  await Promise.all(helpers.map((helper) => helper.exited));
}
