/** Runs on the embedded queue; the recipes that the other suite leaves out, and plans before a run. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeChapters } from '../../src/engine/chapters/index.ts';
import { readAnimation, readImage, streamsOf } from '../decode/index.ts';
import { makeMedia, read } from '../engine/chapters-media.ts';
import { openPlace, type RecipePlace } from './place.ts';
import { digest, expectSound, expectWholeFilm, film, recipeRuns, statuses } from './runs.ts';

const SECONDS = 240_000;

recipeRuns();

describe('the other shipped recipes', () => {
  let place: RecipePlace;
  let folder: string;
  let input_path: string;

  beforeAll(async () => {
    place = await openPlace();
    folder = await mkdtemp(join(tmpdir(), 'mill-episode-'));
    input_path = await place.stored(await film(), 'film.mp4');
  });
  afterAll(async () => {
    await place.close();
    await rm(folder, { recursive: true, force: true });
  });
  const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

  test('can be planned before anything has run', { timeout: SECONDS }, async () => {
    const answer = await place.ask('POST', '/api/plan', { recipe: 'web-video', input_path });
    expect(answer.statusCode).toBe(200);
    const plan = answer.json();
    expect(plan.passes).toMatchObject([
      { reads: 'decode', from: 'source', decoded_share: 1, steps: ['video', 'poster', 'sprite'] },
    ]);
    expect(plan.steps[0]).toMatchObject({
      plan: { steps: [{ kind: 'video', from: 'h264', to: 'libx264' }, { kind: 'copy' }] },
      predicted: null,
      problem: null,
      warnings: ['The video is H.264 already; encoding it again loses quality.'],
    });
    expect(plan.steps.map(({ output }: { output: string }) => output)).toEqual([
      'video.mp4',
      'poster.jpg',
      'sprite',
    ]);
    const still = await place.ask('POST', '/api/plan', { task: 'extract_key_frame', input_path });
    expect([still.statusCode, still.json()]).toEqual([200, expect.anything()]);
    expect(still.json().passes).toMatchObject([{ reads: 'seek', decoded_share: 1 / 30 }]);
    const both = await place.ask('POST', '/api/plan', {
      task: 'extract_key_frame',
      recipe: 'archive',
      input_path,
    });
    expect(both.json()).toMatchObject({ status: 400, code: 'invalid_request' });
    const bad = await place.ask('POST', '/api/plan', {
      recipe: { steps: [{ id: 'a', task: 'b' }] },
      input_path,
    });
    expect(bad.json()).toMatchObject({ status: 400, code: 'invalid_recipe', problems: [{ step: 'a' }] });
    expect((await place.queue.list({ limit: 1 })).jobs).toEqual([]);
  });

  test('podcast: normalised sound with its chapters, and its waveform', { timeout: SECONDS }, async () => {
    place.startWorker();
    const episode = join(folder, 'episode.m4a');
    makeMedia(episode, {});
    const chapters = [
      { start_s: 0, end_s: 2, title: 'One', tags: { title: 'One' } },
      { start_s: 2, end_s: 5, title: 'Two', tags: { title: 'Two' } },
    ];
    expect(await writeChapters(episode, chapters)).toBe(true);
    const { id } = await place.run({ recipe: 'podcast', input_path: await place.stored(episode) });
    const view = await place.settled(id);
    expect(view.status).toBe('finished');
    const made = place.output(view, 'episode.mp3');
    expect(streamsOf(made).streams.map(({ codec }) => codec)).toEqual(['mp3']);
    await expectSound(made);
    expect((await read(made)).map(({ title }) => title)).toEqual(['One', 'Two']);
    const job = (await place.ask('GET', `/api/jobs/${view.steps[0]?.job_id}`)).json();
    expect(job.result.data).toMatchObject({ target_lufs: -16 });
    expect(Math.abs(job.result.data.after.integrated_lufs + 16)).toBeLessThan(0.3);
    expect((await json(place.output(view, 'waveform.json'))).samples).toBeGreaterThan(0);
  });

  test('social-clip: a clip, a GIF that moves and a still', { timeout: SECONDS }, async () => {
    const { id } = await place.run({ recipe: 'social-clip', input_path });
    const view = await place.settled(id);
    expect(view.status).toBe('finished');
    await expectWholeFilm(place.output(view, 'clip.mp4'), 'h264');
    expect((await readAnimation(place.output(view, 'clip.gif'))).frames.length).toBeGreaterThan(3);
    expect((await readImage(place.output(view, 'still.jpg'))).width).toBe(320);
  });

  test('ingest-check: whole, what it is, its tags and its checksum', { timeout: SECONDS }, async () => {
    const { id } = await place.run({ recipe: 'ingest-check', input_path });
    const view = await place.settled(id);
    expect(view.status).toBe('finished');
    expect(await json(place.output(view, 'integrity.json'))).toMatchObject({ valid: true });
    expect((await json(place.output(view, 'info.json'))).streams).toHaveLength(2);
    expect(Object.keys(await json(place.output(view, 'exif.json'))).length).toBeGreaterThan(0);
    expect(await readFile(place.output(view, 'source.sha256'), 'utf8')).toContain(await digest(await film()));
  });

  test('everything: all of it', { timeout: SECONDS }, async () => {
    const { id, passes } = await place.run({ recipe: 'everything', input_path });
    expect(passes).toHaveLength(1);
    expect(passes[0]).toHaveLength(10);
    const view = await place.settled(id);
    expect(view.steps.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect([view.status, view.steps.length]).toEqual(['finished', 14]);
    await expectWholeFilm(place.output(view, 'web.mp4'), 'h264');
    await expectWholeFilm(place.output(view, 'archive.mkv'), 'hevc');
    await expectSound(place.output(view, 'audio.mp3'));
    expect((await readImage(place.output(view, 'poster.jpg'))).width).toBe(320);
    expect((await readAnimation(place.output(view, 'preview.gif'))).frames.length).toBeGreaterThan(3);
    expect(await readFile(place.output(view, 'archive.mkv.sha256'), 'utf8')).toContain(
      await digest(place.output(view, 'archive.mkv')),
    );
  });

  test('are predicted from what they took here', { timeout: SECONDS }, async () => {
    // With the run of everything, the task has run four times on this source.
    const runs = [1, 2, 3].map(() =>
      place.run({ recipe: { steps: [{ id: 'sum', task: 'calculate_sha256' }] }, input_path }),
    );
    for (const { id } of await Promise.all(runs)) expect((await place.settled(id)).status).toBe('finished');
    const { steps } = (await place.ask('POST', '/api/plan', { recipe: 'ingest-check', input_path })).json();
    const sum = steps.find(({ id }: { id: string }) => id === 'checksum');
    expect(sum.predicted).toMatchObject({ from_runs: expect.any(Number), duration_s: expect.any(Number) });
    expect(sum.predicted.from_runs).toBeGreaterThanOrEqual(3);
    expect(sum.predicted.size_bytes).toBeGreaterThan(64);
    expect(statuses((await place.ask('GET', `/api/runs/${(await runs[0])?.id}`)).json())).toEqual({
      sum: 'finished',
    });
  });
});
