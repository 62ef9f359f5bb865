import type { Config } from '../core/config.ts';
import { dangersOf, openStore } from '../queue/drivers/bullmq/redis.ts';

export interface RedisFindings {
  version: string;
  latencyMs: number;
  /** How far the clock of Redis is ahead of ours. */
  skewMs: number;
  /** What would lose jobs, in sentences. */
  dangers: string[];
}

/** Throws `queue_unavailable`. */
export async function inspectRedis({ url, queue_name }: Config['redis']): Promise<RedisFindings> {
  const store = await openStore(url, queue_name);
  try {
    const asked = performance.now();
    const [seconds, micros] = await store.command((redis) => redis.time());
    const latencyMs = performance.now() - asked;
    const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
    const info = await store.command((redis) => redis.info('server'));
    return {
      version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? '?',
      latencyMs,
      // They looked at their clock in the middle of our waiting.
      skewMs: theirs - (Date.now() - latencyMs / 2),
      dangers: await dangersOf(store),
    };
  } finally {
    await store.close();
  }
}
