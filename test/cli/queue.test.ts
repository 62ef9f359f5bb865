/** The commands that look after a queue with many jobs, against a real server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../contracts/queue/kit.ts';
import { emptyFolder, mediamill } from './mediamill.ts';
import { type Service, serve } from './service.ts';

/** Longest wait for something that a loaded machine does in its own time. */
const PATIENCE_MS = 60_000;

/** Every command is a start of the program, seconds long while other tests run. */
const SLOW = { timeout: 180_000 };

const hash = (name: string, more: object = {}) => ({
  task: 'calculate_sha256',
  input_path: `/data/input/${name}`,
  ...more,
});

/** Hands in jobs by a file, and answers their ids. */
async function enqueue({ cli, cwd }: Service, jobs: object[]): Promise<string[]> {
  writeFileSync(join(cwd, 'jobs.json'), JSON.stringify(jobs));
  const { code, stdout, stderr } = await cli('enqueue', '--batch', 'jobs.json', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout).jobs as { job_id: string }[]).map(({ job_id: id }) => id);
}

async function json<T>({ cli }: Service, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface JobView {
  id: string;
  status: string;
  attempts: number;
  depends_on: string[];
}

const job = (service: Service, id: string) => json<JobView>(service, 'jobs', 'show', id);

describe('queue', SLOW, () => {
  test('says what it holds, is paused and goes on', async () => {
    const service = await serve(['--no-worker']);
    const { cli, cwd } = service;
    writeFileSync(join(cwd, 'data/input/a.txt'), 'a');
    expect(await cli('queue')).toMatchObject({ code: 0, stdout: 'running\n', stderr: '' });
    await enqueue(service, [hash('a.txt'), hash('a.txt', { delay_ms: 900_000 }), hash('a.txt')]);
    const held = await cli('queue', 'status');
    expect(held.stdout.split('\n')).toEqual(['running', '      2  queued', '      1  scheduled', '']);

    const paused = await cli('queue', 'pause', '--reason', 'New disk');
    expect(paused).toMatchObject({ code: 0, stderr: '' });
    expect(paused.stdout).toMatch(/^paused {2}since .+ {2}New disk\n$/);
    expect(await json(service, 'queue')).toMatchObject({
      paused: true,
      reason: 'New disk',
      counts: { queued: 2, scheduled: 1, finished: 0 },
    });
    expect((await cli('queue', 'resume')).stdout).toBe('running\n');
    expect(await json(service, 'queue', 'status')).toMatchObject({ paused: false, reason: null });
    expect(await cli('queue', 'stop')).toMatchObject({ code: 2, stdout: '' });
  });

  test('starts nothing while it is paused, and then everything', async () => {
    const service = await serve();
    const { cli, cwd } = service;
    writeFileSync(join(cwd, 'data/input/a.txt'), 'a');
    expect((await cli('queue', 'pause')).code).toBe(0);
    const ids = await enqueue(service, [hash('a.txt'), hash('a.txt')]);
    // A job of this kind takes some milliseconds; the commands between take longer.
    expect((await cli('queue')).stdout).toContain('2  queued');
    expect((await cli('queue', 'resume')).code).toBe(0);
    for (const id of ids) expect((await cli('jobs', 'watch', id)).code).toBe(0);
    expect((await cli('queue')).stdout).toContain('2  finished');
  });
});

describe('workers', SLOW, () => {
  test('are listed, told to pause, and to go on', async () => {
    const service = await serve();
    const { cli, cwd } = service;
    writeFileSync(join(cwd, 'data/input/a.txt'), 'a');
    interface Worker {
      id: string;
      state: string;
      detail?: string;
      concurrency: number;
    }
    const workers = async () => (await json<{ workers: Worker[] }>(service, 'workers')).workers;
    const first = await eventually(async () => (await workers())[0] ?? null, PATIENCE_MS, 'a worker');
    expect(first).toMatchObject({ state: 'running' });
    const table = (await cli('workers', 'list')).stdout.split('\n');
    expect(table[0]).toMatch(/^ID +STATE +JOBS +MEMORY +UP +DETAIL/);
    expect(table[1]).toMatch(new RegExp(`^${first.id} +running +0/${first.concurrency} `));

    expect(await cli('workers', 'pause', first.id, '--reason', 'Too warm')).toMatchObject({
      code: 0,
      stdout: `${first.id}  told to pause\n`,
    });
    const state = (wanted: string) =>
      eventually(
        async () => (await workers()).find((worker) => worker.state === wanted) ?? null,
        PATIENCE_MS,
        `a worker that is ${wanted}`,
      );
    expect((await state('paused')).detail).toContain('Too warm');
    expect((await cli('workers')).stdout).toMatch(/paused.*Too warm/);
    const [id = ''] = await enqueue(service, [hash('a.txt')]);
    expect((await cli('workers', 'resume', first.id)).stdout).toBe(`${first.id}  told to go on\n`);
    await state('running');
    expect((await cli('jobs', 'watch', id)).code).toBe(0);

    expect(await cli('workers', 'pause', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(worker_not_found)'),
    });
  });

  test('none is said, with how to start one', async () => {
    const { cli } = await serve(['--no-worker']);
    expect(await cli('workers')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('`mediamill worker`'),
    });
  });
});

describe('jobs retry', SLOW, () => {
  test('--failed runs again all that have failed, and only those', async () => {
    const service = await serve();
    const { cli, cwd } = service;
    writeFileSync(join(cwd, 'data/input/good.txt'), 'good');
    for (const name of ['b.mp4', 'c.mp4']) writeFileSync(join(cwd, 'data/input', name), 'no film');
    const film = (name: string) => ({ task: 'get_video_info', input_path: `/data/input/${name}` });
    const [good = '', ...bad] = await enqueue(service, [hash('good.txt'), film('b.mp4'), film('c.mp4')]);
    expect((await cli('jobs', 'watch', good)).code).toBe(0);
    for (const id of bad) expect((await cli('jobs', 'watch', id)).code).toBe(1);
    // What made them fail is put right; paused, so that they can be seen waiting.
    await cli('queue', 'pause');
    expect(await cli('jobs', 'retry', '--failed', '--task', 'calculate_sha256')).toMatchObject({
      code: 0,
      stdout: '0 queued again\n',
    });
    expect(await cli('jobs', 'retry', '--failed')).toMatchObject({
      code: 0,
      stdout: '2 queued again\n',
      stderr: '',
    });
    for (const id of bad) expect(await job(service, id)).toMatchObject({ status: 'queued', attempts: 0 });
    expect(await job(service, good)).toMatchObject({ status: 'finished', attempts: 1 });
    expect(await json(service, 'jobs', 'retry', '--failed')).toEqual({ done: 0, ids: [], refused: [] });

    for (const args of [['--failed', good], []]) {
      expect(await cli('jobs', 'retry', ...args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('`jobs retry --failed`'),
      });
    }
  });
});

describe('enqueue --batch', SLOW, () => {
  test('takes a file in every form, and what is piped in', async () => {
    const service = await serve(['--no-worker']);
    const { cli, cwd, url } = service;
    writeFileSync(join(cwd, 'data/input/a.txt'), 'a');
    const [first = '', second = ''] = await enqueue(service, [
      hash('a.txt', { ref: 'first', priority: 80 }),
      hash('a.txt', { depends_on: ['first'] }),
    ]);
    expect(await job(service, first)).toMatchObject({ status: 'queued', priority: 80 });
    expect(await job(service, second)).toMatchObject({ status: 'deferred', depends_on: [first] });

    writeFileSync(join(cwd, 'object.json'), JSON.stringify({ jobs: [hash('a.txt')] }, null, 2));
    expect((await cli('enqueue', '--batch', 'object.json')).stdout).toMatch(/^[0-9a-f-]{36} {2}queued\n$/);
    const lines = [hash('a.txt'), hash('a.txt', { delay_ms: 900_000 })].map((one) => JSON.stringify(one));
    const piped = await mediamill(['enqueue', '--batch', '-'], {
      cwd,
      env: { MEDIAMILL_URL: url },
      input: `${lines.join('\n\n')}\n`,
    });
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.stdout).toMatch(/^[0-9a-f-]{36} {2}queued\n[0-9a-f-]{36} {2}scheduled\n$/);
    expect(await json(service, 'queue')).toMatchObject({ counts: { queued: 3, scheduled: 1, deferred: 1 } });

    // All or none.
    writeFileSync(join(cwd, 'bad.json'), JSON.stringify([hash('a.txt'), { task: 'no_such_task' }]));
    expect(await cli('enqueue', '--batch', 'bad.json')).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('no_such_task'),
    });
    expect(await json(service, 'queue')).toMatchObject({ counts: { queued: 3 } });
  });

  test('says what is wrong with the file or the call, before it asks the server', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'empty.json'), '[]');
    writeFileSync(join(cwd, 'torn.json'), '{"task": "a"}\n{"task": ');
    writeFileSync(join(cwd, 'one.json'), '{"task": "a"}');
    const said = async (...args: string[]) => {
      const { code, stdout, stderr } = await mediamill(['enqueue', ...args], { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      return stderr;
    };
    expect(await said('--batch', 'none.json')).toContain('does not exist');
    expect(await said('--batch', 'empty.json')).toContain('holds no jobs');
    expect(await said('--batch', 'torn.json')).toContain('line 2');
    expect(await said('--batch', 'one.json', '--priority', '3')).toContain('--priority is for one job');
    expect(await said('--batch', 'one.json', '--job-timeout', '3')).toContain('--job-timeout is for one job');
    expect(await said('--batch', 'one.json', 'calculate_sha256', 'a.txt')).toContain('not both');
    expect(await said()).toContain('--batch FILE');
  });
});
