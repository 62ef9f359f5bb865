/** Ends of jobs that a webhook shall tell of; `move` in lua.ts writes them. */
import type { EndedJob, OutboxEntry } from '../../port.ts';
import { type FlatHash, fieldsOf, toRecord } from './records.ts';
import type { RedisStore } from './redis.ts';

export async function outbox(store: RedisStore, limit: number): Promise<OutboxEntry[]> {
  const entries = await store.command((redis) => redis.zrange(`${store.own}outbox`, '0', String(limit - 1)));
  return entries.map((entry) => {
    const space = entry.indexOf(' ');
    const job = toRecord(fieldsOf(JSON.parse(entry.slice(space)) as FlatHash));
    return { id: entry.slice(0, space), job: job as EndedJob };
  });
}

export async function clearOutbox(store: RedisStore, entries: readonly string[]): Promise<void> {
  for (const entry of entries) {
    await store.command((redis) => redis.zremrangebyscore(`${store.own}outbox`, entry, entry));
  }
}
