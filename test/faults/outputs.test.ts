/** Cases 16, 17 and 20: killed while an output is written, right after it got its name, and between two steps. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { JobRecord } from '../../src/queue/port.ts';
import openLocalStorage from '../../src/storage/drivers/local.ts';
import { newJob } from '../contracts/queue/kit.ts';
import { frameCount } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { figure } from './figures.ts';
import { allJobs, expectAllFinished, untilAllEnded } from './ledger.ts';
import { size } from './size.ts';
import { onEachBackend, openEmbedded, type Stage } from './stage.ts';

function output({ root }: Stage, name = ''): string {
  return join(root, 'data/output', name);
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** What nobody should ever see: work folders, and names that begin with a dot. */
function strays({ root }: Stage): string[] {
  return readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(^|\/)\.(mill-|work\/|incoming\/)/.test(name),
  );
}

describe('the storage', () => {
  test('16: killed while it writes outputs: each name is absent or whole', { timeout: 300_000 }, async () => {
    const stage = await openEmbedded();
    const bytes = 4_000_000;
    const rounds = size(8, 100);
    const seen = { absent: 0, whole: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const publisher = stage.spawn('faults/publisher', stage.root, bytes);
      await publisher.line('published');
      await sleep(Math.random() * 100);
      publisher.kill('SIGKILL');
      await publisher.exited;
      const film = output(stage, 'film.bin');
      const content = existsSync(film) ? readFileSync(film) : null;
      if (content === null) seen.absent += 1;
      else {
        expect(content.length).toBe(bytes);
        expect(content.equals(Buffer.alloc(bytes, content[0]))).toBe(true);
        seen.whole += 1;
      }
      if (!existsSync(output(stage, 'frames'))) continue;
      const parts = readdirSync(output(stage, 'frames')).map((name) =>
        readFileSync(output(stage, `frames/${name}`)),
      );
      expect(parts).toHaveLength(4);
      for (const part of parts) expect(part.equals(Buffer.alloc(10_000, parts[0]?.[0]))).toBe(true);
    }
    expect(seen.whole).toBeGreaterThan(0);
    // The next worker that starts clears away what the dead ones left.
    const storage = await openLocalStorage({
      inputRoot: join(stage.root, 'data/input'),
      outputRoot: output(stage),
    });
    await storage.sweep(async () => false);
    expect(strays(stage)).toEqual([]);
    figure('16', 'any', { kills: rounds, half_written: 0, ...seen });
  });
});

onEachBackend((open, backend) => {
  const dyingWorker = (stage: Stage, moment: 'published' | 'submitted') =>
    stage.spawn('faults/dying-worker', stage.root, moment);

  test('17: killed after the rename, before the queue knows: same content, one result', {
    timeout: 240_000,
  }, async () => {
    const stage = await open();
    const queue = await stage.open();
    await copyFile(await counterVideo({ frames: 25 }), join(stage.root, 'data/input/film.mp4'));
    const [job] = await queue.enqueue([
      newJob({
        task: 'resize_to_720p',
        input_path: '/data/input/film.mp4',
        output_path: '/data/output/small.mp4',
        params: { height: 90 },
      }),
    ]);
    const id = job?.id as string;
    const first = dyingWorker(stage, 'published');
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    expect((await queue.get(id))?.result).toBeNull();
    const before = hashOf(output(stage, 'small.mp4'));
    const second = dyingWorker(stage, 'published');
    await untilAllEnded(queue, 1, 120_000);
    expect(await queue.get(id)).toMatchObject({ attempts: 2, result: { outputs: [{ name: 'small.mp4' }] } });
    expect(hashOf(output(stage, 'small.mp4'))).toBe(before);
    expect(await frameCount(output(stage, 'small.mp4'))).toBe(25);
    expectAllFinished([id], await allJobs(queue));
    second.kill('SIGTERM');
    await second.exited;
    expect(readdirSync(output(stage)).filter((name) => !name.startsWith('.'))).toEqual(['small.mp4']);
    expect(strays(stage)).toEqual([]);
    figure('17', backend, { jobs: 1, kills: 1, lost: 0, duplicated: 0 });
  });

  test('20: a chain with a kill between the steps: the next job exactly once', {
    timeout: 300_000,
  }, async () => {
    const stage = await open();
    const queue = await stage.open({ attempts: 10 });
    const [triggers, steps] = [size(1, 2), size(1, 4)];
    await copyFile(await counterVideo({ frames: 25 }), join(stage.root, 'data/input/film.mp4'));
    const [first] = await queue.enqueue([
      newJob({
        task: 'chain_job_trigger',
        input_path: '/data/input/film.mp4',
        output_path: null,
        params: { next_task: 'calculate_sha256', next_output: '/data/output/film.sha256' },
      }),
    ]);
    const id = first?.id as string;
    // An attempt that dies at the same place again must find the same job.
    for (let kills = 0; kills < triggers; kills += 1) {
      expect(await dyingWorker(stage, 'submitted').exited).toMatchObject({ signal: 'SIGKILL' });
      expect(await allJobs(queue)).toHaveLength(2);
    }
    const next = (await allJobs(queue)).find((job) => job.id !== id) as JobRecord;
    expect(next).toMatchObject({ task: 'calculate_sha256', attempts: 0, chain_depth: 1 });

    // Jobs that wait for one another. Each is killed when it was done, before that was told.
    const ids = [next.id];
    for (let n = 0; n < steps; n += 1) {
      const [job] = await queue.enqueue([
        newJob({
          task: 'create_file_manifest',
          input_path: '/data/input/film.mp4',
          output_path: `/data/output/step-${n}.json`,
          depends_on: [ids[n] as string],
        }),
      ]);
      ids.push(job?.id as string);
    }
    for (let n = 0; n <= steps; n += 1) {
      // It finishes what the one before has left, and dies in the first attempt of the next job.
      expect(await dyingWorker(stage, 'published').exited).toMatchObject({ signal: 'SIGKILL' });
      const states = await Promise.all(ids.map(async (one) => (await queue.get(one))?.status));
      expect(states.slice(0, n)).toEqual(ids.slice(0, n).map(() => 'finished'));
      // Nobody goes ahead of the one that is not known to be done.
      expect(states.slice(n + 1)).toEqual(ids.slice(n + 1).map(() => 'deferred'));
    }
    dyingWorker(stage, 'published');
    await untilAllEnded(queue, 2 + steps, 120_000);
    const all = await allJobs(queue);
    expect(all).toHaveLength(2 + steps);
    expectAllFinished([id, ...ids], all);
    expect(all.find((job) => job.id === id)).toMatchObject({
      attempts: triggers + 1,
      result: { data: { next_job_id: next.id } },
    });
    for (const one of ids) expect(all.find((job) => job.id === one)?.attempts).toBe(2);
    figure('20', backend, { jobs: 2 + steps, kills: triggers + 1 + steps, lost: 0, duplicated: 0 });
  });
});
