/** Recipes in a queue on Redis. */
import { randomUUID } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toneWav } from '../fixtures/media/index.ts';
import { type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { recipeEnqueue } from './recipe-enqueue.ts';
import { serve } from './service.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'on a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.dispose());

  const settings = () => ({ REDIS_URL: redis.url, MEDIAMILL_REDIS_QUEUE_NAME: `queue-${randomUUID()}` });
  recipeEnqueue(settings);

  test('a queue that does not answer is said, and the recipe goes in when it does', {
    timeout: 240_000,
  }, async () => {
    const { cli, cwd, url } = await serve(['--no-worker'], settings());
    await copyFile(await toneWav(), join(cwd, 'data/input/tone.wav'));
    const call = ['recipe', 'enqueue', 'ingest-check', '/data/input/tone.wav'];
    await redis.stop();
    expect(await cli(...call)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/\(queue_unavailable\)\n.*try again/),
    });
    await redis.start();
    const answers = async () => (await fetch(`${url}/api/queue`)).ok;
    await expect.poll(answers, { timeout: 120_000, interval: 200 }).toBe(true);
    expect(await cli(...call)).toMatchObject({ code: 0 });
  });
});
