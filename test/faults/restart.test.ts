/** Cases 3 and 11, and the smaller half of 6: programs are killed or told to stop in the middle of their jobs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobRecord, NewJob, Queue } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';
import { frameCount } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { childrenOf, isAlive } from '../runner/fixtures/processes.ts';
import { figure, spread } from './figures.ts';
import { count } from './ledger.ts';
import { logged, startServer, startWorker } from './program.ts';
import { contentOf, type SlowSource, slowSource } from './slow-source.ts';
import { onEachBackend, type Stage } from './stage.ts';

/** A second of work, of which the first hundredth is seen. */
const FRAMES = 100;
const NO_OP = { task: 'sanitize_filename', params: { filename: 'a' } };
const ONE_JOB = { MEDIAMILL_PROCESSING_MAX_WORKERS: '1' };

async function enqueue(queue: Queue, job: Partial<NewJob>): Promise<string> {
  const [record] = await queue.enqueue([
    { task: '', input_path: null, output_path: null, params: {}, ...job },
  ]);
  return record?.id as string;
}

/** A job that does not end before its source is released. */
async function enqueueDownload(queue: Queue, source: SlowSource, name: string): Promise<string> {
  return await enqueue(queue, {
    task: 'download_file',
    output_path: `/data/output/${name}`,
    params: { url: source.url(name) },
  });
}

async function underWay(queue: Queue, id: string): Promise<void> {
  await eventually(async () => ((await queue.get(id))?.progress?.percent ?? 0) > 5, 60_000, 'progress');
}

async function ended(queue: Queue, id: string): Promise<JobRecord> {
  return await eventually(
    async () => {
      const job = await queue.get(id);
      return job !== null && ['finished', 'failed'].includes(job.status) && job;
    },
    120_000,
    'the end',
  );
}

function output(stage: Stage, name: string): string {
  return join(stage.root, 'data/output', name);
}

/** The files that job processes are writing. */
function halfWritten(stage: Stage): string[] {
  const work = output(stage, '.work');
  const names = existsSync(work) ? readdirSync(work, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((name) => /\/out\/[^/]+$/.test(name));
}

async function visible(stage: Stage): Promise<string[]> {
  return (await readdir(output(stage, ''))).filter((name) => !name.startsWith('.')).sort();
}

onEachBackend((open, backend) => {
  test('3: server and workers killed and started again: all goes on within two leases', {
    timeout: 240_000,
  }, async () => {
    const [stage, source] = [await open(), await slowSource()];
    const queue = await stage.open();
    const env = { ...ONE_JOB, ...source.env };
    const [server, worker] = await Promise.all([startServer(stage, [], env), startWorker(stage, env)]);
    const files = ['a.bin', 'b.bin'];
    const ids = await Promise.all(files.map((name) => enqueueDownload(queue, source, name)));
    const waiting = await enqueue(queue, NO_OP);
    for (const id of ids) await underWay(queue, id);
    expect(halfWritten(stage)).toHaveLength(2);
    await Promise.all([server.stop('SIGKILL'), worker.stop('SIGKILL'), stage.redis?.stop('SIGKILL')]);
    source.release();
    expect(await visible(stage)).toEqual([]);
    await stage.redis?.start();
    const again = performance.now();
    await Promise.all([startServer(stage, [], env), startWorker(stage, env)]);
    const times: number[] = [];
    for (const id of ids) {
      await eventually(async () => (await queue.get(id))?.attempts === 2, 60_000, 'the second attempt');
      times.push(performance.now() - again);
    }
    // The leases are 30 s long; on the same machine nobody waits for them.
    expect(Math.max(...times)).toBeLessThan(30_000);
    for (const [index, name] of files.entries()) {
      expect(await ended(queue, ids[index] as string)).toMatchObject({ status: 'finished', attempts: 2 });
      expect(readFileSync(output(stage, name)).equals(contentOf(name))).toBe(true);
    }
    expect(await ended(queue, waiting)).toMatchObject({ status: 'finished' });
    expect(await visible(stage)).toEqual(files);
    expect(await readdir(output(stage, '.work'))).toEqual([]);
    figure('3', backend, { jobs: 3, lost: 0, duplicated: 0, ...spread(times) });
  });

  test('11: SIGTERM: short jobs end, long ones go back to the queue, and it exits with 0', {
    timeout: 300_000,
  }, async () => {
    const [stage, source] = [await open(), await slowSource()];
    const queue = await stage.open();
    const env = { ...ONE_JOB, ...source.env };
    const drained = await startWorker(stage, { ...env, MEDIAMILL_PROCESSING_DRAIN_SECONDS: '60' });
    const id = await enqueueDownload(queue, source, 'short.bin');
    const next = await enqueue(queue, NO_OP);
    await underWay(queue, id);
    drained.signal('SIGTERM');
    await logged(drained, /stopping/);
    source.release();
    expect(await drained.exited).toEqual({ code: 0, signal: null });
    expect(await queue.get(id)).toMatchObject({ status: 'finished', attempts: 1 });
    expect(await queue.get(next)).toMatchObject({ status: 'queued', attempts: 0 });

    const hurried = await startWorker(stage, { ...env, MEDIAMILL_PROCESSING_DRAIN_SECONDS: '1' });
    const [long, slow] = ['long.bin', await slowSource()];
    const held = await enqueueDownload(queue, slow, long);
    await underWay(queue, held);
    const asked = performance.now();
    expect(await hurried.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const took = performance.now() - asked;
    expect(took).toBeLessThan(10_000);
    expect(await queue.get(held)).toMatchObject({ status: 'queued', attempts: 0, progress: null });
    expect(await readdir(output(stage, '.work'))).toEqual([]);

    slow.release();
    await startWorker(stage, env);
    expect(await ended(queue, held)).toMatchObject({ status: 'finished', attempts: 1 });
    expect(readFileSync(output(stage, long)).equals(contentOf(long))).toBe(true);
    figure('11', backend, { jobs: 3, lost: 0, duplicated: 0, stopped_after_ms: Math.round(took) });
  });

  test('6: kill -9 of the job process in the middle of a film: it is tried again and finishes', {
    timeout: 300_000,
  }, async () => {
    const stage = await open();
    const queue = await stage.open();
    const worker = await startWorker(stage, ONE_JOB);
    await copyFile(await counterVideo({ frames: FRAMES }), join(stage.root, 'data/input/film.mp4'));
    const id = await enqueue(queue, {
      task: 'transcode_h264_to_h265',
      input_path: '/data/input/film.mp4',
      output_path: '/data/output/film.mp4',
      params: { codec: 'libx265', preset: 'slow' },
    });
    await eventually(() => halfWritten(stage).length > 0, 60_000, 'half of a film');
    const children = childrenOf(worker.pid);
    for (const child of children) process.kill(child, 'SIGKILL');
    expect(await visible(stage)).toEqual([]);
    const film = await ended(queue, id);
    expect(film).toMatchObject({ status: 'finished', attempts: 2 });
    expect(count(film, 'attempt_failed')).toBe(1);
    expect(await visible(stage)).toEqual(['film.mp4']);
    expect(await frameCount(output(stage, 'film.mp4'))).toBe(FRAMES);
    expect(children.some(isAlive)).toBe(false);
  });
});
