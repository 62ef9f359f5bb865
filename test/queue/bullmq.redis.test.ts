import { afterAll, beforeAll, describe } from 'vitest';
import { queueContract } from '../contracts/queue.ts';
import { queuesOn, type RedisServer, startRedis, whyNoRedis } from './redis-server.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.dispose());

  queueContract('bullmq', async () => {
    const { open, dispose } = queuesOn(redis);
    return { open: () => open(), leaseMs: 800, recoveryMs: 1500, dispose };
  });
});
