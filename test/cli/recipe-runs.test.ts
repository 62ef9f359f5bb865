/** A run on a real server, canceled and begun again by the real program. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { counterVideo } from '../fixtures/media/index.ts';
import { sharedServer } from './service.ts';

const RECIPE = `
[[steps]]
id = "still"
task = "extract_key_frame"
output = "still.jpg"

[[steps]]
id = "sound"
task = "extract_audio_from_video"
output = "sound.mp3"
`;

const shared = sharedServer();

test('what waits of a run is canceled; a retry does what has not finished, and no more', {
  timeout: 240_000,
}, async () => {
  const { cli, cwd, url } = shared();
  const steps = (stdout: string) => stdout.match(/^(still|sound) +\w+/gm)?.map((line) => line.split(/ +/));
  await copyFile(await counterVideo({ frames: 20 }), join(cwd, 'data/input/film.mp4'));
  await writeFile(join(cwd, 'own.toml'), RECIPE);
  await fetch(`${url}/api/queue/pause`, { method: 'POST' });

  const handed = await cli('recipe', 'enqueue', 'own.toml', '/data/input/film.mp4');
  const run = handed.stdout.split(' ')[0] ?? '';
  const canceled = await cli('recipe', 'cancel', run);
  expect(canceled, canceled.stderr).toMatchObject({ code: 0 });
  expect(canceled.stdout).toMatch(new RegExp(`^${run}  canceled\n`));
  expect(steps(canceled.stdout)).toEqual([
    ['still', 'canceled'],
    ['sound', 'canceled'],
  ]);
  // Nothing is left to cancel.
  expect(await cli('recipe', 'cancel', run)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('All steps have ended.'),
  });

  const again = await cli('recipe', 'retry', run);
  expect(steps(again.stdout)).toEqual([
    ['still', 'queued'],
    ['sound', 'queued'],
  ]);
  expect(again.stderr).toContain(`mediamill recipe watch ${run}`);
  await fetch(`${url}/api/queue/resume`, { method: 'POST' });
  // The film has no sound: one step fails, and so does the command.
  const watched = await cli('recipe', 'watch', run);
  expect(watched, watched.stderr).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^✓ still /m),
    stderr: expect.stringMatching(/^✗ sound .*no audio stream/m),
  });

  const jobs = async () => {
    const { steps } = (await (await fetch(`${url}/api/runs/${run}`)).json()) as {
      steps: { job_id: string }[];
    };
    return Promise.all(
      steps.map(
        async ({ job_id: id }) =>
          (await (await fetch(`${url}/api/jobs/${id}`)).json()) as { ended_at: string },
      ),
    );
  };
  const before = await jobs();
  const failed = await cli('recipe', 'retry', run, '--wait', '--json');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({
    id: run,
    steps: [{ status: 'finished' }, { status: 'failed' }],
  });
  const after = await jobs();
  expect(after[0]).toEqual(before[0]);
  expect(after[1]).toMatchObject({ status: 'failed', error: { code: 'no_audio_stream' } });
  expect(after[1]?.ended_at).not.toBe(before[1]?.ended_at);
});

test('a run that is not there is said', { timeout: 60_000 }, async () => {
  const { cli } = shared();
  for (const action of ['watch', 'retry', 'cancel']) {
    const { code, stdout, stderr } = await cli('recipe', action, 'none');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/no run/i);
  }
});
