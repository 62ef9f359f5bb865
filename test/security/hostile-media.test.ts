/** Media made to attack, against every task, in job processes as a server has them. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toMillError } from '../../src/core/errors.ts';
import { createRegistry, defaultExtension, inputReferences, mapInputs } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { findCage } from '../../src/runner/cage.ts';
import { type ChildHost, createChildHost } from '../../src/runner/child-host.ts';
import { counterVideo, dimensionBomb, hostilePlaylist, type PlaylistKind } from '../fixtures/media/index.ts';

const registry = createRegistry(jobs);
/** They take a file; the others have nothing to open. */
const TASKS = registry.jobs.filter(
  ({ input, name, queueOnly }) => input.kind !== 'none' && !queueOnly && name !== 'download_file',
);
const PLAYLISTS: PlaylistKind[] = ['hls', 'hls_master', 'hls_loop', 'ffconcat', 'dash', 'sdp'];
const DEADLINE_MS = 30_000;
const MEMORY_BYTES = 768 * 1024 ** 2;

let root: string;
let host: ChildHost;
let bystander: ChildHost;
/** A neighbour's file: should it ever be opened in the place of the playlist, its 5 seconds show. */
let neighbour: string;
let listener: Server;
let calls = 0;
let orders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mill-hostile-'));
  const { cage } = await findCage([root]);
  host = createChildHost({ cage, jobsPerChild: Number.POSITIVE_INFINITY });
  bystander = createChildHost({ cage });
  neighbour = join(root, 'neighbour.mp4');
  await copyFile(await counterVideo({ frames: 125 }), neighbour);
  listener = createServer((socket) => {
    calls += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => listener.once('listening', listening));
});
afterAll(async () => {
  await Promise.all([host.close(), bystander.close()]);
  listener.close();
  await rm(root, { recursive: true });
});

interface Ending {
  code: string;
  outputs: Buffer[];
  data: unknown;
}

async function run(task: string, input: string, on = host): Promise<Ending> {
  const job = registry.get(task);
  const work = join(root, `work-${orders++}`);
  await mkdir(work);
  const own = job.example.params as Record<string, unknown>;
  const references = new Set(inputReferences(job, own));
  const params = mapInputs(job, own, (reference) => (references.has(reference) ? input : reference));
  const order = {
    id: `order-${orders}`,
    task,
    params,
    input,
    target: `out${defaultExtension(job, input, params)}`,
    work,
    threads: 1,
    network: { allow: [] },
  };
  try {
    const { report } = await on.run(order, { timeoutMs: DEADLINE_MS, memoryLimitBytes: MEMORY_BYTES });
    const names = await readdir(work, { recursive: true });
    const files = await Promise.all(
      names.map(async (name) =>
        (await stat(join(work, name))).isFile() ? [await readFile(join(work, name))] : [],
      ),
    );
    return { code: 'finished', outputs: files.flat(), data: report.data };
  } catch (error) {
    return { code: toMillError(error).code, outputs: [], data: null };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

describe.each(PLAYLISTS)('32 a playlist of the kind %s', (kind) => {
  test('opens nothing, whatever the task: no neighbour, no network, an answer in time', async () => {
    const { port } = listener.address() as { port: number };
    const targets = kind === 'hls_loop' ? [undefined] : [neighbour, `http://127.0.0.1:${port}/a.ts`];
    for (const target of targets) {
      const made = await hostilePlaylist(kind, target);
      const input = join(root, `${kind}.mp4`);
      await copyFile(made, input);
      for (const { name } of TASKS) {
        const { code, outputs, data } = await run(name, input);
        // Tasks for bytes may do their work on it; none may see a film in it, nor die of it.
        expect([name, code]).not.toEqual([name, 'timed_out']);
        expect([name, code]).not.toEqual([name, 'crashed']);
        for (const output of outputs) expect([name, output.includes('ftypisom')]).toEqual([name, false]);
        expect([name, JSON.stringify(data)?.includes('"duration_s":5')]).not.toEqual([name, true]);
      }
    }
    expect(calls).toBe(0);
  }, 240_000);
});

describe('34 a picture of enormous size', () => {
  test.each(['png', 'webp'] as const)(
    'in a %s of a few kilobytes ends its own job at most',
    async (format) => {
      const bomb = await dimensionBomb(format);
      const begun = performance.now();
      const [ending, other] = await Promise.all([
        run('extract_thumbnails', bomb),
        run('get_video_info', neighbour, bystander),
      ]);
      expect([
        'out_of_memory',
        'unsupported_media',
        'corrupt_media',
        'no_video_stream',
        'finished',
      ]).toContain(ending.code);
      expect(performance.now() - begun).toBeLessThan(DEADLINE_MS + 15_000);
      expect(other.code).toBe('finished');
      expect((await run('get_video_info', neighbour)).code).toBe('finished');
    },
    90_000,
  );
});

describe('35 a name that looks like something else', () => {
  test.each([
    '-version.mp4',
    '--help.mp4',
    '|cat.mp4',
    'concat:a.mp4',
    'a%03d.mp4',
    'file:x.mp4',
    "q'uote.mp4",
  ])(
    '%j is only a name',
    async (name) => {
      const input = join(root, name);
      await copyFile(neighbour, input);
      for (const task of [
        'get_video_info',
        'extract_exif_metadata',
        'extract_key_frame',
        'calculate_sha256',
      ]) {
        const { code } = await run(task, input);
        expect([task, code]).toEqual([task, 'finished']);
      }
      await rm(input);
      expect((await readdir(root)).filter((file) => /^(a\d|x\.mp4)/.test(file))).toEqual([]);
      await writeFile(join(root, 'still-here'), '');
    },
    60_000,
  );
});
