/** The whole program, started as a user starts it, and killed where it hurts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobRecord } from '../../src/queue/port.ts';
import { frameCount } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';

const LAUNCHER = new URL('../../bin/mediamill.mjs', import.meta.url).pathname;
const FRAMES = 300;
/** Long enough to be killed in the middle, on any machine. */
const WORK = { codec: 'libx265', preset: 'slow' };

interface Server {
  process: ChildProcess;
  url: string;
}

let root: string;
let server: Server | null = null;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mill-faults-'));
});

afterEach(async () => {
  if (server) await stop(server, 'SIGTERM');
  server = null;
  await rm(root, { recursive: true, force: true });
});

async function start(): Promise<Server> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--port', '0', '--log-format', 'json'], {
    cwd: root,
    env: { ...process.env, MEDIAMILL_PROCESSING_DRAIN_SECONDS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.stdout?.on('data', (chunk) => {
    log += chunk;
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
    if (url) resolve(url);
  });
  child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${log}`)));
  return { process: child, url: await promise };
}

async function stop({ process: child }: Server, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function job(id: string): Promise<JobRecord> {
  return (await (await fetch(`${server?.url}/api/jobs/${id}`)).json()) as JobRecord;
}

async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    await sleep(50);
  }
}

/** Processes whose parent is this one. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

async function enqueueTranscode(): Promise<string> {
  await copyFile(await counterVideo({ frames: FRAMES }), join(root, 'data/input/film.mp4'));
  const answer = await fetch(`${server?.url}/api/enqueue`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      task: 'transcode_h264_to_h265',
      input_path: '/data/input/film.mp4',
      output_path: '/data/output/film.mp4',
      params: WORK,
    }),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { job_id: string }).job_id;
}

const halfWay = async (id: string) => {
  const { progress } = await job(id);
  return (progress?.percent ?? 0) > 5;
};

/** What a user sees in the output folder. */
async function visible(): Promise<string[]> {
  return (await readdir(join(root, 'data/output'))).filter((name) => !name.startsWith('.'));
}

test('kill -9 of the job process in the middle: the job is tried again and finishes', async () => {
  server = await start();
  const id = await enqueueTranscode();
  await until(() => halfWay(id));
  const [child] = await childrenOf(server.process.pid);
  process.kill(child as number, 'SIGKILL');
  await until(async () => (await job(id)).attempts === 2);
  expect(await visible()).toEqual([]);
  const ended = await until(async () => {
    const now = await job(id);
    return ['finished', 'failed'].includes(now.status) && now;
  });
  expect(ended).toMatchObject({ status: 'finished', attempts: 2 });
  expect(ended.timeline.map(({ event }) => event)).toContain('attempt_failed');
  expect(await visible()).toEqual(['film.mp4']);
  expect(await frameCount(join(root, 'data/output/film.mp4'))).toBe(FRAMES);
}, 120_000);

test('kill -9 of the server in the middle: started again, it finishes the job; nothing half is ever seen', async () => {
  server = await start();
  const id = await enqueueTranscode();
  await until(() => halfWay(id));
  const orphans = await childrenOf(server.process.pid);
  await stop(server, 'SIGKILL');
  await until(async () => orphans.every((pid) => !isAlive(pid)));
  expect(await visible()).toEqual([]);
  server = await start();
  const ended = await until(async () => {
    const now = await job(id);
    expect(await visible()).toEqual(
      now.status === 'finished' ? ['film.mp4'] : expect.toSatisfy((names: string[]) => names.length <= 1),
    );
    return ['finished', 'failed'].includes(now.status) && now;
  });
  expect(ended).toMatchObject({ status: 'finished', attempts: 2 });
  expect(await frameCount(join(root, 'data/output/film.mp4'))).toBe(FRAMES);
  expect(await readdir(join(root, 'data/output/.work'))).toEqual([]);
}, 120_000);

test('SIGTERM gives a running job back and ends with 0', async () => {
  server = await start();
  const id = await enqueueTranscode();
  await until(() => halfWay(id));
  const { process: child } = server;
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  expect(await gone).toBe(0);
  server = await start();
  const ended = await until(async () => {
    const now = await job(id);
    return ['finished', 'failed'].includes(now.status) && now;
  });
  expect(ended.status).toBe('finished');
  expect(await frameCount(join(root, 'data/output/film.mp4'))).toBe(FRAMES);
}, 120_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
