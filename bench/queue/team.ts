/** Starts the processes of the benchmark and the Redis they share. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { Kind } from './contestant.ts';
import type { Commands } from './member.ts';

export type Fsync = 'always' | 'everysec';

export interface Member {
  kind: Kind;
  ask<N extends keyof Commands>(
    name: N,
    ...options: Parameters<Commands[N]>
  ): Promise<Awaited<ReturnType<Commands[N]>>>;
  close(): Promise<void>;
}

export async function startMember(kind: Kind, place: string): Promise<Member> {
  const child = fork(fileURLToPath(new URL('./member.ts', import.meta.url)), [kind, place], {
    serialization: 'advanced',
  });
  await answerOf(child);
  const ask: Member['ask'] = async (name, ...options) => {
    child.send({ name, options: options[0] });
    return (await answerOf(child)) as never;
  };
  return {
    kind,
    ask,
    async close() {
      const gone = once(child, 'exit');
      await ask('close');
      await gone;
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const ended = (code: number | null): void =>
    reject(new TypeError(`a process of the benchmark ended with ${code}`));
  child.once('exit', ended);
  child.once('message', ({ answer, failed }: { answer: unknown; failed?: string }) => {
    if (failed === undefined) resolve(answer);
    else reject(new TypeError(failed));
  });
  try {
    return await promise;
  } finally {
    child.off('exit', ended);
  }
}

export interface RedisUnderTest {
  url: string;
  /** Processor time of its main thread so far, milliseconds. */
  cpuMs(): Promise<number>;
  memory(): Promise<{ used: number; peak: number }>;
  /** Microseconds in all and calls by command since the last call. */
  commands(): Promise<Record<string, { calls: number; usec: number }>>;
  version(): Promise<string>;
  stop(): Promise<void>;
}

/** Null when there is no redis-server. */
export async function startRedis(folder: string, fsync: Fsync): Promise<RedisUnderTest | null> {
  const port = await freePort();
  const options = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'];
  const child = spawn('redis-server', [...options.map(String), '--appendfsync', fsync, '--save', ''], {
    stdio: 'ignore',
  });
  const failed = once(child, 'error').then(() => true);
  const started = once(child, 'spawn').then(() => false);
  if (await Promise.race([failed, started])) return null;
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { retryStrategy: () => 50 });
  client.on('error', () => {});
  const info = async (section: string, name: string): Promise<string> =>
    new RegExp(`^${name}:(.*?)\\s*$`, 'm').exec(await client.info(section))?.[1] ?? '0';
  await client.ping();
  return {
    url,
    async cpuMs() {
      const [user, system] = await Promise.all([
        info('cpu', 'used_cpu_user_main_thread'),
        info('cpu', 'used_cpu_sys_main_thread'),
      ]);
      return (Number(user) + Number(system)) * 1000;
    },
    memory: async () => ({
      used: Number(await info('memory', 'used_memory')),
      peak: Number(await info('memory', 'used_memory_peak')),
    }),
    async commands() {
      const text = await client.info('commandstats');
      await client.config('RESETSTAT');
      const found = text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm);
      return Object.fromEntries(
        [...found].map(([, name, calls, usec]) => [name, { calls: Number(calls), usec: Number(usec) }]),
      );
    },
    version: () => info('server', 'redis_version'),
    async stop() {
      client.disconnect();
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
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
