/** The commands that look after a queue with many jobs, against a real server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../contracts/queue/kit.ts';
import { emptyFolder, mediamill } from './mediamill.ts';
import { type Service, sharedServer } from './service.ts';

/** Longest wait for something that a loaded machine does in its own time. */
const PATIENCE_MS = 60_000;

/** Every command is a start of the program, seconds long while other tests run. */
const SLOW = { timeout: 180_000 };

const hash = (name: string, more: object = {}) => ({
  task: 'calculate_sha256',
  input_path: `/data/input/${name}`,
  ...more,
});

async function json<T>({ cli }: Service, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

/** What the server answers: asking it directly costs no start of the program. */
async function api<T>({ url }: Service, path: string, method = 'GET', body?: object): Promise<T> {
  const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await (await fetch(`${url}/api/${path}`, { method, ...sent })).json()) as T;
}

interface Taken {
  jobs: { job_id: string }[];
}

const idsOf = ({ jobs }: Taken) => jobs.map(({ job_id: id }) => id);
const enqueue = async (service: Service, jobs: object[]) =>
  idsOf(await api<Taken>(service, 'enqueue/batch', 'POST', { jobs }));

interface JobView {
  id: string;
  status: string;
  attempts: number;
  depends_on: string[];
}

const job = (service: Service, id: string) => api<JobView>(service, `jobs/${id}`);
const counts = async (service: Service) =>
  (await api<{ counts: Record<string, number> }>(service, 'queue')).counts;

/** Each test finds a queue that runs and holds nothing. */
async function emptied(service: Service): Promise<Service> {
  const { jobs } = await api<{ jobs: JobView[] }>(service, 'jobs');
  for (const { id } of jobs) {
    await api(service, `jobs/${id}/cancel`, 'POST');
    await fetch(`${service.url}/api/jobs/${id}`, { method: 'DELETE' });
  }
  await api(service, 'queue/resume', 'POST');
  expect((await api<{ jobs: JobView[] }>(service, 'jobs')).jobs).toEqual([]);
  return service;
}

const withFile = async ({ cwd }: Service) => writeFileSync(join(cwd, 'data/input/a.txt'), 'a');

describe('on a server without a worker', SLOW, () => {
  const shared = sharedServer(['--no-worker'], undefined, withFile);

  test('queue says what it holds, is paused and goes on', async () => {
    const service = await emptied(shared());
    const { cli } = service;
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

  test('workers: none is said, with how to start one', async () => {
    expect(await shared().cli('workers')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('`mediamill worker`'),
    });
  });

  test('enqueue --batch takes a file in every form, and what is piped in', async () => {
    const service = await emptied(shared());
    const { cli, cwd, url } = service;
    const pair = [hash('a.txt', { ref: 'first', priority: 80 }), hash('a.txt', { depends_on: ['first'] })];
    writeFileSync(join(cwd, 'list.json'), JSON.stringify(pair));
    const [first = '', second = ''] = idsOf(await json(service, 'enqueue', '--batch', 'list.json'));
    expect(await json(service, 'jobs', 'show', first)).toMatchObject({ status: 'queued', priority: 80 });
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
    expect(await counts(service)).toMatchObject({ queued: 3, scheduled: 1, deferred: 1 });

    // All or none.
    writeFileSync(join(cwd, 'bad.json'), JSON.stringify([hash('a.txt'), { task: 'no_such_task' }]));
    expect(await cli('enqueue', '--batch', 'bad.json')).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('no_such_task'),
    });
    expect(await counts(service)).toMatchObject({ queued: 3 });
  });
});

describe('on a server with a worker', SLOW, () => {
  const shared = sharedServer([], undefined, withFile);

  test('a paused queue starts nothing, and then everything', async () => {
    const service = await emptied(shared());
    const { cli } = service;
    await api(service, 'queue/pause', 'POST');
    const [first = '', second = ''] = await enqueue(service, [hash('a.txt'), hash('a.txt')]);
    // A job of this kind takes some milliseconds.
    await sleep(500);
    expect(await counts(service)).toMatchObject({ queued: 2, finished: 0 });
    expect((await cli('queue', 'resume')).code).toBe(0);
    expect((await cli('jobs', 'watch', first)).code).toBe(0);
    await ended(service, second, 'finished');
  });

  test('workers are listed, told to pause, and to go on', async () => {
    const service = await emptied(shared());
    const { cli } = service;
    interface Worker {
      id: string;
      state: string;
      detail?: string;
      concurrency: number;
    }
    const workers = async () => (await api<{ workers: Worker[] }>(service, 'workers')).workers;
    const until = (wanted: string) =>
      eventually(
        async () => {
          const found = (await workers()).find((worker) => worker.state === wanted);
          if (!found) await sleep(40);
          return found ?? null;
        },
        PATIENCE_MS,
        `a worker that is ${wanted}`,
      );
    const first = await until('running');
    expect(await json(service, 'workers')).toMatchObject({ workers: [{ id: first.id, state: 'running' }] });
    const table = (await cli('workers', 'list')).stdout.split('\n');
    expect(table[0]).toMatch(/^ID +STATE +JOBS +MEMORY +UP +DETAIL/);
    expect(table[1]).toMatch(new RegExp(`^${first.id} +running +0/${first.concurrency} `));

    expect(await cli('workers', 'pause', first.id, '--reason', 'Too warm')).toMatchObject({
      code: 0,
      stdout: `${first.id}  told to pause\n`,
    });
    expect((await until('paused')).detail).toContain('Too warm');
    expect((await cli('workers')).stdout).toMatch(/paused.*Too warm/);
    const [id = ''] = await enqueue(service, [hash('a.txt')]);
    expect((await cli('workers', 'resume', first.id)).stdout).toBe(`${first.id}  told to go on\n`);
    await until('running');
    await ended(service, id, 'finished');

    expect(await cli('workers', 'pause', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(worker_not_found)'),
    });
  });

  test('jobs retry --failed runs again all that have failed, and only those', async () => {
    const service = await emptied(shared());
    const { cli, cwd } = service;
    for (const name of ['b.mp4', 'c.mp4']) writeFileSync(join(cwd, 'data/input', name), 'no film');
    const film = (name: string) => ({ task: 'get_video_info', input_path: `/data/input/${name}` });
    const [good = '', ...bad] = await enqueue(service, [hash('a.txt'), film('b.mp4'), film('c.mp4')]);
    await ended(service, good, 'finished');
    for (const id of bad) await ended(service, id, 'failed');
    // What made them fail is put right; paused, so that they can be seen waiting.
    await api(service, 'queue/pause', 'POST');
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

  const ended = (service: Service, id: string, status: string) =>
    expect.poll(async () => (await job(service, id)).status, { timeout: PATIENCE_MS }).toBe(status);
});

test(
  'enqueue --batch says what is wrong with the file or the call, before it asks the server',
  SLOW,
  async () => {
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
  },
);
