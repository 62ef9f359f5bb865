/**
 * What does a job cost on S3 that it does not cost on a disk? Requests, bytes and time of each job of a mix, on an S3
 * server in memory on this machine and on a folder, in turn. `npm run bench:storage`
 */
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { startFauxqs } from 'fauxqs';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs as tasks } from '../../src/jobs/index.gen.ts';
import openSqliteQueue from '../../src/queue/drivers/sqlite.ts';
import type { JobRecord, Queue } from '../../src/queue/port.ts';
import { startWorker } from '../../src/runner/worker.ts';
import openLocalStorage from '../../src/storage/drivers/local.ts';
import type { Storage } from '../../src/storage/port.ts';
import { counterVideo } from '../../test/fixtures/media/index.ts';
import { makeBucket } from '../../test/storage/bucket.ts';
import { type FaultyProxy, startFaultyProxy } from '../../test/storage/faulty-proxy.ts';
import { median } from '../queue/figures.ts';

const HELP = `Usage: npm run bench:storage -- [options]

  --rounds N     rounds over all jobs, medians are shown        (default 5)
  --seconds N    length of the film that is made, 720p          (default 20)
  --input FILE   a film to use instead
  --json         JSON instead of a table
`;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
    input: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

/** From those that look at the header to those that read and write a film. */
const MIX: [task: string, output: string, params: Record<string, unknown>][] = [
  ['get_video_info', 'info.json', {}],
  ['extract_key_frame', 'key.jpg', {}],
  ['extract_thumbnails', 'thumbnails', {}],
  ['calculate_sha256', 'film.sha256', {}],
  ['generate_waveform_json', 'waveform.json', {}],
  ['resize_to_720p', 'small.mp4', { height: 240, preset: 'ultrafast' }],
];
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

interface Place {
  storage: Storage;
  run(task: string, output: string, params: Record<string, unknown>): Promise<{ job: JobRecord; ms: number }>;
  close(): Promise<void>;
}

interface Row {
  task: string;
  requests: number;
  writes: number;
  bytes_down: number;
  s3_ms: number[];
  folder_ms: number[];
}

const root = await mkdtemp(join(tmpdir(), 'mill-bench-storage-'));
const server = await startFauxqs({ port: 0, logger: false });
const proxy = await startFaultyProxy(`http://127.0.0.1:${server.port}`);
const bucket = await makeBucket({ endpoint: proxy.endpoint, accessKeyId: 'test', secretAccessKey: 'test' });
try {
  const film = values.input ?? (await made(Number(values.seconds)));
  const [inputRoot, outputRoot] = [join(root, 'input'), join(root, 'output')];
  const onFolder = await open(await openLocalStorage({ inputRoot, outputRoot }), 'folder', film);
  const onS3 = await open(bucket.storage, 's3', film);
  const rows = await measure(onS3, onFolder, proxy);
  await Promise.all([onFolder.close(), onS3.close()]);
  report(rows, (await stat(film)).size);
} finally {
  await bucket[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

function made(seconds: number): Promise<string> {
  return counterVideo({ width: 1280, height: 720, frames: 25 * seconds, audio: [{}] } as never);
}

async function open(storage: Storage, name: string, film: string): Promise<Place> {
  const registry = createRegistry(tasks);
  await mkdir(join(root, 'upload'), { recursive: true });
  const input = '/data/input/film.mp4';
  await put(storage, input, film);
  const queue: Queue = await openSqliteQueue({ database: join(root, `${name}.db`) });
  const worker = startWorker({
    queue,
    storage,
    registry,
    logger: SILENT,
    leaseMs: 30_000,
    timeoutMs: 600_000,
    memoryLimitBytes: 4 * 1024 ** 3,
    concurrency: 1,
    jobsPerChild: 10_000,
    drainMs: 1000,
    network: { allow: [] },
    submit: async (next) => (await queue.enqueue([next]))[0] as JobRecord,
  });
  let runs = 0;
  return {
    storage,
    async run(task, output, params) {
      runs += 1;
      const output_path = `/data/output/${runs}-${output}`;
      const started = performance.now();
      const [{ id }] = (await queue.enqueue([{ task, input_path: input, output_path, params }])) as [
        JobRecord,
      ];
      for await (const event of queue.watch(AbortSignal.timeout(600_000))) {
        if (event.type !== 'job' || event.job.id !== id) {
          const job = await queue.get(id);
          if (job?.ended_at) return { job, ms: performance.now() - started };
          continue;
        }
        if (event.job.ended_at) return { job: event.job, ms: performance.now() - started };
      }
      throw new TypeError(`${task} did not end`);
    },
    async close() {
      await worker.stop(0);
      await queue.close();
    },
  };
}

async function put(storage: Storage, path: string, film: string): Promise<void> {
  const work = await storage.createWork('upload');
  try {
    const local = join(work, 'film.mp4');
    await copyFile(film, local);
    await storage.publish(local, path);
  } finally {
    await storage.removeWork(work);
  }
}

async function measure(onS3: Place, onFolder: Place, counted: FaultyProxy): Promise<Row[]> {
  const rows: Row[] = MIX.map(([task]) => ({
    task,
    requests: 0,
    writes: 0,
    bytes_down: 0,
    s3_ms: [],
    folder_ms: [],
  }));
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const [at, [task, output, params]] of MIX.entries()) {
      const row = rows[at] as Row;
      counted.reset();
      const there = await onS3.run(task, output, params);
      const here = await onFolder.run(task, output, params);
      for (const { job } of [there, here])
        if (job.status !== 'finished') throw new TypeError(`${task}: ${job.error?.detail}`);
      row.requests = counted.requests.length;
      row.writes = counted.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD').length;
      row.bytes_down = counted.bytesDown;
      // The first round warms both up.
      if (round > 0) {
        row.s3_ms.push(there.ms);
        row.folder_ms.push(here.ms);
      }
    }
  }
  return rows;
}

function report(rows: Row[], filmBytes: number): void {
  const found = rows.map(({ s3_ms, folder_ms, ...row }) => ({
    ...row,
    s3_ms: median(s3_ms),
    folder_ms: median(folder_ms),
  }));
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ film_bytes: filmBytes, rows: found }, null, 2)}\n`);
    return;
  }
  const table = new Table({
    head: ['job', 'requests', 'of them writes', 'MB read', 'ms on S3', 'ms in a folder', 'more'],
  });
  for (const { task, requests, writes, bytes_down, s3_ms, folder_ms } of found) {
    const mb = (bytes_down / 1e6).toFixed(2);
    const ms = (value: number) => value.toFixed(0);
    table.push([task, requests, writes, mb, ms(s3_ms), ms(folder_ms), ms(s3_ms - folder_ms)]);
  }
  process.stdout.write(`A film of ${(filmBytes / 1e6).toFixed(1)} MB.\n${table.toString()}\n`);
}
