/** Both sides really make what is compared: on a film of four seconds, against the ffmpeg of this machine. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bench, type Comparison, operationNames } from '../../src/bench/index.ts';
import { OPERATIONS } from '../../src/bench/operations/index.ts';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import { BIN, mediamill } from '../cli/mediamill.ts';

const hasRival = spawnSync('ffmpeg', ['-version']).status === 0;
const FPS = 5;
/** One of each kind of result, and both recipes. */
const ONLY = ['probe', 'thumbnails-10', 'copy-sound', 'recipe-four-runs', 'recipe-one-pass'];

it('have names of their own, and jobs and parameters that exist', () => {
  const registry = createRegistry(jobs);
  const inputs = { film: 'film.mp4', sound: 's.mp3', 'second sound': 't.flac', picture: 'p.png' };
  for (const { name, ours, uses = [] } of OPERATIONS) {
    for (const job of ours) registry.check(job.task, job.params(inputs));
    expect([...uses, ...ours.map(({ input }) => input)].some(Boolean), name).toBe(true);
    expect(new Set(ours.map(({ output }) => output)).size, name).toBe(ours.length);
    if (ours.length > 1) expect(new Set(ours.map(({ input }) => input)).size, name).toBe(1);
  }
  const names = operationNames().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe.skipIf(!hasRival && !process.env.CI)('comparisons', () => {
  let folder: string;
  const found = new Map<string, Comparison>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mediamill-bench-test-'));
    const film = join(folder, 'film.mp4');
    makeFilm(film);
    const run = bench({
      registry: createRegistry(jobs),
      command: [process.execPath, BIN],
      only: ONLY,
      input: film,
      seconds: 4,
      rounds: 1,
      signal: new AbortController().signal,
      say() {},
    });
    for await (const comparison of run) found.set(comparison.name, comparison);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are made of everything that was asked for, and agree', () => {
    expect([...found.keys()].toSorted()).toEqual(ONLY.toSorted());
    for (const { name, differences } of found.values()) expect(differences, name).toEqual([]);
  });

  it('have figures of all three', () => {
    for (const { name, costs } of found.values()) {
      for (const cost of [costs.rival, costs.cold, costs.warm]) {
        expect(cost.wall_s, name).toBeGreaterThan(0);
        if (process.platform === 'linux') expect(cost.peak_bytes, name).toBeGreaterThan(1e6);
        if (process.platform === 'linux') expect(cost.cpu_s, name).not.toBeNull();
      }
    }
  });

  it('of a recipe compare film, pictures and cuts', () => {
    for (const name of ['recipe-four-runs', 'recipe-one-pass']) {
      const [film, pictures, cuts, waveform] = found.get(name)?.results ?? [];
      expect(film?.ours.frames).toBe(4 * FPS);
      expect(film?.rival?.frames).toBe(4 * FPS);
      expect(film?.ours.ssim).toBeGreaterThan(0.9);
      expect(pictures?.ours.pictures).toBe(10);
      expect(pictures?.rival?.pictures).toBe(10);
      expect(cuts?.ours.cuts).toEqual([1000, 2000, 3000]);
      expect(cuts?.rival?.cuts).toEqual([1000, 2000, 3000]);
      expect(waveform?.ours.bytes).toBeGreaterThan(100);
      expect(waveform?.rival).toBeNull();
    }
  });
});

describe('the command', { timeout: 120_000 }, () => {
  it('names what can be measured', async () => {
    const listed = await mediamill(['bench', '--list', '--json']);
    expect(JSON.parse(listed.stdout).operations.map(({ name }: { name: string }) => name)).toContain(
      'recipe-one-pass',
    );
    const growth = await mediamill(['bench', '--growth', '--list']);
    expect(growth.stdout).toMatch(/normalize\s+normalize_audio/);
  });

  it('refuses what it cannot measure, and names the nearest', async () => {
    const unknown = await mediamill(['bench', '--only', 'recipe-one-pas']);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('recipe-one-pass');
    const wrong = await mediamill(['bench', '--growth', '--lengths', '10x']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('10s,1m');
  });

  it.skipIf(!hasRival && !process.env.CI)('measures growth, and says how it was done', async () => {
    const args = ['bench', '--growth', '--only', 'video-info', 'sha256', '--lengths', '1m,2m'];
    const { code, stdout, stderr } = await mediamill([...args, '--markdown']);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('npm run bench -- --growth --only video-info sha256 --lengths 1m,2m');
    const rows = stdout.split('\n').filter((line) => /^\| (video-info|sha256) /.test(line));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row).toMatch(/\| [\d.]+ (ms|s) \| .* \| [\d.]+ (ms|s) \| /);
  });
});

/** Four scenes of a second, so that there are cuts. As tall as the recipes want it, and narrow: that is cheap. */
function makeFilm(file: string): void {
  const scenes = ['testsrc2', 'smptebars', 'mandelbrot', 'rgbtestsrc'].flatMap((scene) => [
    ...['-f', 'lavfi', '-t', '1', '-i', `${scene}=s=320x720:r=${FPS}`],
  ]);
  const sound = ['-f', 'lavfi', '-t', '4', '-i', 'sine=f=220:r=48000'];
  const graph = '[0:v][1:v][2:v][3:v]concat=n=4,format=yuv420p[v]';
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', String(FPS), '-c:a', 'aac'];
  const args = [...scenes, ...sound, '-filter_complex', graph, '-map', '[v]', '-map', '4:a', ...codecs];
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', ...args, file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}
