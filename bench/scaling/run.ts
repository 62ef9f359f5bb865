/**
 * Do more workers help, and what ends it? First a mix of real jobs over worker processes that are pinned to cores;
 * then fleets of workers that only pretend, to see what they cost the Redis they share. `npm run bench:scaling`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { Redis } from 'ioredis';
import openBullmqQueue from '../../src/queue/drivers/bullmq.ts';
import type { NewJob, Queue } from '../../src/queue/port.ts';
import { counterVideo } from '../../test/fixtures/media/index.ts';
import { startRedis } from '../queue/team.ts';
import { type RedisLoad, watchRedis } from './redis-load.ts';

const HELP = `Usage: npm run bench:scaling -- [options]

  --rounds N        rounds over all worker counts, forwards and backwards   (default 3)
  --workers LIST    worker processes, one job at a time each                (default 1,2,4)
  --mixes N         times the mix of eight jobs is done in a round           (default 4)
  --fleet LIST      pretending workers on one Redis; 0 leaves them out      (default 10,50,100)
  --job-ms N        milliseconds of a pretended job                         (default 5000)
  --seconds N       seconds a fleet is watched                              (default 20)
  --json            JSON instead of tables
`;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '1,2,4' },
    mixes: { type: 'string', default: '4' },
    fleet: { type: 'string', default: '10,50,100' },
    'job-ms': { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

/** Eight jobs of which two encode: what a site with uploads does for each of them. */
const MIX: [string, Record<string, unknown>][] = [
  ['transcode_h264_to_h265', { preset: 'ultrafast' }],
  ['resize_to_720p', { preset: 'ultrafast' }],
  ['extract_thumbnails', {}],
  ['extract_key_frame', {}],
  ['get_video_info', {}],
  ['generate_waveform_json', {}],
  ['calculate_sha256', {}],
  ['verify_file_integrity', {}],
];
const BIN = resolve('bin/mediamill.mjs');
const WARM_UP_MS = 6000;
/** Pretending workers in one process: their own work must not be what is measured. */
const PER_PROCESS = 25;

const cores = availableParallelism();
const folder = await mkdtemp(join(tmpdir(), 'mill-bench-scaling-'));
const server = await startRedis(folder, 'everysec');
if (server === null) {
  process.stderr.write('redis-server is not installed; there is nothing to measure\n');
  process.exit(1);
}
const { url } = server;
const redis = new Redis(url);
const running = new Set<ChildProcess>();
const say = (line: string) => void process.stderr.write(`${line}\n`);
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const listOf = (text: string) =>
  text
    .split(',')
    .map(Number)
    .filter((count) => count > 0);

interface Mixed extends RedisLoad {
  workers: number;
  jobs: number;
}
interface Fleet extends RedisLoad {
  workers: number;
  finished: number;
}

const mixes: Mixed[] = [];
const fleets: Fleet[] = [];
try {
  await mkdir(join(folder, 'input'));
  await copyFile(
    await counterVideo({ width: 1280, height: 720, frames: 100, audio: [{}] } as never),
    join(folder, 'input/film.mp4'),
  );
  const counts = listOf(values.workers);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const workers of round % 2 === 0 ? counts : counts.toReversed()) {
      const found = await runMix(workers, round);
      mixes.push(found);
      say(`round ${round + 1}, ${workers} workers: ${(found.jobs / found.seconds).toFixed(2)} jobs/s`);
    }
  }
  for (const workers of listOf(values.fleet)) {
    const found = await runFleet(workers);
    fleets.push(found);
    say(`${workers} pretending workers: Redis ${percent(found)} of a core`);
  }
} finally {
  for (const child of running) child.kill('SIGKILL');
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
report();

/** Worker i on core i, going round. */
function start(args: string[], core: number, env: Record<string, string> = {}): ChildProcess {
  const child = spawn('taskset', ['-c', String(core % cores), process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function end(children: ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }),
  );
}

async function runMix(workers: number, round: number): Promise<Mixed> {
  const queueName = `mix-${workers}-${round}`;
  const queue = await openBullmqQueue({ url, queueName });
  const children = Array.from({ length: workers }, (_, core) =>
    start([BIN, 'worker'], core, {
      REDIS_URL: url,
      MEDIAMILL_REDIS_QUEUE_NAME: queueName,
      MEDIAMILL_STORAGE_INPUT_PATH: join(folder, 'input'),
      MEDIAMILL_STORAGE_OUTPUT_PATH: join(folder, 'output'),
      MEDIAMILL_PROCESSING_MAX_WORKERS: '1',
      MEDIAMILL_LOGGING_LEVEL: 'error',
    }),
  );
  try {
    await until(async () => (await queue.workers()).length === workers);
    const jobs = Array.from({ length: Number(values.mixes) }, (_, turn) =>
      MIX.map(([task, params], index) => jobOf(task, params, `${queueName}-${turn}-${index}`)),
    ).flat();
    // A first one of each kind loads the engine in every worker.
    await finish(
      queue,
      MIX.slice(0, Math.max(2, workers)).map(([task, params], index) =>
        jobOf(task, params, `${queueName}-w${index}`),
      ),
    );
    const stop = await watchRedis(redis);
    await finish(queue, jobs);
    return { ...(await stop()), workers, jobs: jobs.length };
  } finally {
    await end(children);
    await queue.close();
  }
}

function jobOf(task: string, params: Record<string, unknown>, name: string): NewJob {
  const endings: Record<string, string> = {
    transcode_h264_to_h265: '.mp4',
    resize_to_720p: '.mp4',
    extract_thumbnails: '',
    extract_key_frame: '.jpg',
    calculate_sha256: '.sha256',
  };
  const output_path = `/data/output/${name}${endings[task] ?? '.json'}`;
  return { task, input_path: '/data/input/film.mp4', output_path, params, attempts: 1 };
}

async function finish(queue: Queue, jobs: NewJob[]): Promise<void> {
  const before = (await queue.counts()).finished;
  await queue.enqueue(jobs);
  await until(async () => {
    const { finished, failed } = await queue.counts();
    if (failed > 0) say(JSON.stringify((await queue.list({ status: ['failed'] })).jobs[0]?.error));
    if (failed > 0) throw new TypeError('a job of the mix failed');
    return finished - before === jobs.length;
  });
}

async function runFleet(workers: number): Promise<Fleet> {
  const queueName = `fleet-${workers}`;
  const queue = await openBullmqQueue({ url, queueName });
  const member = resolve('bench/scaling/fleet-member.ts');
  const jobMs = Number(values['job-ms']);
  const wanted = Math.ceil(workers * (Number(values.seconds) + 30)) / (jobMs / 1000);
  for (let left = Math.ceil(wanted); left > 0; left -= 500) {
    await queue.enqueue(
      Array.from({ length: Math.min(left, 500) }, (_, index) =>
        jobOf('calculate_sha256', { index }, String(left)),
      ),
    );
  }
  const children = Array.from({ length: Math.ceil(workers / PER_PROCESS) }, (_, index) => {
    const here = Math.min(PER_PROCESS, workers - index * PER_PROCESS);
    return start([member, url, queueName, String(here), String(jobMs)], index);
  });
  try {
    await until(async () => (await queue.workers()).length === workers);
    await sleep(WARM_UP_MS);
    const before = (await queue.counts()).finished;
    const stop = await watchRedis(redis);
    await sleep(Number(values.seconds) * 1000);
    const load = await stop();
    return { ...load, workers, finished: (await queue.counts()).finished - before };
  } finally {
    await end(children);
    await queue.close();
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

function percent({ cpu_ms, seconds }: RedisLoad): string {
  return `${(cpu_ms / seconds / 10).toFixed(1)} %`;
}

function report(): void {
  if (values.json) return void process.stdout.write(`${JSON.stringify({ cores, mixes, fleets }, null, 2)}\n`);
  const mixed = new Table({
    head: ['workers', 'jobs/s, median', 'least', 'most', 'times one', 'Redis ms/job', 'commands/job'],
  });
  const rates = (workers: number) =>
    mixes.filter((one) => one.workers === workers).map(({ jobs, seconds }) => jobs / seconds);
  const [first = 1] = listOf(values.workers);
  for (const workers of listOf(values.workers)) {
    const own = mixes.filter((one) => one.workers === workers);
    mixed.push([
      workers,
      median(rates(workers)).toFixed(2),
      Math.min(...rates(workers)).toFixed(2),
      Math.max(...rates(workers)).toFixed(2),
      (median(rates(workers)) / median(rates(first))).toFixed(2),
      median(own.map(({ cpu_ms, jobs }) => cpu_ms / jobs)).toFixed(2),
      median(own.map(({ commands, jobs }) => commands / jobs)).toFixed(0),
    ]);
  }
  const shared = new Table({
    head: ['workers', 'jobs/s', 'Redis, of a core', 'ms/s for each worker', 'commands/s', 'sent MB/s'],
  });
  for (const one of fleets) {
    const { workers, finished, seconds, cpu_ms, commands, sent_bytes } = one;
    shared.push([
      workers,
      (finished / seconds).toFixed(1),
      percent(one),
      (cpu_ms / seconds / workers).toFixed(2),
      (commands / seconds).toFixed(0),
      (sent_bytes / seconds / 1e6).toFixed(2),
    ]);
  }
  process.stdout.write(`${cores} cores, one job at a time in each worker\n${mixed}\n${shared}\n`);
}
