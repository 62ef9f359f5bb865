/** A queue, a storage and a worker with the real tasks, and the files that the examples of the tasks name. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyJob } from '../../../src/core/job.ts';
import { createRegistry, type Params } from '../../../src/core/registry.ts';
import { jobs } from '../../../src/jobs/index.gen.ts';
import openSqliteQueue from '../../../src/queue/drivers/sqlite.ts';
import type { JobRecord } from '../../../src/queue/port.ts';
import { startWorker } from '../../../src/runner/worker.ts';
import openLocalStorage from '../../../src/storage/drivers/local.ts';
import type { Storage } from '../../../src/storage/port.ts';
import {
  alphaPng,
  type CutsOptions,
  coverMp3,
  cutsVideo,
  levelsWav,
  photoJpeg,
  toneWav,
} from '../../fixtures/media/index.ts';
import { endedJob } from '../../queue/ended-job.ts';

/** Larger than 720p and longer than a second, and no more than that: the encoders work on all of it. */
const FILM: CutsOptions = {
  width: 1312,
  height: 738,
  fps: 12.5,
  frames: 15,
  cuts: [6, 10],
  audio: [{ codec: 'aac', language: 'eng' }],
  metadata: { title: 'Two cuts' },
};

/** What lies at /data/input, by the names that the examples use. */
const FILES: Record<string, () => Promise<string | Buffer>> = {
  'video.mp4': () => cutsVideo(FILM),
  'video.mov': () => cutsVideo({ ...FILM, container: 'mov' }),
  'photo.jpg': () => photoJpeg(),
  'logo.png': () => alphaPng(),
  'audio.mp3': () => coverMp3(),
  'audio.wav': () => toneWav({ seconds: 3, channels: 2 }),
  'voice.wav': () => toneWav({ seconds: 2 }),
  'music.mp3': () => coverMp3(),
  'podcast.wav': () => levelsWav({ levels: [{ dbfs: -30, seconds: 4 }] }),
  '00000.part': async () => Buffer.alloc(1000, 'a'),
  '00001.part': async () => Buffer.alloc(500, 'b'),
};

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const TIMEOUT_MS = 60_000;

export interface Mill {
  /** Runs the example of a task as it stands in the reference, and waits for its end. */
  run(job: AnyJob): Promise<JobRecord>;
  /** Runs any task and waits for its end. */
  runTask(task: string, parts: { input?: string; output?: string; params: Params }): Promise<JobRecord>;
  job(id: string): Promise<JobRecord | null>;
  /** Where /data/output/… of an example lies. */
  place(path: string): string;
  close(): Promise<void>;
}

/** `given`: another storage than two folders; the files are then published there. */
export async function openMill(given?: Storage): Promise<Mill> {
  const root = await mkdtemp(join(tmpdir(), 'mill-examples-'));
  const [inputRoot, outputRoot] = [join(root, 'input'), join(root, 'output')];
  const folders = await openLocalStorage({ inputRoot, outputRoot });
  const storage = given ?? folders;
  const queue = await openSqliteQueue({ database: join(root, 'queue.db') });
  const worker = startWorker({
    queue,
    storage,
    registry: createRegistry(jobs),
    logger: SILENT,
    leaseMs: 30_000,
    timeoutMs: TIMEOUT_MS,
    memoryLimitBytes: 2 * 1024 ** 3,
    concurrency: 1,
    jobsPerChild: 1000,
    drainMs: 10_000,
    network: { allow: ['127.0.0.0/8'] },
    submit: async (next) => (await queue.enqueue([next]))[0] as JobRecord,
  });
  const web = createServer(async (_, response) => {
    response.setHeader('content-type', 'video/mp4');
    response.end(await readFile(join(inputRoot, 'video.mp4')));
  });
  await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));

  async function layOut(): Promise<void> {
    for (const [name, make] of Object.entries(FILES)) {
      const path = join(inputRoot, name);
      if (!existsSync(path)) {
        const made = await make();
        await (typeof made === 'string' ? copyFile(made, path) : writeFile(path, made));
      }
      const stored = `/data/input/${name}`;
      if (given && !(await given.stat(stored))) await given.publish(path, stored);
    }
  }

  async function enqueue(task: string, parts: { input?: string; output?: string; params: Params }) {
    const { input = null, output = `/data/output/${randomUUID()}.json`, params } = parts;
    const job = { task, input_path: input, output_path: output, params, attempts: 1 };
    const [{ id }] = (await queue.enqueue([job])) as [JobRecord];
    return id;
  }

  /** What an example can only make up: the address of a file, the hash of one, the id of a job. */
  async function realParams({ name, example }: AnyJob): Promise<Params> {
    const params = example.params as Params;
    const { port } = web.address() as AddressInfo;
    if (name === 'download_file') return { ...params, url: `http://127.0.0.1:${port}/video.mp4` };
    if (name === 'validate_checksum') {
      const hash = createHash('sha256').update(await readFile(join(inputRoot, 'video.mp4')));
      return { ...params, expected_hash: hash.digest('hex') };
    }
    if (name === 'report_metrics') {
      const id = await enqueue('sanitize_filename', { params: { filename: 'a' } });
      await endedJob(queue, id);
      return { ...params, job_id: id };
    }
    return params;
  }

  return {
    job: (id) => queue.get(id),
    runTask: async (task, parts) => endedJob(queue, await enqueue(task, parts)),
    place: (path) =>
      path.replace(/^\/data\/output\//, `${outputRoot}/`).replace(/^\/data\/input\//, `${inputRoot}/`),
    async run(job) {
      await layOut();
      const { input_path: input, output_path: output } = job.example;
      const id = await enqueue(job.name, { input, output, params: await realParams(job) });
      const record = await endedJob(queue, id);
      const next = record.result?.data.next_job_id;
      if (typeof next === 'string') await endedJob(queue, next);
      return record;
    },
    async close() {
      await worker.stop(0);
      web.closeAllConnections();
      web.close();
      await queue.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
