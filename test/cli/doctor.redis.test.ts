/** What `mediamill doctor` warns of, on machines where something is wrong. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { emptyFolder, mediamill } from './mediamill.ts';

const absent = whyNoRedis();
if (absent) console.warn(absent);

interface Finding {
  check: string;
  state: string;
  detail: string;
}

async function doctor(env: Record<string, string>, ...args: string[]) {
  const { code, stdout } = await mediamill(['doctor', '--json', ...args], { cwd: emptyFolder(), env });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: (check: string) => findings.find((one) => one.check === check) };
}

describe.skipIf(absent)('doctor', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.dispose());

  test('Redis: its version, its clock, and settings that would lose jobs', async () => {
    const well = await doctor({ REDIS_URL: redis.url });
    expect(well.of('queue')).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/Redis \d+\.\d.* ms$/),
    });
    expect(well.of('clock')).toMatchObject({ state: 'ok', detail: expect.stringContaining('Redis') });
    expect(well.of('page')).toMatchObject({ state: expect.stringMatching(/ok|warning/) });
    expect(well.of('encoders')).toMatchObject({ state: 'ok', detail: expect.stringContaining('hardware') });
    expect(well.code).toBe(0);

    const gone = await doctor({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(gone.of('queue and storage')).toMatchObject({ state: 'failed' });
    expect(gone.code).toBe(1);
  }, 120_000);

  test('a Redis that may lose jobs, a port that another program has, and jobs that need more memory than there is', async () => {
    const client = redis.client();
    await client.config('SET', 'appendonly', 'no');
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const other = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const env = {
      REDIS_URL: redis.url,
      MEDIAMILL_PROCESSING_MEMORY_LIMIT_BYTES: '1024GiB',
      MEDIAMILL_MONITORING_WORKER_PORT: '0',
    };
    const ill = await doctor(env, '--port', String(port));
    expect(ill.of('queue')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/no append-only file.*may throw jobs away/),
    });
    expect(ill.of('port')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('another program has it'),
    });
    expect(ill.of('memory')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('lower [processing] memory_limit_bytes'),
    });
    // A warning is no failure.
    expect(ill.code).toBe(0);
    other.close();
    await once(other, 'close');
  }, 120_000);
});
