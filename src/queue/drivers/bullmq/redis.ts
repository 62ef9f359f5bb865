/**
 * Two connections to one Redis: one for commands, one that listens. They come back by themselves. While Redis is
 * away every command fails at once with `queue_unavailable`: nothing is kept for later, and nothing is sent twice.
 */
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { MillError } from '../../../core/errors.ts';
import type { LuaScript } from './lua.ts';

/** A Redis that is reachable but does not answer, milliseconds. */
const COMMAND_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;

/** Longest pause between two attempts to connect again, milliseconds. */
const LONGEST_PAUSE_MS = 1000;

/** BullMQ's prefix; its dashboards look for it. */
const BULLMQ_PREFIX = 'bull';
const OUR_PREFIX = 'mediamill';

type Argument = string | number;

/** By address and queue: number of the last change that this process has heard of, through any handle. */
const lastKnown = new Map<string, number>();

export interface RedisStore {
  /** Address without user and password. */
  readonly address: string;
  /** Key prefixes of BullMQ and of ours. */
  readonly bull: string;
  readonly own: string;
  /** Number of the last change that this process knows of. */
  lastChange(): number;
  /** Notes that a change is known. */
  knows(change: number): void;
  /** Redis has lost changes: it counts on from this number. */
  rewind(change: number): void;
  /** Runs a script as one atomic step. Throws `queue_unavailable`, `disk_full`. */
  run(script: LuaScript, ...args: Argument[]): Promise<unknown>;
  /** Any other command on our keys. */
  command<T>(send: (redis: Redis) => Promise<T>): Promise<T>;
  /** Calls for every message of our channel, and after messages may have been missed. One listener. */
  listen(message: (text: string) => void, missed: () => void): Promise<void>;
  /** While somebody watches, records are sent along with the messages; commands asked for after this wait for that. */
  watching(on: boolean): void;
  /** Refuses further commands; resolves when those already asked for are done. */
  close(): Promise<void>;
}

/** Throws `queue_unavailable` when Redis cannot be reached now, `invalid_config` for a URL that is none. */
export async function openStore(url: string, queueName: string): Promise<RedisStore> {
  const address = addressOf(url);
  const options = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A command whose connection breaks fails at once. It may have been executed, so it is not sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times: number) => Math.min(25 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
  };
  const redis = new Redis(url, {
    ...options,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  const listener = new Redis(url, { ...options, autoResubscribe: false });
  // Whoever needs Redis meanwhile gets the failure; without a listener an 'error' event ends the process.
  for (const connection of [redis, listener]) connection.on('error', () => {});

  const bull = `${BULLMQ_PREFIX}:${queueName}:`;
  const own = `${OUR_PREFIX}:${queueName}:`;
  const place = `${address} ${own}`;
  const known = new Map<LuaScript, string>();
  let inFlight = 0;
  let closed = false;
  let watched = false;
  let subscribing: Promise<void> | null = null;
  let idle = (): void => {};

  async function command<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    if (closed) throw new MillError('queue_unavailable', 'The queue has been closed.');
    inFlight += 1;
    try {
      return await send(redis);
    } catch (error) {
      throw redisError(error, address);
    } finally {
      inFlight -= 1;
      if (inFlight === 0) idle();
    }
  }

  async function run(script: LuaScript, ...args: Argument[]): Promise<unknown> {
    let sha = known.get(script);
    if (sha === undefined) {
      sha = createHash('sha1').update(script.text).digest('hex');
      known.set(script, sha);
    }
    const name = sha;
    if (subscribing !== null) await subscribing;
    return await command(async (connection) => {
      try {
        return await connection.evalsha(name, 0, bull, own, ...args);
      } catch (error) {
        // Redis forgets scripts when it restarts.
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
        return await connection.eval(script.text, 0, bull, own, ...args);
      }
    });
  }

  try {
    await redis.connect();
    await listener.connect();
  } catch (error) {
    redis.disconnect();
    listener.disconnect();
    throw redisError(error, address);
  }

  return {
    address,
    bull,
    own,
    lastChange: () => lastKnown.get(place) ?? 0,
    knows: (change) => void lastKnown.set(place, Math.max(change, lastKnown.get(place) ?? 0)),
    rewind: (change) => void lastKnown.set(place, change),
    run,
    command,
    async listen(message, missed) {
      listener.on('message', (_channel, text: string) => message(text));
      await listener.subscribe(`${own}events`);
      listener.on('ready', () => {
        const channels = watched ? [`${own}events`, `${own}watched`] : [`${own}events`];
        listener.subscribe(...channels).then(missed, () => {
          // Gone again: the next 'ready' subscribes.
        });
      });
    },
    watching(on) {
      if (closed || on === watched) return;
      watched = on;
      const channel = `${own}watched`;
      // Without it, as when Redis is away, watchers fetch the records themselves.
      const asked = on ? listener.subscribe(channel) : listener.unsubscribe(channel);
      const settled: Promise<void> = asked
        .then(
          () => {},
          () => {},
        )
        .then(() => {
          if (subscribing === settled) subscribing = null;
        });
      if (listener.status === 'ready') subscribing = settled;
    },
    async close() {
      closed = true;
      if (inFlight > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      }
      redis.disconnect();
      listener.disconnect();
    },
  };
}

/** `host:port`, or the path of a socket: an address may be shown, the password in it may not. */
function addressOf(url: string): string {
  if (url.startsWith('/')) return url;
  const parsed = URL.parse(url);
  if (parsed === null || !['redis:', 'rediss:', 'unix:'].includes(parsed.protocol)) {
    throw new MillError(
      'invalid_config',
      '[redis] url is not the address of a Redis. Use redis://host:6379, rediss://host:6379 for TLS, or the path of a socket.',
      { facts: { key: 'redis.url' } },
    );
  }
  return parsed.host || parsed.pathname;
}

/** Anything thrown by Redis or on the way to it, in our own words. */
export function redisError(error: unknown, address: string): MillError {
  if (error instanceof MillError) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (said.includes('No space left on device')) {
    return new MillError('disk_full', `Redis at ${address} has no space left on its disk.`, { cause: error });
  }
  return new MillError('queue_unavailable', `Redis at ${address} ${reason(said)}.`, { cause: error });
}

function reason(said: string): string {
  if (
    said.startsWith("Stream isn't writeable") ||
    said.startsWith('Connection is closed') ||
    said.startsWith('Reached the max')
  ) {
    return 'is not connected; it is tried again all the time';
  }
  if (said === 'Command timed out') return `has not answered for ${COMMAND_TIMEOUT_MS / 1000} s`;
  return `failed: ${said.replace(/\.$/, '')}`;
}

/**
 * What about this server would lose jobs, one sentence each; empty when all is well. Servers that do not tell
 * (managed ones may refuse) are not judged.
 */
export async function dangersOf(store: RedisStore): Promise<string[]> {
  const info = await store.command((redis) => redis.info()).catch(() => '');
  const value = (name: string) => new RegExp(`^${name}:(.*?)\\s*$`, 'm').exec(info)?.[1];
  const dangers: string[] = [];
  if (value('aof_enabled') === '0') {
    dangers.push(
      `Redis at ${store.address} keeps no append-only file: jobs are lost when it ends. Set "appendonly yes".`,
    );
  }
  const policy = value('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    dangers.push(
      `Redis at ${store.address} may throw jobs away when its memory is full (${policy}). Set "maxmemory-policy noeviction".`,
    );
  }
  return dangers;
}
