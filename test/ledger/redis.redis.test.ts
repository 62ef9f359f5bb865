import { afterAll, beforeAll, describe } from 'vitest';
import openRedisLedger from '../../src/ledger/drivers/redis.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { ledgerContract } from '../contracts/ledger.ts';
import { type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  let stores = 0;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.dispose());

  ledgerContract('redis', async () => {
    stores += 1;
    const queueName = `ledger-${stores}`;
    const handles: Ledger[] = [];
    return {
      async open() {
        const ledger = await openRedisLedger({ url: redis.url, queueName });
        handles.push(ledger);
        return ledger;
      },
      async dispose() {
        for (const handle of handles) await handle.close();
      },
    };
  });
});
