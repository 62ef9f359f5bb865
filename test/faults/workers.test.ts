/** Cases 1, 5 and 14: workers that die, freeze, or race for the same jobs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, newJob } from '../contracts/queue/kit.ts';
import { hireCrew, recoveryTimes } from './crew.ts';
import { figure, spread } from './figures.ts';
import { allJobs, count, expectAllFinished, untilAllEnded } from './ledger.ts';
import { logged, startWorker } from './program.ts';
import { FULL, size } from './size.ts';
import { contentOf, slowSource } from './slow-source.ts';
import { onEachBackend, type Stage } from './stage.ts';

/** What a job of case 1 waits for: it is busy at every kill, and the machine is not. */
const PAUSE_MS = 150;

function outputs(stage: Stage): string[] {
  return readdirSync(join(stage.root, 'data/output')).filter((name) => !name.startsWith('.'));
}

onEachBackend((open, backend) => {
  test('1: 1,000 jobs, kill -9 of a random worker every 2 s', { timeout: 900_000 }, async () => {
    const stage = await open();
    const [jobs, everyMs] = [size(30, 1000), size(700, 2000)];
    // A slow machine is not slowed down more and more by new workers.
    const [leastKills, mostKills] = [size(3, 15), size(4, 1000)];
    const source = await slowSource(PAUSE_MS);
    const queue = await stage.open();
    const ledger: string[] = [];
    const accept = async (): Promise<void> => {
      const batch = Array.from({ length: 10 }, (_, i) =>
        newJob({
          task: 'download_file',
          input_path: null,
          output_path: `/data/output/${ledger.length + i}.bin`,
          params: { url: source.url(`${ledger.length + i}.bin`) },
          // Nobody is unlucky ten times; with the usual 3 attempts a job may be, and would rightly fail.
          attempts: 10,
        }),
      );
      ledger.push(...(await queue.enqueue(batch)).map(({ id }) => id));
    };
    const crew = await hireCrew(stage, 3, { ...source.env, MEDIAMILL_PROCESSING_MAX_WORKERS: '1' });
    while (ledger.length < jobs) await accept();
    await crew.killUntil(
      async () => {
        const { queued, started, scheduled } = await queue.counts();
        // Nobody is killed while idle.
        if (crew.kills.length < leastKills && queued < 10) await accept();
        return queued + started + scheduled === 0;
      },
      everyMs,
      mostKills,
    );
    expect(await crew.dismiss()).toEqual([0, 0, 0]);

    const stored = await allJobs(queue);
    expect(stored).toHaveLength(ledger.length);
    const verdict = expectAllFinished(ledger, stored);
    for (const job of stored) expect(count(job, 'claimed')).toBe(job.attempts);
    // Some attempt was cut short, or nothing was tried here.
    expect(verdict.recovered).toBeGreaterThan(0);
    expect(outputs(stage)).toHaveLength(ledger.length);
    for (const name of outputs(stage))
      expect(readFileSync(join(stage.root, 'data/output', name)).equals(contentOf(name)), name).toBe(true);
    const times = recoveryTimes(stored, crew.kills);
    // Nowhere near the lease of 30 s: processes of one machine see who has gone.
    expect(Math.max(...times)).toBeLessThan(20_000);
    await stage.verify();
    const { lost, duplicated, recovered } = verdict;
    figure('1', backend, {
      jobs: ledger.length,
      kills: crew.kills.length,
      lost,
      duplicated,
      recovered,
      ...spread(times),
    });
  });

  test('5: a worker stopped past its lease and continued is fenced', { timeout: 240_000 }, async () => {
    const stage = await open();
    const source = await slowSource();
    const queue = await stage.open();
    const env = {
      ...source.env,
      MEDIAMILL_QUEUE_LEASE_SECONDS: '2',
      MEDIAMILL_PROCESSING_MAX_WORKERS: '1',
    };
    const frozen = await startWorker(stage, env);
    const [job] = await queue.enqueue([
      newJob({
        task: 'download_file',
        input_path: null,
        output_path: '/data/output/film.bin',
        params: { url: source.url('film.bin') },
      }),
    ]);
    const id = job?.id as string;
    const state = async () => await queue.get(id);
    // Not sooner: a worker that is stopped before it hears of its claim has nothing to lose.
    await logged(frozen, /job started/);
    await eventually(() => source.asked('film.bin') === 1, 30_000, 'the job to be under way');
    frozen.signal('SIGSTOP');
    // Its job process goes on, and will have something to tell.
    source.release();
    const other = await startWorker(stage, env);
    await eventually(async () => (await state())?.attempts === 2, 30_000, 'the lease to run out');
    await eventually(async () => (await state())?.status === 'finished', 60_000, 'the other to finish');
    const before = await state();
    expect(before?.worker).toContain(`:${other.pid}:`);
    frozen.signal('SIGCONT');
    await logged(frozen, /job lease_lost/);

    const after = await state();
    expect(after).toEqual(before);
    expect(after).toMatchObject({ attempts: 2, status: 'finished' });
    expect(count(after as NonNullable<typeof after>, 'finished')).toBe(1);
    expect(outputs(stage)).toEqual(['film.bin']);
    expect(readFileSync(join(stage.root, 'data/output/film.bin')).equals(contentOf('film.bin'))).toBe(true);
    // It has understood, and works on.
    await other.stop('SIGTERM');
    const [next] = await queue.enqueue([
      newJob({ task: 'sanitize_filename', input_path: null, output_path: null, params: { filename: 'a' } }),
    ]);
    await eventually(
      async () => (await queue.get(next?.id as string))?.status === 'finished',
      20_000,
      'the next job',
    );
  });

  test('14: 8 claimers, 10,000 no-ops: no job is given twice', { timeout: 300_000 }, async () => {
    const stage = await open();
    const queue = await stage.open();
    const total = size(1000, 10_000);
    const ledger: string[] = [];
    while (ledger.length < total) {
      const batch = Array.from({ length: 500 }, () => newJob({ task: 'noop' }));
      ledger.push(...(await queue.enqueue(batch)).map(({ id }) => id));
    }
    const start = performance.now();
    const workers = Array.from({ length: 4 }, () => stage.spawn('worker', 2, 0));
    await untilAllEnded(queue, total, FULL ? 240_000 : 100_000);
    const seconds = (performance.now() - start) / 1000;
    for (const worker of workers) worker.kill('SIGTERM');
    for (const worker of workers) expect(await worker.exited).toEqual({ code: 0, signal: null });

    const lines = workers.flatMap((worker) => worker.lines);
    const claims = lines.filter((line) => line.startsWith('claimed'));
    expect(claims).toHaveLength(total);
    expect(new Set(claims)).toEqual(new Set(ledger.map((id) => `claimed ${id} 1`)));
    expect(lines.filter((line) => line.startsWith('lost'))).toEqual([]);
    expect(await queue.counts()).toMatchObject({ finished: total, failed: 0, canceled: 0 });
    // It was a race.
    await sleep(0);
    expect(
      workers.filter((worker) => worker.lines.some((line) => line.startsWith('done'))).length,
    ).toBeGreaterThan(1);
    figure('14', backend, { jobs: total, claimed_twice: 0, jobs_per_second: Math.round(total / seconds) });
  });
});
