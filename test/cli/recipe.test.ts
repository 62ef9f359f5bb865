/** Recipes without a server, with the real program. */
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countedFrames, readImage } from '../decode/index.ts';
import { counterVideo, toneWav } from '../fixtures/media/index.ts';
import { emptyFolder, mediamill } from './mediamill.ts';

const SLOW = { timeout: 180_000 };

async function folderWith(file: Promise<string>, name: string): Promise<string> {
  const cwd = emptyFolder();
  await copyFile(await file, join(cwd, name));
  return cwd;
}

describe('mediamill recipe', SLOW, () => {
  test('list names those that come with the program', async () => {
    const { code, stdout } = await mediamill(['recipe', 'list', '--json'], { cwd: emptyFolder() });
    expect(code).toBe(0);
    const { recipes } = JSON.parse(stdout);
    expect(recipes.map(({ name, problem }: { name: string; problem: null }) => [name, problem])).toEqual(
      ['archive', 'everything', 'ingest-check', 'podcast', 'social-clip', 'web-video'].map((name) => [
        name,
        null,
      ]),
    );
  });

  test('run makes all outputs of a recipe, and tells of each step', async () => {
    const cwd = await folderWith(counterVideo({ frames: 20 }), 'film.mp4');
    const { code, stdout } = await mediamill(['recipe', 'run', 'web-video', 'film.mp4', 'new/out'], { cwd });
    expect([code, stdout.match(/^✓ \w+/gm)?.sort()]).toEqual([0, ['✓ poster', '✓ sprite', '✓ video']]);
    expect(readdirSync(join(cwd, 'new/out')).sort()).toEqual(['poster.jpg', 'sprite', 'video.mp4']);
    expect((await countedFrames(join(cwd, 'new/out/video.mp4'))).map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    expect((await readImage(join(cwd, 'new/out/poster.jpg'))).width).toBe(320);
  });

  test('run of which one step fails keeps the others, and exits with 1', async () => {
    const cwd = await folderWith(counterVideo({ frames: 20 }), 'film.mp4');
    const steps = [
      { id: 'still', task: 'extract_key_frame' },
      { id: 'sound', task: 'extract_audio_from_video', output: 'sound.mp3' },
      { id: 'sum', task: 'calculate_sha256', from: 'sound', output: 'sound.sha256' },
      { id: 'proof', task: 'calculate_sha256', from: 'still', output: 'still.sha256' },
    ];
    await writeFile(join(cwd, 'own.json'), JSON.stringify({ steps }));
    const { code, stdout } = await mediamill(['recipe', 'run', './own.json', 'film.mp4', 'out', '--json'], {
      cwd,
    });
    expect(code).toBe(1);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ success: false, recipe: './own.json', output_path: 'out' });
    const ends = answer.steps.map(
      ({ id, status, error }: { id: string; status: string; error: { code: string } }) => [
        id,
        status,
        error?.code,
      ],
    );
    expect(ends).toEqual([
      ['still', 'finished', undefined],
      ['sound', 'failed', 'no_audio_stream'],
      ['sum', 'failed', 'parent_failed'],
      ['proof', 'finished', undefined],
    ]);
    expect(readdirSync(join(cwd, 'out')).sort()).toEqual(['still.jpg', 'still.sha256']);
    expect((await readImage(join(cwd, 'out/still.jpg'))).width).toBe(320);
  });

  test('run on what cannot be used at all leaves nothing', async () => {
    const cwd = await folderWith(toneWav(), 'tone.wav');
    const clip = await mediamill(['recipe', 'run', 'social-clip', 'tone.wav', 'out'], { cwd });
    expect([clip.code, clip.stdout]).toEqual([1, '']);
    expect(clip.stderr).toMatch(/✗ clip .*no_video_stream/);
    expect(existsSync(join(cwd, 'out'))).toBe(false);
    const missing = await mediamill(['recipe', 'run', 'podcast', 'nothing.wav', 'out'], { cwd });
    expect([missing.code, missing.stdout]).toEqual([1, '']);
    const unknown = await mediamill(['recipe', 'run', 'podcats', 'tone.wav', 'out'], { cwd });
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('Did you mean "podcast"?')]);
    expect(readdirSync(cwd)).toEqual(['tone.wav']);
  });

  test('--explain tells how it would be done, and does nothing', async () => {
    const cwd = await folderWith(counterVideo({ frames: 20, audio: [{}] }), 'film.mp4');
    const people = await mediamill(['recipe', 'run', 'web-video', 'film.mp4', '--explain'], { cwd });
    expect(people.code).toBe(0);
    expect(people.stdout).toMatch(/Pass 1 {2}reads and decodes: 100 % of video 0 \(h264\)\n {2}video/);
    expect(people.stdout).not.toMatch(/Pass 2/);
    const one = await mediamill(['run', 'extract_key_frame', 'film.mp4', 'a.jpg', '--explain', '--json'], {
      cwd,
    });
    expect(JSON.parse(one.stdout)).toMatchObject({
      passes: [{ reads: 'seek', decoded_share: 0.05 }],
      steps: [{ task: 'extract_key_frame', output: 'a.jpg', predicted: null }],
    });
    expect(readdirSync(cwd)).toEqual(['film.mp4']);
  });

  test('lint tells all that is wrong', async () => {
    const cwd = emptyFolder();
    await writeFile(
      join(cwd, 'bad.toml'),
      '[[steps]]\nid = "a"\ntask = "resize_to_72p"\n[[steps]]\nid = "b"\ntask = "calculate_sha256"\nfrom = "c"\n',
    );
    const bad = await mediamill(['recipe', 'lint', 'bad.toml', '--json'], { cwd });
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      ok: false,
      problems: [
        { step: 'a', field: 'task' },
        { step: 'b', field: 'from' },
      ],
    });
    await writeFile(join(cwd, 'worse.toml'), '[[steps]\n');
    const worse = await mediamill(['recipe', 'lint', 'worse.toml'], { cwd });
    expect([worse.code, worse.stdout]).toEqual([1, expect.stringContaining('line 1')]);
    expect((await mediamill(['recipe', 'lint', 'everything'], { cwd })).code).toBe(0);
    const run = await mediamill(['recipe', 'run', 'bad.toml', 'x.mp4', 'out'], { cwd });
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('resize_to_720p')]);
  });

  test('save keeps every version in the folder of the settings', async () => {
    const cwd = emptyFolder();
    const recipe = (height: number) =>
      `[[steps]]\nid = "small"\ntask = "resize_to_720p"\nparams = { height = ${height} }\n`;
    const env = { MEDIAMILL_RECIPES_PATH: 'my recipes' };
    for (const height of [240, 360]) {
      await writeFile(join(cwd, 'small.toml'), recipe(height));
      expect((await mediamill(['recipe', 'save', 'small', 'small.toml'], { cwd, env })).code).toBe(0);
    }
    const shown = await mediamill(['recipe', 'show', 'small'], { cwd, env });
    expect(shown.stdout).toContain('height = 360');
    expect((await mediamill(['recipe', 'show', 'small@1'], { cwd, env })).stdout).toContain('height = 240');
    expect(await readFile(join(cwd, 'my recipes/small.toml'), 'utf8')).toBe(shown.stdout);
    expect((await mediamill(['recipe', 'remove', 'small'], { cwd, env })).code).toBe(0);
    expect((await mediamill(['recipe', 'show', 'small'], { cwd, env })).code).toBe(1);
  });
});
