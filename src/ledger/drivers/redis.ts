/**
 * The ledger on Redis, beside the queue: below `mediamill:<queue>:ledger:` each book is a hash of `version place
 * value`, a sorted set by place, and a hash of numbers. Every operation is one script or one command.
 */
import { Redis } from 'ioredis';
import { MillError } from '../../core/errors.ts';
import type { Ledger, LedgerEntry, ListRange } from '../port.ts';

const COMMAND_TIMEOUT_MS = 5000;
const LONGEST_PAUSE_MS = 1000;

/** KEYS: hash, set. ARGV: how, id, place, value, version. Answers 1 when it wrote. */
const WRITE = `
local now = redis.call('HGET', KEYS[1], ARGV[2])
local version = now and tonumber(string.match(now, '^(%d+) ')) or 0
if ARGV[1] == 'add' and now then return 0 end
if ARGV[1] == 'replace' and version ~= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], (version + 1) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
return 1
`;
/** KEYS: hash, set. ARGV: place, id, value, id, value, … */
const ADD_ALL = `
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[1], ARGV[i], '1 ' .. ARGV[1] .. ' ' .. ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[2], ARGV[1], ARGV[i])
  end
end
`;
/** KEYS: hash, set. ARGV: id. */
const REMOVE = `redis.call('ZREM', KEYS[2], ARGV[1]) return redis.call('HDEL', KEYS[1], ARGV[1])`;
/** KEYS: hash, set. ARGV: command, first, last, limit. Answers id, entry, id, entry, … */
const LIST = `
local ids = redis.call(ARGV[1], KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
local answer = {}
for _, id in ipairs(ids) do
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGET', KEYS[1], id)
end
return answer
`;
/** KEYS: hash of numbers. ARGV: id, by. */
const ADJUST = `
local sum = redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
if sum < 0 then sum = 0 redis.call('HSET', KEYS[1], ARGV[1], 0) end
return sum
`;

export interface RedisLedgerOptions {
  url: string;
  queueName: string;
}

/** Throws `queue_unavailable` when Redis cannot be reached. */
export default async function openRedisLedger({ url, queueName }: RedisLedgerOptions): Promise<Ledger> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times: number) => Math.min(25 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
  });
  // Whoever needs it meanwhile gets the failure; without a listener an 'error' event ends the process.
  redis.on('error', () => {});
  const keys = (book: string): [string, string] => {
    const base = `mediamill:${queueName}:ledger:${book}`;
    return [base, `${base}:places`];
  };

  async function ask<T>(send: () => Promise<unknown>): Promise<T> {
    try {
      return (await send()) as T;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new MillError('queue_unavailable', `Redis does not answer for the keys: ${said}.`, {
        cause: error,
      });
    }
  }

  const write = async (how: string, book: string, id: string, value: unknown, place: number, version = 0) => {
    const text = JSON.stringify(value);
    return (
      (await ask<number>(() => redis.eval(WRITE, 2, ...keys(book), how, id, place, text, version))) === 1
    );
  };

  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new MillError('queue_unavailable', 'Redis cannot be reached for the keys.', { cause: error });
  }

  return {
    async get<T>(book: string, id: string) {
      const stored = await ask<string | null>(() => redis.hget(keys(book)[0], id));
      return stored === null ? null : toEntry<T>(id, stored);
    },
    put: async (book, id, value, place = 0) => void (await write('put', book, id, value, place)),
    add: (book, id, value, place = 0) => write('add', book, id, value, place),
    async addAll(book, entries, place) {
      const flat = entries.flatMap(({ id, value }) => [id, JSON.stringify(value)]);
      if (flat.length > 0) await ask(() => redis.eval(ADD_ALL, 2, ...keys(book), place, ...flat));
    },
    replace: (book, seen, value, place = seen.place) =>
      write('replace', book, seen.id, value, place, seen.version),
    remove: async (book, id) => (await ask<number>(() => redis.eval(REMOVE, 2, ...keys(book), id))) === 1,
    async list<T>(book: string, { from, to, limit, order }: ListRange) {
      const [least, greatest] = [from ?? '-inf', to ?? '+inf'];
      const [command, first, last] =
        order === 'ascending' ? ['ZRANGEBYSCORE', least, greatest] : ['ZREVRANGEBYSCORE', greatest, least];
      const flat = await ask<string[]>(() => redis.eval(LIST, 2, ...keys(book), command, first, last, limit));
      return Array.from({ length: flat.length / 2 }, (_, i) =>
        toEntry<T>(flat[2 * i] as string, flat[2 * i + 1] as string),
      );
    },
    count: (book) => ask(() => redis.hlen(keys(book)[0])),
    adjust: (book, id, by) =>
      ask(() => redis.eval(ADJUST, 1, `${keys(book)[0]}:numbers`, id, Math.trunc(by))),
    async close() {
      redis.disconnect();
    },
  };
}

function toEntry<T>(id: string, stored: string): LedgerEntry<T> {
  const [version, place] = stored.split(' ', 2) as [string, string];
  const value = stored.slice(version.length + place.length + 2);
  return { id, version: Number(version), place: Number(place), value: JSON.parse(value) as T };
}
