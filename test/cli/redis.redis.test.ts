/** A front without workers and two workers, three programs on one Redis. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../contracts/queue/kit.ts';
import { type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { emptyFolder, mediamill, start } from './mediamill.ts';

const missing = whyNoRedis();

describe.skipIf(missing !== null)(missing ?? 'several programs on one Redis', () => {
  let redis: RedisServer;
  const running: ChildProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(
      running.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
  });
  afterAll(() => redis.dispose());

  function program(args: string[], cwd: string): ChildProcess {
    const child = start(args, { cwd, env: { REDIS_URL: redis.url, MEDIAMILL_QUEUE_LEASE_SECONDS: '2' } });
    child.stderr?.resume();
    running.push(child);
    return child;
  }

  /** Resolves with the match in the first log line that has it. */
  async function logged(child: ChildProcess, text: RegExp): Promise<string> {
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const found = text.exec(JSON.parse(line).msg);
      if (found) {
        child.stdout?.resume();
        return found[1] ?? found[0];
      }
    }
    return expect.unreachable('the program ended');
  }

  test('jobs go through, a killed worker is replaced by the other, Redis may restart', async () => {
    const cwd = emptyFolder();
    const front = program(['serve', '--no-worker', '--port', '0'], cwd);
    const url = await logged(front, /listening at (http:\/\/[\d.:]+)/i);
    const workers = [program(['worker'], cwd), program(['worker'], cwd)];
    await Promise.all(workers.map((worker) => logged(worker, /taking jobs/)));
    const cli = (...args: string[]) => mediamill(args, { cwd, env: { MEDIAMILL_URL: url } });

    writeFileSync(join(cwd, 'a.txt'), 'content\n');
    const run = async () => {
      const done = await cli('enqueue', 'calculate_sha256', 'a.txt', '--upload', '--wait', '--json');
      expect(done).toMatchObject({ code: 0 });
      expect(JSON.parse(done.stdout)).toMatchObject({ status: 'finished' });
    };
    await run();
    const names = async () =>
      ((await (await fetch(`${url}/api/workers`)).json()) as { workers: { id: string }[] }).workers.length;
    expect(await names()).toBe(2);

    workers[0]?.kill('SIGKILL');
    await eventually(async () => (await names()) === 1, 8000, 'the killed worker to be forgotten');
    await run();

    await redis.stop();
    const refused = await fetch(`${url}/api/enqueue`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task: 'calculate_sha256', input_path: '/data/input/a.txt' }),
      signal: AbortSignal.timeout(1000),
    });
    expect(refused.status === 503 || refused.status === 404).toBe(true);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    await redis.start();
    await eventually(async () => (await fetch(`${url}/readyz`)).ok, 8000, 'the queue to come back');
    await run();

    workers[1]?.kill('SIGTERM');
    const [code] = await once(workers[1] as ChildProcess, 'exit');
    expect(code).toBe(0);
  });
});
