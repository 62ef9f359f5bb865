/** A Redis of its own, with an append-only file in a temporary folder; and empty queues on it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import openBullmqQueue, { type BullmqQueueOptions } from '../../src/queue/drivers/bullmq.ts';
import type { Queue } from '../../src/queue/port.ts';
import { eventually, TEST_BACKOFF } from '../contracts/queue/kit.ts';
import { type Helper, startHelper } from './helper-process.ts';

export interface RedisServer {
  url: string;
  /** Starts it again after `stop`, on the same files. */
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** A plain connection for looking; closed by `dispose`. */
  client(): Redis;
  dispose(): Promise<void>;
}

/** Null when it is there; else why these tests are left out. In CI it must be there. */
export function whyNoRedis(): string | null {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    if (process.env.CI) return null; // Let the tests fail.
    return 'left out: redis-server is not installed (apt-get install redis-server)';
  }
}

/**
 * `always` waits for the disk before each answer; `everysec` is what Redis does when nobody asks for more. `given`:
 * a folder that is there and stays, instead of a temporary one.
 */
export async function startRedis(
  appendfsync: 'everysec' | 'always' = 'everysec',
  given?: string,
): Promise<RedisServer> {
  const folder = given ?? (await mkdtemp(path.join(os.tmpdir(), 'mediamill-redis-')));
  const port = await freePort();
  const clients: Redis[] = [];
  let server: ChildProcess | undefined;

  const redis: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const options = `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly yes --appendfsync ${appendfsync} --save`;
      const child = spawn('redis-server', [...options.split(' '), '', '--loglevel', 'warning'], {
        stdio: 'ignore',
      });
      server = child;
      child.on('error', () => {});
      const probe = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => 20 });
      probe.on('error', () => {});
      try {
        await eventually(
          async () => child.exitCode !== null || (await probe.ping().catch(() => null)) === 'PONG',
          10_000,
          'Redis to start',
        );
      } finally {
        probe.disconnect();
      }
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    },
    async stop(signal = 'SIGTERM') {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const gone = once(server, 'exit');
      server.kill(signal);
      await gone;
    },
    signal: (signal) => void server?.kill(signal),
    client() {
      const client = new Redis(redis.url);
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
    async dispose() {
      for (const client of clients) client.disconnect();
      await redis.stop('SIGKILL');
      if (given === undefined) await rm(folder, { recursive: true });
    },
  };
  await redis.start();
  return redis;
}

export interface RedisQueues {
  /** What helper processes are told. */
  store: string;
  queueName: string;
  open(options?: Partial<BullmqQueueOptions>): Promise<Queue>;
  spawn(name: string, ...args: (string | number)[]): Helper;
  dispose(): Promise<void>;
}

let queues = 0;

/** Handles on one empty queue. */
export function queuesOn(redis: RedisServer): RedisQueues {
  queues += 1;
  const queueName = `test-${queues}`;
  const opened: Queue[] = [];
  const helpers: Helper[] = [];
  const store = `${redis.url}#${queueName}`;
  return {
    store,
    queueName,
    async open(options = {}) {
      const queue = await openBullmqQueue({ url: redis.url, queueName, backoff: TEST_BACKOFF, ...options });
      opened.push(queue);
      return queue;
    },
    spawn(name, ...args) {
      const helper = startHelper(name, [store, ...args.map(String)]);
      helpers.push(helper);
      return helper;
    },
    async dispose() {
      for (const helper of helpers) helper.kill('SIGKILL');
      await Promise.all(helpers.map((helper) => helper.exited));
      await Promise.all(opened.map((queue) => queue.close()));
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
