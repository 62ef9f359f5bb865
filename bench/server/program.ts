/** The server under measurement: the real program in a folder of its own, asked as a client asks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
  pid: number;
  /** When it was started, by `performance.now()`. */
  started: number;
  get(path: string): Promise<unknown>;
  /** Queues jobs of one task on the film; returns when all are taken in. */
  enqueue(task: string, params: Record<string, unknown>, ending: string, jobs: number): Promise<void>;
  counts(task: string): Promise<Record<string, number>>;
  /** Resolves when so many jobs of the task have finished; throws when one fails. */
  finished(task: string, jobs: number): Promise<void>;
  close(): Promise<void>;
}

const BIN = resolve('bin/mediamill.mjs');
/** As `npm start` does. */
const AS_STARTED = ['--max-semi-space-size=4'];
/** Jobs in one request. */
const BATCH = 100;
const LOOK_EVERY_MS = 10;

/** `folder` has `input/film.mp4`. Resolves when the server listens. */
export async function startProgram(folder: string, workers: number): Promise<Program> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...AS_STARTED, BIN, 'serve', '--port', '0', '--log-format', 'json'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        MEDIAMILL_STORAGE_INPUT_PATH: `${folder}/input`,
        MEDIAMILL_STORAGE_OUTPUT_PATH: `${folder}/output`,
        MEDIAMILL_PROCESSING_MAX_WORKERS: String(workers),
      },
    },
  );
  const url = await addressOf(child);
  let names = 0;

  async function ask(path: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(url + path, init);
    const body = await response.json();
    if (!response.ok) throw new TypeError(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return body;
  }
  const counts = async (task: string) => {
    const { status } = (await ask(`/api/jobs/counts?task=${task}`)) as { status: Record<string, number> };
    return status;
  };

  return {
    pid: child.pid as number,
    started,
    counts,
    get: (path) => ask(path),
    async enqueue(task, params, ending, jobs) {
      for (let left = jobs; left > 0; left -= BATCH) {
        const batch = Array.from({ length: Math.min(left, BATCH) }, () => {
          names += 1;
          return {
            task,
            params,
            input_path: '/data/input/film.mp4',
            output_path: `/data/output/${names}${ending}`,
          };
        });
        await ask('/api/enqueue/batch', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jobs: batch }),
        });
      }
    },
    async finished(task, jobs) {
      for (;;) {
        const { finished = 0, failed = 0 } = await counts(task);
        if (failed > 0) throw new TypeError(`a job of ${task} failed`);
        if (finished >= jobs) return;
        await sleep(LOOK_EVERY_MS);
      }
    },
    async close() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((answer, reject) => {
    let log = '';
    child.stdout?.on('data', (chunk) => {
      log += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
      if (found) answer(found);
    });
    child.once('exit', () => reject(new TypeError(`the server ended: ${log}`)));
  });
}
