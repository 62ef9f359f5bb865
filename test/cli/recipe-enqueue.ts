/** What holds for recipes that are handed to a real server by the real program, on every queue. */
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunView } from '../../src/cli/run-view.ts';
import { readImage } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { type Service, sharedServer } from './service.ts';

/** Every command is a start of the program, seconds long while other tests run. */
const SLOW = { timeout: 240_000 };

const STILL = '[[steps]]\nid = "still"\ntask = "extract_key_frame"\noutput = "still.jpg"\n';
const SUM = '[[steps]]\nid = "sum"\ntask = "calculate_sha256"\nfrom = "still"\n';
const SOUND = '[[steps]]\nid = "sound"\ntask = "extract_audio_from_video"\noutput = "sound.mp3"\n';

const namesIn = async (folder: string) => (await readdir(folder)).filter((name) => !name.startsWith('.'));

/** A film without sound in its storage, and beside it for the command line. */
async function withFilm({ cwd }: Service): Promise<void> {
  const film = await counterVideo({ frames: 20 });
  await copyFile(film, join(cwd, 'data/input/film.mp4'));
  await copyFile(film, join(cwd, 'film.mp4'));
}

/** Asked of the server itself: that costs no start of the program. */
async function api<T>({ url }: Service, path: string): Promise<T> {
  return (await (await fetch(`${url}/api/${path}`)).json()) as T;
}

export async function queued(service: Service): Promise<number> {
  const { counts } = await api<{ counts: Record<string, number> }>(service, 'queue');
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Runs the command, which must refuse; answers its exit code and what it said. */
export async function refusal({ cli }: Service, ...args: string[]): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await cli('recipe', 'enqueue', ...args);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^mediamill: /);
  expect(stderr).not.toContain('    at ');
  return [code, stderr];
}

export const says = (code: number, ...words: string[]) => [
  code,
  expect.stringMatching(new RegExp(words.join('.*'), 's')),
];

/** That a recipe that was refused has left nothing behind. */
export async function nothingCame(service: Service, before: number): Promise<void> {
  expect(await queued(service)).toBe(before);
  expect(await namesIn(join(service.cwd, 'data/input'))).toEqual(['film.mp4']);
}

/** `env`: settings of a server with an empty queue. `more`: tests on its server without a worker. */
export function recipeEnqueue(
  env: () => Record<string, string>,
  more: (idle: () => Service) => void = () => {},
): void {
  describe('mediamill recipe enqueue', SLOW, () => {
    const idle = sharedServer(['--no-worker'], env, withFilm);
    const busy = sharedServer([], env, withFilm);

    test('hands in a job for each step, says their ids and what comes next', async () => {
      const service = idle();
      const before = await queued(service);
      const call = [
        'recipe enqueue web-video@0 /data/input/film.mp4 /data/output/film',
        '--priority 90 --attempts 2 --job-timeout 600 --idempotency-key same',
      ];
      const words = call.join(' ').split(' ');
      const { code, stdout, stderr } = await service.cli(...words);
      expect(code, stderr).toBe(0);
      const [first = '', head, ...rest] = stdout.trimEnd().split('\n');
      const [run = '', status] = first.split('  ');
      expect([status, head]).toEqual(['queued', expect.stringMatching(/^STEP +STATUS +JOB +TASK$/)]);
      const steps = rest.map((line) => line.split(/ +/));
      expect(steps.map(([id, state, , task]) => [id, state, task])).toEqual([
        ['video', 'queued', 'resize_to_720p'],
        ['poster', 'queued', 'extract_key_frame'],
        ['sprite', 'queued', 'extract_thumbnails'],
      ]);
      expect(stderr).toContain('Outputs go into /data/output/film.');
      expect(stderr).toContain(`mediamill recipe watch ${run}`);
      for (const [id, , job = ''] of steps) {
        expect(await api(service, `jobs/${job}`)).toMatchObject({
          run: { id: run, recipe: 'web-video@0', step: id },
          input_path: '/data/input/film.mp4',
          output_path: expect.stringMatching(/^\/data\/output\/film\//),
          priority: 90,
          max_attempts: 2,
          timeout_seconds: 600,
        });
      }
      // The same key: the same run, and nothing more in the queue.
      expect((await service.cli(...words)).stdout).toBe(stdout);
      expect(await queued(service)).toBe(before + 3);
    });

    test('--upload sends the input, --wait tells of each step when it has ended', async () => {
      const service = busy();
      await writeFile(join(service.cwd, 'own.toml'), STILL + SUM);
      const call = ['recipe', 'enqueue', 'own.toml', 'film.mp4', '--upload', '--wait'];
      const { code, stdout, stderr } = await service.cli(...call);
      expect([code, stdout.match(/^✓ \w+/gm)], stderr).toEqual([0, ['✓ still', '✓ sum']]);
      const folder = /\/data\/output\/([0-9a-f-]{36})\/still\.jpg/.exec(stdout)?.[1] ?? '';
      expect(stderr).toContain(`${folder}  queued`);
      expect((await readImage(join(service.cwd, 'data/output', folder, 'still.jpg'))).width).toBe(320);

      const watched = await service.cli('recipe', 'watch', folder);
      expect(watched).toMatchObject({ code: 0, stdout, stderr: '' });
      const run = JSON.parse((await service.cli('recipe', 'watch', folder, '--json')).stdout) as RunView;
      expect(run).toMatchObject({ id: folder, recipe: null, status: 'finished', percent: 100 });
      const sum = run.steps[1]?.output_path?.replace('/data/output/', '') ?? '';
      expect(await readFile(join(service.cwd, 'data/output', sum), 'utf8')).toMatch(/^[0-9a-f]{64} {2}still/);
    });

    test('a run of which a step fails keeps the rest, and exits with 1', async () => {
      const service = busy();
      await writeFile(join(service.cwd, 'own.toml'), STILL + SOUND);
      const call = ['recipe', 'enqueue', 'own.toml', 'input/film.mp4', 'output/part', '--wait'];
      const { code, stdout, stderr } = await service.cli(...call);
      expect([code, stdout.match(/^✓ \w+/gm)]).toEqual([1, ['✓ still']]);
      expect(stderr).toMatch(/✗ sound .*\(no_audio_stream\)/);
      expect((await readImage(join(service.cwd, 'data/output/part/still.jpg'))).width).toBe(320);
    });

    test('what cannot work is told with what to do, and nothing is queued or sent', async () => {
      const service = idle();
      const before = await queued(service);
      expect(await refusal(service, 'web-vidoe', 'film.mp4', '--upload')).toEqual(
        says(1, 'Did you mean "web-video"', 'recipe list'),
      );
      expect(await refusal(service, 'web-video', '/data/input/nothing.mp4')).toEqual(
        says(1, 'There is no file "/data/input/nothing.mp4"', '--upload'),
      );
      await nothingCame(service, before);
      expect(await service.cli('recipe', 'watch', 'nothing')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('There is no run "nothing".'),
      });
    });

    more(idle);
  });
}
