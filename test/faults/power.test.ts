/**
 * Case 4: the power fails. The queue lies on a disk of its own, whose image is copied while the one who writes is
 * frozen: what was not synced is not in the copy.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import openBullmqQueue from '../../src/queue/drivers/bullmq.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import { eventually } from '../contracts/queue/kit.ts';
import { startHelper } from '../queue/helper-process.ts';
import { queuesOn, type RedisServer, startRedis, whyNoRedis } from '../queue/redis-server.ts';
import { integrity } from '../queue/sqlite-store.ts';
import { pluggedDisk, whyNoDisks } from './disks.ts';
import { figure } from './figures.ts';
import { allJobs, judge } from './ledger.ts';
import { size } from './size.ts';

const noDisks = whyNoDisks();
const noRedis = whyNoRedis() ?? noDisks;
const CUTS = size(3, 10);

/** The disk after the cut must lack what was written without a sync, or the cut was none. */
function expectCut(path: string, cut: number): void {
  expect(statSync(join(path, 'synced')).size).toBe(100_000);
  const unsynced = join(path, `unsynced-${cut}`);
  expect(existsSync(unsynced) ? readFileSync(unsynced).length : 0).toBe(0);
}

describe.skipIf(noDisks !== null)(noDisks ?? 'embedded', () => {
  test('4: without what was not synced: no acknowledged job is lost', { timeout: 120_000 }, async () => {
    const disk = await pluggedDisk(64);
    const database = join(disk.path, 'queue.db');
    const enqueuer = startHelper('enqueuer', [database]);
    onTestFinished(async () => {
      enqueuer.kill('SIGKILL');
      await enqueuer.exited;
    });
    let jobs = 0;
    for (let cut = 1; cut <= CUTS; cut += 1) {
      const before = enqueuer.lines.length;
      await eventually(() => enqueuer.lines.length >= before + 100, 30_000, 'answers');
      enqueuer.kill('SIGSTOP');
      // What it told before it was frozen is in the pipe.
      await eventually(settled(enqueuer.lines), 5000, 'the pipe to be read');
      const ledger = enqueuer.lines.flatMap((line) => line.split(' '));
      const after = await disk.afterPowerCut();
      enqueuer.kill('SIGCONT');
      expectCut(after, cut);
      const copy = join(after, 'queue.db');
      expect(await integrity(copy)).toBe('ok');
      const queue = await openSqliteQueue({ database: copy });
      const stored = await allJobs(queue);
      await queue.close();
      expect(judge(ledger, stored)).toMatchObject({ lost: 0, duplicated: 0 });
      expect(stored.length - ledger.length).toBeLessThanOrEqual(5);
      jobs = ledger.length;
    }
    figure('4', 'embedded', { jobs, power_cuts: CUTS, lost: 0 });
  });
});

describe.skipIf(noRedis !== null)(noRedis ?? 'redis', () => {
  test.each([
    ['always', 0],
    // Redis syncs once a second and lets a slow disk take two; docs/redis.md says what may be lost.
    ['everysec', 4000],
  ] as const)(
    '4: appendfsync %s: no job that was acknowledged %d ms before is lost',
    {
      timeout: 120_000,
    },
    async (fsync, windowMs) => {
      const disk = await pluggedDisk(64);
      const redis = await startRedis(fsync, disk.path);
      onTestFinished(() => redis.dispose());
      const queues = queuesOn(redis);
      onTestFinished(() => queues.dispose());
      // Through a window of seconds not as fast as it can: what is lost is measured in time.
      const enqueuer = queues.spawn('enqueuer', windowMs > 0 ? 5 : 0);
      const lost: number[] = [];
      let jobs = 0;
      for (let cut = 1; cut <= (windowMs > 0 ? size(1, CUTS) : CUTS); cut += 1) {
        const before = enqueuer.lines.length;
        await eventually(() => enqueuer.lines.length >= before + 100, 30_000, 'answers');
        const early = enqueuer.lines.length;
        await sleep(windowMs);
        redis.signal('SIGSTOP');
        await eventually(settled(enqueuer.lines), 5000, 'the pipe to be read');
        const ledger = enqueuer.lines.flatMap((line) => line.split(' '));
        const safe = enqueuer.lines
          .slice(0, windowMs > 0 ? early : undefined)
          .flatMap((line) => line.split(' '));
        const after = await disk.afterPowerCut();
        redis.signal('SIGCONT');
        expectCut(after, cut);
        const gone = await missing(after, queues.queueName, ledger);
        expect(gone.filter((id) => safe.includes(id))).toEqual([]);
        lost.push(gone.length);
        jobs = ledger.length;
      }
      figure('4', `redis, appendfsync ${fsync}`, { jobs, power_cuts: lost.length, lost: Math.max(...lost) });
    },
  );
});

/** Those of the ledger that a Redis started on these files does not know. */
async function missing(folder: string, queueName: string, ledger: string[]): Promise<string[]> {
  const copy: RedisServer = await startRedis('everysec', folder);
  try {
    const queue = await openBullmqQueue({ url: copy.url, queueName });
    const stored = await allJobs(queue);
    await queue.close();
    expect(judge(ledger, stored).duplicated).toBe(0);
    const known = new Set(stored.map(({ id }) => id));
    return ledger.filter((id) => !known.has(id));
  } finally {
    await copy.dispose();
  }
}

/** Has nothing come in for a while? */
function settled(lines: readonly string[]): () => boolean {
  let [seen, since] = [-1, 0];
  return () => {
    if (lines.length !== seen) [seen, since] = [lines.length, performance.now()];
    return performance.now() - since > 200;
  };
}
