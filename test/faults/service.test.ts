/** Cases 2, 12 and 13: the server or Redis goes away while people send jobs in, and people send the same one often. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../contracts/queue/kit.ts';
import { figure, spread } from './figures.ts';
import { allJobs, expectAllFinished, judge, untilAllEnded } from './ledger.ts';
import { type Answer, type Server, startServer, startWorker } from './program.ts';
import { FULL, size } from './size.ts';
import { onEachBackend, onRedis, type Stage } from './stage.ts';

const NO_OP = { task: 'sanitize_filename', params: { filename: 'a' } };

/** Sends no-ops until it is told to stop; only answered ones get into the ledger. */
async function send(
  server: () => Server,
  ledger: string[],
  over: () => boolean,
  heard: (answer: Answer) => void = () => {},
  pauseMs = 0,
): Promise<void> {
  while (!over()) {
    try {
      const answer = await server().enqueue(NO_OP);
      heard(answer);
      if (answer.status === 200) ledger.push(answer.body.job_id as string);
      if (answer.status !== 200 || pauseMs > 0) await sleep(Math.max(pauseMs, 20));
    } catch {
      // The connection broke; whether the job was accepted is not known, and so it is not in the ledger.
      await sleep(20);
    }
  }
}

onEachBackend((open, backend) => {
  test('2: kill -9 of the server during 500 enqueues: every answered job exists', {
    timeout: 240_000,
  }, async () => {
    const stage = await open({ appendfsync: 'always' });
    let front = await startServer(stage, ['--no-worker']);
    const ledger: string[] = [];
    const total = size(200, 500);
    const clients = 8;
    const sending = Array.from({ length: clients }, () =>
      send(
        () => front,
        ledger,
        () => ledger.length >= total,
      ),
    );
    let kills = 0;
    for (const share of FULL ? [0.2, 0.5, 0.8] : [0.5]) {
      await eventually(() => ledger.length >= total * share, 60_000, 'answers');
      if (stage.redis && share === 0.5) {
        await stage.redis.stop('SIGKILL');
        await stage.redis.start();
        kills += 1;
      }
      await front.stop('SIGKILL');
      front = await startServer(stage, ['--no-worker']);
      kills += 1;
    }
    await Promise.all(sending);
    await front.stop('SIGKILL');
    await stage.verify();

    const stored = await allJobs(await stage.open());
    const verdict = judge(ledger, stored);
    expect(verdict).toMatchObject({ lost: 0, duplicated: 0, open: ledger.length });
    expect(ledger.length).toBeGreaterThanOrEqual(total);
    // Stored but not answered: at most what was on its way at each kill.
    expect(stored.length - ledger.length).toBeLessThanOrEqual((kills + 1) * clients);
    figure('2', backend, { jobs: ledger.length, kills: kills + 1, lost: 0, duplicated: 0 });
  });

  test('13: one idempotency key 50 times in parallel through two servers: one job', {
    timeout: 240_000,
  }, async () => {
    const stage = await open();
    const fronts = await Promise.all([1, 2].map(() => startServer(stage, ['--no-worker'])));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (fronts[i % 2] as Server).enqueue({ ...NO_OP, idempotency_key: 'the same' }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.job_id)).size).toBe(1);
    expect(await allJobs(await stage.open())).toHaveLength(1);
  });
});

onRedis((open) => {
  test('12: Redis restarted under load: 503 at once meanwhile, nothing lost', {
    timeout: 240_000,
  }, async () => {
    const stage = await open({ appendfsync: 'always' });
    const redis = stage.redis as NonNullable<Stage['redis']>;
    const front = await startServer(stage, ['--no-worker']);
    await Promise.all([1, 2].map(() => startWorker(stage, { MEDIAMILL_PROCESSING_MAX_WORKERS: '1' })));
    const ledger: string[] = [];
    const refused: Answer[] = [];
    let over = false;
    const sending = Array.from({ length: 4 }, () =>
      send(
        () => front,
        ledger,
        () => over,
        (answer) => {
          if (answer.status !== 200) refused.push(answer);
        },
        20,
      ),
    );
    const down = size(700, 3000);
    for (const signal of [
      'SIGTERM',
      'SIGKILL',
      ...(down > 1000 ? (['SIGTERM', 'SIGKILL'] as const) : []),
    ] as const) {
      const before = ledger.length;
      await eventually(() => ledger.length > before + 20, 60_000, 'answers');
      await redis.stop(signal);
      await sleep(down);
      expect((await front.get('/readyz')).status).toBe(503);
      expect((await front.get('/healthz')).status).toBe(200);
      await redis.start();
      await eventually(
        async () => (await front.get('/readyz')).status === 200,
        20_000,
        'the queue to be back',
      );
    }
    over = true;
    await Promise.all(sending);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['queue_unavailable']));
    const waited = spread(refused.map(({ ms }) => ms));
    // At once, as far as a busy machine allows; a command that was waited for would take 5 s.
    expect(waited.median_ms).toBeLessThan(500);
    expect(waited.max_ms).toBeLessThan(4000);
    const queue = await stage.open();
    const stored = (await allJobs(queue)).length;
    await untilAllEnded(queue, stored, 120_000);
    const { lost, duplicated } = expectAllFinished(ledger, await allJobs(queue));
    figure('12', 'redis', {
      jobs: ledger.length,
      kills: down > 1000 ? 4 : 2,
      lost,
      duplicated,
      refused: refused.length,
      refused_after_median_ms: waited.median_ms,
      refused_after_max_ms: waited.max_ms,
    });
  });
});
