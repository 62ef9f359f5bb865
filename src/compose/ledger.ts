import type { Config } from '../core/config.ts';
import { ledgerFile } from '../ledger/file.ts';
import type { Ledger } from '../ledger/port.ts';

/** Beside the queue: in a file next to its database, or in the same Redis. */
export async function openLedger({ queue, redis }: Pick<Config, 'queue' | 'redis'>): Promise<Ledger> {
  if (queue.backend === 'redis') {
    const { default: openRedisLedger } = await import('../ledger/drivers/redis.ts');
    return openRedisLedger({ url: redis.url, queueName: redis.queue_name });
  }
  const { default: openSqliteLedger } = await import('../ledger/drivers/sqlite.ts');
  return openSqliteLedger({ database: ledgerFile(queue.database) });
}
