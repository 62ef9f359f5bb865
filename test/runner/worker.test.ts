import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MillError } from '../../src/core/errors.ts';
import type { NewJob, QueueEvent } from '../../src/queue/port.ts';
import type { Storage } from '../../src/storage/port.ts';
import { childrenOf, until } from './fixtures/processes.ts';
import { LEASE_MS, openWorkplace, type Workplace } from './fixtures/workplace.ts';

/** What a worker leaves free, and the size of the input of every job here. */
const RESERVE = 64 * 1024 ** 2;
const INPUT_BYTES = 'content of a'.length;

async function workFolders({ outputRoot }: Workplace): Promise<string[]> {
  return await readdir(join(outputRoot, '.work')).catch(() => []);
}

describe('a job', () => {
  it('is run, published and finished', async () => {
    const place = await openWorkplace();
    await writeFile(join(place.inputRoot, 'b.txt'), 'and of b');
    place.start();
    const { id } = await place.enqueue('write', { params: { text: 'hello ', more: '/data/input/b.txt' } });
    const job = await place.settled(id);
    expect(job).toMatchObject({ status: 'finished', attempts: 1, error: null });
    expect(job.result).toMatchObject({
      success: true,
      message: 'Wrote 6 characters.',
      output_path: '/data/output/out.txt',
      outputs: [{ name: 'out.txt', size_bytes: 14, media_type: 'text/plain' }],
      metrics: { input_size_bytes: 20, output_size_bytes: 14 },
      data: { length: 6 },
      warnings: [],
    });
    expect(job.result?.metrics.duration_ms).toBeGreaterThan(0);
    expect(job.result?.metrics.peak_memory_bytes).toBeGreaterThan(0);
    expect(await readFile(join(place.outputRoot, 'out.txt'), 'utf8')).toBe('hello and of b');
    expect(await workFolders(place)).toEqual([]);
  });

  it('keeps its lease while it runs longer than that', async () => {
    const place = await openWorkplace();
    place.start({ leaseMs: 600 });
    const { id } = await place.enqueue('write', { params: { text: 'late', wait_ms: 1500 } });
    expect(await place.settled(id)).toMatchObject({ status: 'finished', attempts: 1 });
  });

  it('tells its progress and its log, seldom enough', async () => {
    const place = await openWorkplace();
    const events: QueueEvent[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      for await (const event of place.queue.watch(watching.signal)) events.push(event);
    })();
    place.start();
    const progress = await place.enqueue('progress', { params: {} });
    const talk = await place.enqueue('talk');
    await place.settled(progress.id);
    // A task without an output has none to show.
    expect((await place.settled(talk.id)).result).toMatchObject({ output_path: null, outputs: [] });
    expect(existsSync(join(place.outputRoot, 'out.txt'))).toBe(false);
    watching.abort();
    await watched;
    expect((await place.queue.logs(talk.id)).map(({ text }) => text).sort()).toEqual([
      'by the log',
      'by the pipe',
    ]);
    expect(events.filter(({ type }) => type === 'progress').length).toBeLessThanOrEqual(2);
  });

  it('forwards progress at least once a second while it changes', async () => {
    const place = await openWorkplace();
    place.start();
    const { id } = await place.enqueue('hang');
    await until(async () => (await place.queue.get(id))?.progress?.percent === 1, 3000);
    await place.queue.cancel(id);
    await place.settled(id);
  });

  it('as many run at a time as configured, and no more', async () => {
    const place = await openWorkplace();
    const worker = place.start({ concurrency: 2 });
    const jobs = await Promise.all(
      [1, 2, 3].map((n) =>
        place.enqueue('write', { params: { text: 'x', wait_ms: 700 }, output_path: `/data/output/${n}.txt` }),
      ),
    );
    await until(() => worker.running === 2, 5000);
    const statuses = await Promise.all(jobs.map(async ({ id }) => (await place.queue.get(id))?.status));
    expect(statuses.sort()).toEqual(['queued', 'started', 'started']);
    for (const { id } of jobs) expect((await place.settled(id)).status).toBe('finished');
  });
});

describe('a job that fails', () => {
  it('by an error, a crash or a timeout after half of its output shows nothing of it', async () => {
    const place = await openWorkplace();
    await writeFile(join(place.outputRoot, 'out.txt'), 'what was there');
    place.start();
    for (const [how, code] of Object.entries({
      throw: 'engine_failed',
      crash: 'crashed',
      hang: 'timed_out',
    })) {
      const { id } = await place.enqueue('half_output', { params: { how }, timeout_seconds: 1 });
      const job = await place.settled(id);
      expect(job).toMatchObject({ status: 'failed', result: null, error: { code } });
      if (how === 'hang') expect(job.error?.facts).toEqual({ timeout_seconds: 1 });
      // And no paths of this host.
      if (how === 'throw') expect(job.error?.detail).toBe('Could not go on with /data/output/out.txt.');
      expect(await readFile(join(place.outputRoot, 'out.txt'), 'utf8')).toBe('what was there');
      expect(await workFolders(place)).toEqual([]);
    }
  });

  it('before it begins is not tried again', async () => {
    const place = await openWorkplace();
    place.start();
    const refused: [string, Partial<NewJob>, string][] = [
      ['write', { input_path: '/data/input/missing.txt', params: { text: 'x' } }, 'input_not_found'],
      ['write', { params: { text: 'x', more: '/data/input/missing.txt' } }, 'input_not_found'],
      ['write', { params: {} }, 'invalid_params'],
      ['write', { params: { text: 'x' }, output_path: '/data/output/out.mp3' }, 'unsupported_output'],
      ['write', { params: { text: 'x', more: '/etc/hostname' } }, 'path_outside_storage'],
      ['no_such_task', {}, 'unknown_task'],
    ];
    for (const [task, job, code] of refused) {
      const { id } = await place.enqueue(task, { attempts: 3, ...job });
      expect(await place.settled(id), JSON.stringify(job)).toMatchObject({
        status: 'failed',
        attempts: 1,
        error: { code },
      });
    }
  });

  it('is started only when there is room for its output', async () => {
    const place = await openWorkplace();
    let free = 0;
    place.start({ storage: { ...place.storage, freeBytes: async () => free } });
    for (const [task, name, room, status] of [
      ['write', 'out.txt', RESERVE, 'finished'],
      ['write', 'out.txt', RESERVE - 1, 'failed'],
      ['write_movie', 'out.mp4', RESERVE + 2 * INPUT_BYTES, 'finished'],
      ['write_movie', 'out.mp4', RESERVE + 2 * INPUT_BYTES - 1, 'failed'],
    ] as const) {
      free = room;
      const output_path = `/data/output/${name}`;
      const job = await place.settled((await place.enqueue(task, { params: { text: 'x' }, output_path })).id);
      expect(job.status, `${task} with ${room} bytes free`).toBe(status);
      if (status === 'failed') expect(job.error).toMatchObject({ code: 'disk_full', retryable: true });
    }
  });

  it('at publishing leaves what was there', async () => {
    const place = await openWorkplace();
    await writeFile(join(place.outputRoot, 'out.txt'), 'what was there');
    const publish = async () => {
      throw new MillError('disk_full');
    };
    place.start({ storage: { ...place.storage, publish } });
    const { id } = await place.enqueue('write', { params: { text: 'x' } });
    expect((await place.settled(id)).error?.code).toBe('disk_full');
    expect(await readFile(join(place.outputRoot, 'out.txt'), 'utf8')).toBe('what was there');
    expect(await workFolders(place)).toEqual([]);
  });
});

describe('cancel', () => {
  it('is heard from the lease when nobody tells of it', async () => {
    const place = await openWorkplace();
    const deaf = {
      ...place.queue,
      async *watch(signal: AbortSignal): AsyncIterable<QueueEvent> {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    place.start({ queue: deaf, leaseMs: 900 });
    const { id } = await place.enqueue('write', { params: { text: 'x', wait_ms: 10_000 } });
    await place.settled(id, 'started');
    await place.queue.cancel(id);
    expect((await place.settled(id)).status).toBe('canceled');
  });
});

describe('lease', () => {
  it('lost while working: the work ends and nothing of it is published', async () => {
    const place = await openWorkplace();
    // As a worker that was stopped for longer than its lease: nothing gets through, then it wakes up.
    let frozen = true;
    const stopped = {
      ...place.queue,
      renew: async (...call: Parameters<typeof place.queue.renew>) => {
        if (frozen) throw new MillError('queue_unavailable');
        return await place.queue.renew(...call);
      },
    };
    const publishers: string[] = [];
    const publishedBy = (name: string): Storage => ({
      ...place.storage,
      publish: async (...call) => {
        publishers.push(name);
        await place.storage.publish(...call);
      },
    });
    const slow = place.start({ id: 'slow', queue: stopped, storage: publishedBy('slow'), leaseMs: 500 });
    const { id } = await place.enqueue('write', { params: { text: 'x', wait_ms: 3000 }, attempts: 2 });
    await until(() => slow.running === 1, 5000);
    place.start({ id: 'quick', storage: publishedBy('quick') });
    await until(async () => (await place.queue.get(id))?.worker === 'quick', 5000);
    expect(slow.running).toBe(1);
    frozen = false;
    await until(() => slow.running === 0, 1500);
    expect(await place.settled(id)).toMatchObject({ status: 'finished', attempts: 2, worker: 'quick' });
    expect(publishers).toEqual(['quick']);
    expect(await workFolders(place)).toEqual([]);
  });

  it('lost before publishing: the fence holds', async () => {
    const place = await openWorkplace();
    let published = 0;
    const storage = {
      ...place.storage,
      publish: async (...call: Parameters<typeof place.storage.publish>) => {
        published += 1;
        return await place.storage.publish(...call);
      },
    };
    const queue = {
      ...place.queue,
      renew: async () => {
        throw new MillError('lease_lost');
      },
    };
    const worker = place.start({ queue, storage, leaseMs: 60_000 });
    await place.enqueue('write', { params: { text: 'x' } });
    await until(() => worker.running === 1, 5000);
    await until(() => worker.running === 0, 5000);
    expect(published).toBe(0);
    expect(await workFolders(place)).toEqual([]);
  });
});

describe('stop', () => {
  it('lets running jobs end, and starts no more', async () => {
    const place = await openWorkplace();
    const worker = place.start();
    const first = await place.enqueue('write', { params: { text: 'x', wait_ms: 800 } });
    const second = await place.enqueue('write', { params: { text: 'y' } });
    await place.settled(first.id, 'started');
    const stopping = worker.stop();
    await until(async () => (await place.queue.workers())[0]?.state === 'draining', 1000);
    await stopping;
    expect((await place.queue.get(first.id))?.status).toBe('finished');
    expect((await place.queue.get(second.id))?.status).toBe('queued');
    expect(await place.queue.workers()).toEqual([]);
    expect(childrenOf(process.pid)).toEqual([]);
  });

  it('gives back what does not end in time; the attempt does not count', async () => {
    const place = await openWorkplace();
    const worker = place.start();
    const { id } = await place.enqueue('hang');
    await place.settled(id, 'started');
    const asked = performance.now();
    await worker.stop(200);
    expect(performance.now() - asked).toBeLessThan(2500);
    expect(await place.queue.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
    expect(await workFolders(place)).toEqual([]);
    expect(childrenOf(process.pid)).toEqual([]);
  });

  it('can be hurried', async () => {
    const place = await openWorkplace();
    const worker = place.start();
    const { id } = await place.enqueue('hang');
    await place.settled(id, 'started');
    const patient = worker.stop(60_000);
    await worker.stop(0);
    await patient;
    expect((await place.queue.get(id))?.status).toBe('queued');
  });

  it('a cancel is heard while it drains', async () => {
    const place = await openWorkplace();
    const worker = place.start({ leaseMs: 60_000 });
    const { id } = await place.enqueue('hang');
    await place.settled(id, 'started');
    const stopping = worker.stop(30_000);
    await place.queue.cancel(id);
    await stopping;
    expect((await place.queue.get(id))?.status).toBe('canceled');
  });
});

describe('a queue that is away', () => {
  it('is waited for, by an idle worker and by one with a result', async () => {
    const place = await openWorkplace();
    let away = true;
    const whenThere =
      <Args extends unknown[], T>(operation: (...args: Args) => Promise<T>) =>
      async (...args: Args): Promise<T> => {
        if (away) throw new MillError('queue_unavailable');
        return await operation(...args);
      };
    const { queue } = place;
    const flaky = {
      ...queue,
      claim: whenThere(queue.claim),
      renew: whenThere(queue.renew),
      complete: whenThere(queue.complete),
      announce: whenThere(queue.announce),
      progress: whenThere(queue.progress),
      log: whenThere(queue.log),
    };
    const worker = place.start({ queue: flaky, leaseMs: 60_000 });
    const { id } = await place.enqueue('write', { params: { text: 'kept', wait_ms: 300 } });
    await sleep(300);
    expect((await queue.get(id))?.status).toBe('queued');
    away = false;
    await place.settled(id, 'started');
    away = true;
    await sleep(700);
    expect(worker.running).toBe(1);
    expect((await queue.get(id))?.status).toBe('started');
    away = false;
    expect(await place.settled(id)).toMatchObject({ status: 'finished', attempts: 1 });
    expect(await readFile(join(place.outputRoot, 'out.txt'), 'utf8')).toBe('kept');
  });
});

describe('at start', () => {
  it('work folders of attempts that ended are swept, those of living ones stay', async () => {
    const place = await openWorkplace();
    const [claimable] = [await place.enqueue('hang')];
    const claim = await place.queue.claim('another worker', 60_000);
    expect(claim?.job.id).toBe(claimable.id);
    const living = `${claimable.id}-1`;
    for (const name of [living, `${claimable.id}-7`, 'no-such-job-1', 'strange']) {
      await mkdir(join(place.outputRoot, '.work', name), { recursive: true });
    }
    place.start();
    await until(async () => (await workFolders(place)).length === 1, 3000);
    await sleep(100);
    expect(await workFolders(place)).toEqual([living]);
  });

  it('the worker is announced with what it does', async () => {
    const place = await openWorkplace();
    const worker = place.start({ id: 'anna', concurrency: 3, leaseMs: LEASE_MS });
    const { id } = await place.enqueue('hang');
    await until(async () => (await place.queue.workers())[0]?.jobs[0] === id, 3000);
    expect(await place.queue.workers()).toMatchObject([
      { id: 'anna', pid: process.pid, concurrency: 3, state: 'running', jobs: [id] },
    ]);
    await worker.stop(0);
    expect(await place.queue.workers()).toEqual([]);
  });
});
