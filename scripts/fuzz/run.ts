/** Throws damaged files at every task and damaged requests at every route of a running server, and counts what happens. */
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chance, damageBytes } from './mutate.ts';
import { type Program, startProgram } from './program.ts';
import { operationsOf, strangeRequest } from './routes.ts';

export interface FuzzOptions {
  /** Every file below it is used. */
  folder: string;
  durationMs: number;
  seed: number;
  /** Where inputs are kept that ended a job process; nowhere by default. */
  keep?: string;
  /** Hears of each thing worth a line. */
  say?: (line: string) => void;
  atATime?: number;
}

export interface FuzzFigures {
  seconds: number;
  seed: number;
  files: number;
  tasks: number;
  /** Damaged files that a task was run on. */
  inputs: number;
  /** How those jobs ended, by status or code of the error. */
  endings: Record<string, number>;
  /** Job processes that ended by a signal: allowed, as long as the server stays and says so. */
  child_crashes: number;
  /** Jobs that had not ended some time after their deadline. */
  hangs: number;
  slowest_job_s: number;
  requests: number;
  /** Answers by hundreds. */
  answers: Record<string, number>;
  /** Answers 500, which nothing from outside may cause. */
  server_errors: number;
  server_crashes: number;
  /** The slowest /healthz meanwhile. */
  slowest_health_ms: number;
  server_memory_bytes: number | null;
}

const DEADLINE_S = 15;
/** Ending a process, telling the queue, and a loaded machine. */
const GRACE_MS = 30_000;
const MEMORY_LIMIT = '768MiB';
/** Larger files are cut to this: what is damaged is mostly at the beginning. */
const MOST_BYTES = 4 * 1024 * 1024;
const REQUESTS_PER_INPUT = 6;
const REQUEST_MS = 20_000;
/** They leave the machine, or ask the queue for more work. */
const LEFT_OUT = ['download_file', 'chain_job_trigger'];

interface Task {
  name: string;
  input: { kind: string };
  example: { params: Record<string, unknown> };
}

interface Job {
  status: string;
  ended_at: string | null;
  error: { code: string; detail: string } | null;
}

export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  const { folder, durationMs, seed, keep, say = () => {}, atATime = 2 } = options;
  const source = chance(seed);
  const files = await filesBelow(folder);
  const start = () =>
    startProgram({
      MEDIAMILL_PROCESSING_MAX_WORKERS: String(atATime),
      MEDIAMILL_PROCESSING_MEMORY_LIMIT_BYTES: MEMORY_LIMIT,
      MEDIAMILL_SERVER_RATE_LIMIT: '0',
      MEDIAMILL_LOGGING_LEVEL: 'info',
      // The machine is busy with dying processes; that is no reason to stop.
      MEDIAMILL_PROCESSING_PAUSE_AFTER_FAILURES: '0',
    });
  let program: Program = await start();
  const begun = performance.now();
  const figures: FuzzFigures = {
    seconds: 0,
    seed,
    files: files.length,
    tasks: 0,
    inputs: 0,
    endings: {},
    child_crashes: 0,
    hangs: 0,
    slowest_job_s: 0,
    requests: 0,
    answers: {},
    server_errors: 0,
    server_crashes: 0,
    slowest_health_ms: 0,
    server_memory_bytes: null,
  };
  const over = () => performance.now() - begun >= durationMs;
  const ask = (url: string, init: RequestInit = {}) =>
    fetch(`${program.url}${url}`, { ...init, signal: AbortSignal.timeout(REQUEST_MS) });
  const json = async <T>(url: string, init?: RequestInit) => (await (await ask(url, init)).json()) as T;

  try {
    const groups = await json<Record<string, Task[]>>('/api/tasks');
    const tasks = Object.values(groups)
      .flat()
      .filter(({ name, input }) => input.kind !== 'none' && !LEFT_OUT.includes(name));
    const operations = operationsOf(await json('/openapi.json'));
    const known: string[] = [];
    figures.tasks = tasks.length;

    /** Every file with every task in turn, each time damaged anew. */
    let turn = 0;
    const lanes = Array.from({ length: atATime }, async () => {
      while (!over()) {
        const number = turn++;
        const file = files[number % files.length] as string;
        const task = tasks[Math.floor(number / files.length + number) % tasks.length] as Task;
        try {
          await tryFile(file, task, number);
          for (let n = 0; n < REQUESTS_PER_INPUT; n++) await tryRequest();
        } catch (error) {
          if (program.ended() === null) say(`lane: ${String(error)}`);
          await revive();
        }
      }
    });
    const health = watchHealth();
    await Promise.all(lanes);
    await health;

    async function tryFile(file: string, { name, example }: Task, number: number): Promise<void> {
      const { bytes, how } = damageBytes((await readFile(file)).subarray(0, MOST_BYTES), source);
      // Straight into the storage: what an upload makes of a name is not the question here, and it is quicker.
      const path = `/data/input/fuzz-${number}${extname(file)}`;
      const host = join(program.root, 'data/input', `fuzz-${number}${extname(file)}`);
      await writeFile(host, bytes);
      const began = performance.now();
      const params = JSON.parse(JSON.stringify(example.params), (_, value) =>
        typeof value === 'string' && /^(\/data\/)?input\//.test(value) ? path : value,
      );
      const answer = await ask('/api/enqueue', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          task: name,
          input_path: path,
          params,
          attempts: 1,
          timeout_seconds: DEADLINE_S,
        }),
      });
      const { job_id: id } = (await answer.json()) as { job_id?: string };
      count(figures.answers, `${Math.floor(answer.status / 100)}xx`);
      if (id === undefined) {
        await rm(host, { force: true });
        return;
      }
      known.push(id);
      if (known.length > 50) known.shift();
      const job = await untilEnded(id);
      figures.inputs += 1;
      const seconds = (performance.now() - began) / 1000;
      figures.slowest_job_s = Math.max(figures.slowest_job_s, Math.round(seconds * 10) / 10);
      const code = job?.error?.code ?? job?.status ?? 'gone';
      count(figures.endings, code);
      if (job && job.ended_at === null) {
        figures.hangs += 1;
        say(`hang: ${name} on ${file} (${how}, input ${number})`);
      }
      if (code === 'crashed') figures.child_crashes += 1;
      if (['crashed', 'internal'].includes(code)) {
        say(`${code}: ${name} on ${file} (${how}, input ${number}): ${job?.error?.detail}`);
        if (keep !== undefined) {
          await mkdir(keep, { recursive: true });
          await copyFile(host, join(keep, `${number}-${name}${extname(file)}`));
        }
      }
      await ask(`/api/jobs/${id}?files=true`, { method: 'DELETE' }).catch(() => {});
      await rm(host, { force: true });
    }

    async function untilEnded(id: string): Promise<Job | null> {
      const limit = performance.now() + DEADLINE_S * 1000 + GRACE_MS;
      for (let wait = 10; ; wait = Math.min(200, wait * 1.5)) {
        const answer = await ask(`/api/jobs/${id}`);
        if (answer.status === 404) return null;
        const job = (await answer.json()) as Job;
        if (job.ended_at !== null) return job;
        // Waiting for its turn is no hang.
        if (performance.now() > limit && job.status === 'started') return job;
        if (performance.now() > limit + 4 * GRACE_MS) return job;
        await sleep(wait);
      }
    }

    async function tryRequest(): Promise<void> {
      const { url, ...request } = strangeRequest(operations, known, source);
      const answer = await ask(url, request);
      figures.requests += 1;
      count(figures.answers, `${Math.floor(answer.status / 100)}xx`);
      if (answer.status !== 500) {
        await answer.body?.cancel();
        return;
      }
      figures.server_errors += 1;
      say(
        `500: ${request.method} ${url} ${request.body?.slice(0, 200) ?? ''} → ${(await answer.text()).slice(0, 300)}`,
      );
    }

    async function watchHealth(): Promise<void> {
      while (!over()) {
        const began = performance.now();
        await ask('/healthz').then(
          (answer) => answer.body?.cancel(),
          () => {},
        );
        figures.slowest_health_ms = Math.max(
          figures.slowest_health_ms,
          Math.round(performance.now() - began),
        );
        await sleep(500);
      }
    }
  } finally {
    if (program.ended() !== null) figures.server_crashes += 1;
    figures.server_memory_bytes = program.memory();
    figures.seconds = Math.round((performance.now() - begun) / 1000);
    await program.stop();
  }
  return figures;

  /** A server that is gone is the worst that can happen: counted, told, and started again. */
  async function revive(): Promise<void> {
    const ended = program.ended();
    if (ended === null) return sleep(200);
    figures.server_crashes += 1;
    say(`the server ended with ${ended}:\n${program.lastWords().join('\n')}`);
    await program.stop();
    program = await start();
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => ({ file, size: (await stat(file)).size })));
  const usable = sizes.filter(({ size }) => size > 0).map(({ file }) => file);
  if (usable.length === 0) throw new TypeError(`there are no files in ${folder}`);
  return usable.sort();
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
