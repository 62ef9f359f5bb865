/**
 * The show: a front and two workers on one queue, real media jobs of all groups, and a random worker killed every two
 * seconds (more often in the small one); Redis is restarted once. Whatever was accepted must be done, once, whole, and with nothing left lying about.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FINAL_STATUSES } from '../../src/queue/port.ts';
import { hireCrew, recoveryTimes } from './crew.ts';
import { figure, spread } from './figures.ts';
import { allJobs, count, expectAllFinished, judge } from './ledger.ts';
import { expectWritten, type MixedJob, mixedJobs } from './mixed-jobs.ts';
import { type Server, startServer, startWorker } from './program.ts';
import { size } from './size.ts';
import { onEachBackend, type Stage } from './stage.ts';

const JOBS = size(24, 200);
/** The small show is over in seconds. */
const KILL_EVERY_MS = size(1000, 2000);
const LEAST_KILLS = size(2, 10);
/** A slow machine is not slowed down more and more by new workers. */
const MOST_KILLS = size(3, 1000);

/** As a client that must not lose a job: no answer, or 503, and the same request comes again with the same key. */
async function insist(front: Server, job: MixedJob, key: string): Promise<{ id: string; refusals: number }> {
  for (let refusals = 0; ; refusals += 1) {
    const answer = await front
      // Nobody is unlucky ten times; with the usual 3 attempts a job may be, and would rightly fail.
      .enqueue({ ...job, idempotency_key: key, attempts: 10 })
      .catch(() => null);
    if (answer?.status === 200) return { id: answer.body.job_id as string, refusals };
    expect(answer === null || answer.status === 503, JSON.stringify(answer)).toBe(true);
    await sleep(100);
  }
}

function strays({ root }: Stage): string[] {
  const all = readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => /(^|\/)\.(mill-|mediamill-|work\/|incoming\/)/.test(name));
}

onEachBackend((open, backend) => {
  test('the show: mixed media jobs, workers killed at random', { timeout: 1_200_000 }, async () => {
    const stage = await open();
    const jobs = await mixedJobs(stage, JOBS);
    const front = await startServer(stage, ['--no-worker']);
    const crew = await hireCrew(stage, 2, {
      MEDIAMILL_PROCESSING_MAX_WORKERS: '1',
      // For the jobs that chains put in: a film of some seconds may well be hit three times.
      MEDIAMILL_QUEUE_ATTEMPTS: '10',
    });
    const queue = await stage.open();
    const ledger: string[] = [];
    let refusals = 0;
    const started = performance.now();

    // Sent in over the whole time, and always a few ahead of the workers.
    const ended = async (): Promise<number> => {
      const { finished, failed, canceled } = await queue.counts();
      return finished + failed + canceled;
    };
    let redisAway = false;
    const sending = (async () => {
      for (const [n, job] of jobs.entries()) {
        const accepted = await insist(front, job, `show-${n}`);
        ledger.push(accepted.id);
        refusals += accepted.refusals;
        // The last jobs come when enough workers have died, however fast the machine is.
        while (n > JOBS - 6 && crew.kills.length < LEAST_KILLS) await sleep(100);
        while (!redisAway && ledger.length - (await ended().catch(() => 0)) > 20) await sleep(100);
      }
    })();
    const restarting = (async () => {
      if (!stage.redis) return;
      while ((await ended()) < JOBS / 2) await sleep(100);
      redisAway = true;
      await stage.redis.stop('SIGTERM');
      await sleep(1000);
      await stage.redis.start();
      redisAway = false;
    })();
    await crew.killUntil(
      async () => {
        if (ledger.length < JOBS) return false;
        const {
          queued,
          started: running,
          scheduled,
          deferred,
        } = await queue.counts().catch(() => ({
          queued: 1,
          started: 0,
          scheduled: 0,
          deferred: 0,
        }));
        return queued + running + scheduled + deferred === 0;
      },
      KILL_EVERY_MS,
      MOST_KILLS,
    );
    await Promise.all([sending, restarting]);
    const seconds = (performance.now() - started) / 1000;
    expect(await crew.dismiss()).toEqual([0, 0]);

    const stored = await allJobs(queue);
    const verdict = judge(ledger, stored);
    const times = recoveryTimes(stored, crew.kills);
    figure('show', backend, {
      jobs: ledger.length,
      kills: crew.kills.length,
      redis_restarts: stage.redis ? 1 : 0,
      lost: verdict.lost,
      duplicated: verdict.duplicated,
      attempts_cut_short: verdict.recovered,
      reclaimed_after_median_ms: spread(times).median_ms,
      reclaimed_after_max_ms: spread(times).max_ms,
      refused_and_sent_again: refusals,
      seconds: Math.round(seconds),
    });
    expectAllFinished(ledger, stored);
    expect(stored.filter(({ status }) => !FINAL_STATUSES.includes(status))).toEqual([]);
    // Each chain trigger has put in one job of its own, once.
    const chains = stored.filter(({ task }) => task === 'chain_job_trigger');
    expect(stored).toHaveLength(ledger.length + chains.length);
    for (const job of stored) expect(count(job, 'claimed')).toBe(job.attempts);
    for (const job of stored) await expectWritten(stage, job);
    // Some attempt was cut short, or nothing was shown; and nobody waited for a lease of 30 s.
    expect(crew.kills.length).toBeGreaterThanOrEqual(LEAST_KILLS);
    expect(Math.max(0, ...times)).toBeLessThan(60_000);

    // What the dead left behind is cleared away by the next worker that starts.
    const last = await startWorker(stage);
    await last.stop('SIGTERM');
    expect(strays(stage)).toEqual([]);
    await front.stop('SIGTERM');
    await stage.verify();
  });
});
