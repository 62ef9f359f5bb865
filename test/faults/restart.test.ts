/** Cases 3 and 11, and the smaller half of 6: programs are killed or told to stop in the middle of their jobs. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobRecord } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';
import { frameCount } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { childrenOf, isAlive } from '../runner/fixtures/processes.ts';
import { figure, spread } from './figures.ts';
import { count } from './ledger.ts';
import { type Server, startServer, startWorker } from './program.ts';
import { onEachBackend, type Stage } from './stage.ts';

/** Long enough to be killed in the middle, on any machine. */
const FRAMES = 300;
const NO_OP = { task: 'sanitize_filename', params: { filename: 'a' } };

/** A job that takes seconds, on any machine. */
async function enqueueFilm(stage: Stage, server: Server, name: string): Promise<string> {
  await copyFile(await counterVideo({ frames: FRAMES }), join(stage.root, 'data/input', name));
  const answer = await server.enqueue({
    task: 'transcode_h264_to_h265',
    input_path: `/data/input/${name}`,
    output_path: `/data/output/${name}`,
    params: { codec: 'libx265', preset: 'slow' },
  });
  expect(answer.status).toBe(200);
  return answer.body.job_id as string;
}

async function underWay(server: Server, id: string): Promise<void> {
  await eventually(async () => ((await server.job(id)).progress?.percent ?? 0) > 5, 60_000, 'progress');
}

async function visible(stage: Stage): Promise<string[]> {
  return (await readdir(join(stage.root, 'data/output'))).filter((name) => !name.startsWith('.')).sort();
}

onEachBackend((open, backend) => {
  test('3: server and workers killed and started again: all goes on within two leases', {
    timeout: 240_000,
  }, async () => {
    const stage = await open();
    const env = { MEDIAMILL_PROCESSING_MAX_WORKERS: '1' };
    let server = await startServer(stage, [], env);
    const worker = await startWorker(stage, env);
    const films = ['a.mp4', 'b.mp4'];
    const ids = await Promise.all(films.map((name) => enqueueFilm(stage, server, name)));
    const waiting = await server.enqueue(NO_OP);
    for (const id of ids) await underWay(server, id);
    await Promise.all([server.stop('SIGKILL'), worker.stop('SIGKILL'), stage.redis?.stop('SIGKILL')]);
    expect(await visible(stage)).toEqual([]);
    await stage.redis?.start();
    const again = performance.now();
    server = await startServer(stage, [], env);
    await startWorker(stage, env);
    const times: number[] = [];
    for (const id of ids) {
      await eventually(async () => (await server.job(id)).attempts === 2, 60_000, 'the second attempt');
      times.push(performance.now() - again);
    }
    // The leases are 30 s long; on the same machine nobody waits for them.
    expect(Math.max(...times)).toBeLessThan(30_000);
    const ended = async (id: string): Promise<JobRecord> =>
      await eventually(
        async () => {
          const job = await server.job(id);
          return ['finished', 'failed'].includes(job.status) && job;
        },
        120_000,
        'the end',
      );
    for (const [index, id] of ids.entries()) {
      expect(await ended(id)).toMatchObject({ status: 'finished', attempts: 2 });
      expect(await frameCount(join(stage.root, 'data/output', films[index] as string))).toBe(FRAMES);
    }
    expect(await ended(waiting.body.job_id as string)).toMatchObject({ status: 'finished' });
    const shown = await visible(stage);
    expect(shown).toHaveLength(3);
    expect(shown).toEqual(expect.arrayContaining(films));
    expect(await readdir(join(stage.root, 'data/output/.work'))).toEqual([]);
    figure('3', backend, { jobs: 3, lost: 0, duplicated: 0, ...spread(times) });
  });

  test('11: SIGTERM: short jobs end, long ones go back to the queue, and it exits with 0', {
    timeout: 300_000,
  }, async () => {
    const stage = await open();
    const front = await startServer(stage, ['--no-worker']);
    const env = { MEDIAMILL_PROCESSING_MAX_WORKERS: '1', MEDIAMILL_PROCESSING_DRAIN_SECONDS: '15' };
    const drained = await startWorker(stage, env);
    // Zeros cost no space; hashing these takes a second or two.
    const file = openSync(join(stage.root, 'data/input/zeros'), 'w');
    ftruncateSync(file, 1e9);
    closeSync(file);
    const short = await front.enqueue({ task: 'calculate_sha256', input_path: '/data/input/zeros' });
    const id = short.body.job_id as string;
    const next = await front.enqueue(NO_OP);
    await eventually(async () => (await front.job(id)).status === 'started', 60_000, 'the start');
    expect(await drained.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await front.job(id)).toMatchObject({ status: 'finished', attempts: 1 });
    expect(await front.job(next.body.job_id as string)).toMatchObject({ status: 'queued', attempts: 0 });

    const hurried = await startWorker(stage, { ...env, MEDIAMILL_PROCESSING_DRAIN_SECONDS: '1' });
    const film = await enqueueFilm(stage, front, 'film.mp4');
    await underWay(front, film);
    const asked = performance.now();
    expect(await hurried.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const took = performance.now() - asked;
    expect(took).toBeLessThan(10_000);
    expect(await front.job(film)).toMatchObject({ status: 'queued', attempts: 0, progress: null });
    expect(await readdir(join(stage.root, 'data/output/.work'))).toEqual([]);

    await startWorker(stage, env);
    await eventually(async () => (await front.job(film)).status === 'finished', 120_000, 'the film');
    expect(await front.job(film)).toMatchObject({ attempts: 1 });
    expect(await frameCount(join(stage.root, 'data/output/film.mp4'))).toBe(FRAMES);
    figure('11', backend, { jobs: 3, lost: 0, duplicated: 0, stopped_after_ms: Math.round(took) });
  });

  test('6: kill -9 of the job process in the middle of a film: it is tried again and finishes', {
    timeout: 300_000,
  }, async () => {
    const stage = await open();
    const server = await startServer(stage, [], { MEDIAMILL_PROCESSING_MAX_WORKERS: '1' });
    const id = await enqueueFilm(stage, server, 'film.mp4');
    await underWay(server, id);
    const children = childrenOf(server.pid);
    for (const child of children) process.kill(child, 'SIGKILL');
    await eventually(async () => (await server.job(id)).attempts === 2, 60_000, 'the second attempt');
    expect(await visible(stage)).toEqual([]);
    await eventually(async () => (await server.job(id)).status === 'finished', 120_000, 'the end');
    expect(count(await server.job(id), 'attempt_failed')).toBe(1);
    expect(await visible(stage)).toEqual(['film.mp4']);
    expect(await frameCount(join(stage.root, 'data/output/film.mp4'))).toBe(FRAMES);
    expect(children.some(isAlive)).toBe(false);
  });
});
