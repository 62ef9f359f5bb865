/** A whole server with the real tasks, the shipped recipes, and workers with real job processes. */
import { copyFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { expect } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { openPreviews } from '../../src/previews/service.ts';
import type { JobRecord, Queue } from '../../src/queue/port.ts';
import openRecipesFolder from '../../src/recipes/folder.ts';
import { startWorker } from '../../src/runner/worker.ts';
import type { RunView } from '../../src/server/run-view.ts';
import { startServer } from '../server/fixtures/server.ts';
import { endedRun } from './ended-run.ts';

export const registry = createRegistry(jobs);
export const SHIPPED = resolve('recipes');
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export interface Answer {
  statusCode: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it.
  json(): any;
}

export interface RecipePlace {
  queue: Queue;
  ask(method: 'GET' | 'POST', url: string, body?: object): Promise<Answer>;
  /** Lays a file into the input folder; answers its storage path. */
  stored(file: string, name?: string): Promise<string>;
  startWorker(): { stop(): Promise<void> };
  run(body: object): Promise<RunView>;
  settled(id: string): Promise<RunView>;
  /** On the disk. */
  output(view: RunView, name: string): string;
  close(): Promise<void>;
}

/** `given`: another queue than a new embedded one; whoever opened it closes it. */
export async function openPlace(given?: Queue): Promise<RecipePlace> {
  const server = await startServer({
    registry,
    recipes: (folder) => openRecipesFolder({ folder, shipped: SHIPPED, registry }),
    previews: (storage, folder) =>
      openPreviews({ storage, folder, maxBytes: 64 * 1024 ** 2, memoryLimitBytes: 2 * 1024 ** 3 }),
    ...(given && { queue: () => given }),
  });
  const { queue, storage, root } = server;
  const workers: { stop(): Promise<void> }[] = [];
  const ask: RecipePlace['ask'] = async (method, url, payload) => server.app.inject({ method, url, payload });
  return {
    queue,
    ask,
    async stored(file, name = basename(file)) {
      await copyFile(file, join(root, 'input', name));
      return `/data/input/${name}`;
    },
    startWorker() {
      const worker = startWorker({
        queue,
        storage,
        registry,
        logger: SILENT,
        leaseMs: 5000,
        timeoutMs: 120_000,
        memoryLimitBytes: 2 * 1024 ** 3,
        concurrency: 1,
        jobsPerChild: 100,
        drainMs: 10_000,
        network: { allow: [] },
        submit: async (next) => (await queue.enqueue([next]))[0] as JobRecord,
      });
      const handle = { stop: () => worker.stop(0) };
      workers.push(handle);
      return handle;
    },
    async run(body) {
      const answer = await ask('POST', '/api/recipes/run', body);
      expect([answer.statusCode, answer.json()]).toEqual([202, expect.anything()]);
      return answer.json();
    },
    settled: (id) => endedRun(ask, id),
    output: (view, name) => join(root, view.output_path?.replace('/data/', '') ?? '', name),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await server.close();
    },
  };
}
