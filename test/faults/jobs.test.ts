/** Cases 6 to 10: jobs that crash, take all memory, hang, or are canceled, with the worker loop of the program. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../contracts/queue/kit.ts';
import { childrenOf, isAlive } from '../runner/fixtures/processes.ts';
import { openWorkplace, WORK_BACKOFF, type Workplace } from '../runner/fixtures/workplace.ts';
import { figure, spread } from './figures.ts';
import { count } from './ledger.ts';
import { FULL, size } from './size.ts';
import { type OpenStage, onEachBackend } from './stage.ts';

const MiB = 1024 ** 2;

async function workplace(open: OpenStage): Promise<Workplace> {
  const stage = await open();
  return openWorkplace(await stage.open({ backoff: WORK_BACKOFF }));
}

async function workFolders({ outputRoot }: Workplace): Promise<string[]> {
  return await readdir(join(outputRoot, '.work')).catch(() => []);
}

/** The process that runs the job: the one child of this process that was not there before. */
async function jobProcess(before: readonly number[]): Promise<number> {
  return await eventually(
    () => childrenOf(process.pid).find((pid) => !before.includes(pid)) ?? null,
    60_000,
    'the job process',
  );
}

onEachBackend((open, backend) => {
  test('6: a child that segfaults: attempts capped, failed, others finish', {
    timeout: 180_000,
  }, async () => {
    const place = await workplace(open);
    const worker = place.start();
    const poison = await place.enqueue('segfault', { attempts: 3 });
    const others = await Promise.all([1, 2, 3].map(() => place.enqueue('talk')));
    const failed = await place.settled(poison.id);
    expect(failed).toMatchObject({
      status: 'failed',
      attempts: 3,
      error: { code: 'crashed', facts: { signal: 'SIGSEGV' } },
    });
    expect(count(failed, 'claimed')).toBe(3);
    expect(count(failed, 'attempt_failed')).toBe(2);
    for (const { id } of others) expect((await place.settled(id)).status).toBe('finished');
    expect(worker.running).toBe(0);
    figure('6', backend, { jobs: 4, attempts_of_the_poison: 3 });
  });

  test('7: a memory bomb: the child dies, the worker lives, and says out_of_memory', {
    timeout: 180_000,
  }, async () => {
    const place = await workplace(open);
    const before = childrenOf(process.pid);
    const limit = 400 * MiB;
    const worker = place.start({ memoryLimitBytes: limit });
    const child = await jobProcess(before);
    const bomb = await place.enqueue('bloat', { params: { mebibytes: 4096, hold_ms: 20_000 } });
    const job = await place.settled(bomb.id);
    expect(job).toMatchObject({
      status: 'failed',
      error: { code: 'out_of_memory', facts: { limit_bytes: limit } },
    });
    expect(isAlive(child)).toBe(false);
    const next = await place.enqueue('talk');
    expect((await place.settled(next.id)).worker).toBe(worker.id);
    const peak = Number(job.error?.facts?.rss_bytes);
    // Caught soon after: the watch looks ten times a second.
    expect(peak).toBeLessThan(2048 * MiB);
    figure('7', backend, { limit_MiB: 400, noticed_at_MiB: Math.round(peak / MiB) });
  });

  test('8: a native call that never returns is killed at the deadline', { timeout: 180_000 }, async () => {
    const place = await workplace(open);
    const before = childrenOf(process.pid);
    place.start();
    const child = await jobProcess(before);
    const { id } = await place.enqueue('hang', { timeout_seconds: 1 });
    await place.settled(id, 'started');
    const started = performance.now();
    expect(await place.settled(id)).toMatchObject({ status: 'failed', error: { code: 'timed_out' } });
    const took = performance.now() - started;
    expect(took).toBeLessThan(5000);
    expect(isAlive(child)).toBe(false);
    const next = await place.enqueue('talk');
    expect((await place.settled(next.id)).status).toBe('finished');
    figure('8', backend, { deadline_ms: 1000, ended_after_ms: Math.round(took) });
  });

  test('9: cancel of a running job: its process is gone within 2 s, and nothing of it is to be seen', {
    timeout: 180_000,
  }, async () => {
    const place = await workplace(open);
    const before = childrenOf(process.pid);
    // Nothing but the cancel itself may tell the worker.
    place.start({ leaseMs: 60_000 });
    const child = await jobProcess(before);
    const { id } = await place.enqueue('half_output', { params: { how: 'hang' } });
    const begun = async (): Promise<boolean> => {
      const [work] = await workFolders(place);
      return work !== undefined && existsSync(join(place.outputRoot, '.work', work, 'out/out.txt'));
    };
    await eventually(begun, 60_000, 'half of the output');
    const asked = performance.now();
    await place.queue.cancel(id);
    await eventually(() => !isAlive(child), 30_000, 'the end of the process');
    const gone = performance.now() - asked;
    expect(gone).toBeLessThan(2000);
    expect(await place.settled(id)).toMatchObject({
      status: 'canceled',
      result: null,
      error: { code: 'canceled' },
    });
    expect(await readdir(place.outputRoot)).toEqual(['.work']);
    expect(await workFolders(place)).toEqual([]);
    figure('9', backend, { process_gone_after_ms: Math.round(gone) });
  });

  test('10: cancel racing completion 1,000 times: exactly one end, and the output tells which', {
    timeout: 600_000,
  }, async () => {
    const place = await workplace(open);
    place.start({ concurrency: 2 });
    const rounds = size(40, 1000);
    const seen = { finished: 0, canceled: 0 };
    const took: number[] = [];
    const race = async (i: number): Promise<void> => {
      const { id } = await place.enqueue('write', {
        params: { text: 'x', wait_ms: 10 },
        output_path: `/data/output/race-${i}.txt`,
      });
      await place.settled(id, 'started');
      await sleep(i % 30);
      const asked = performance.now();
      await place.queue.cancel(id).catch((error) => expect(error.code).toBe('conflict'));
      const job = await place.settled(id);
      took.push(performance.now() - asked);
      const finished = job.status === 'finished';
      expect(count(job, 'finished') + count(job, 'canceled') + count(job, 'failed')).toBe(1);
      expect(existsSync(join(place.outputRoot, `race-${i}.txt`))).toBe(finished);
      expect(job.result !== null).toBe(finished);
      seen[job.status as keyof typeof seen] += 1;
    };
    for (let i = 0; i < rounds; i += 2) await Promise.all([race(i), race(i + 1)]);
    expect(seen.finished + seen.canceled).toBe(rounds);
    expect(seen.finished).toBeGreaterThan(0);
    expect(seen.canceled).toBeGreaterThan(0);
    expect(await workFolders(place)).toEqual([]);
    figure('10', backend, { jobs: rounds, ...seen, two_ends: 0, ...(FULL && spread(took)) });
  });
});
