import { afterAll, beforeAll, describe } from 'vitest';
import { queuesOn, type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { recipeRuns } from './runs.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  let queues: ReturnType<typeof queuesOn>;
  beforeAll(async () => {
    redis = await startRedis();
    queues = queuesOn(redis);
  });
  afterAll(async () => {
    await queues.dispose();
    await redis.dispose();
  });

  recipeRuns(() => queues.open());
});
