/** What holds for runs of recipes on every queue. */
import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Queue } from '../../src/queue/port.ts';
import type { RunView } from '../../src/server/run-view.ts';
import { countedFrames, decodeAudio, readImage, rms, streamsOf } from '../decode/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { openPlace, type RecipePlace } from './place.ts';

const FRAMES = 30;
const FILM = { frames: FRAMES, width: 320, height: 180, audio: [{ codec: 'aac' as const }] };
const SECONDS = 240_000;

export const film = () => counterVideo(FILM);
export const digest = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
export const statuses = (view: RunView) =>
  Object.fromEntries(view.steps.map(({ id, status }) => [id, status]));

/** Every frame of the film, in order, whatever it was encoded with. */
export async function expectWholeFilm(file: string, codec: string): Promise<void> {
  expect(streamsOf(file).streams.map((stream) => stream.codec)).toEqual([codec, 'aac']);
  const numbers = (await countedFrames(file)).map(({ number }) => number);
  expect(numbers).toEqual(Array.from({ length: FRAMES }, (_, n) => n));
}

export async function expectSound(file: string): Promise<void> {
  const { samples, duration_s } = await decodeAudio(file);
  expect(duration_s).toBeGreaterThan(1);
  expect(rms(samples[0] ?? new Float32Array())).toBeGreaterThan(0.01);
}

export function recipeRuns(openQueue?: () => Promise<Queue>): void {
  let place: RecipePlace;
  let input_path: string;

  beforeAll(async () => {
    place = await openPlace(await openQueue?.());
    input_path = await place.stored(await film(), 'film.mp4');
    place.startWorker();
  });
  afterAll(() => place.close());

  describe('runs of shipped recipes', () => {
    test('web-video: a film that plays, a poster and a sheet of thumbnails', {
      timeout: SECONDS,
    }, async () => {
      const { id, passes } = await place.run({ recipe: 'web-video', input_path });
      expect(passes).toEqual([['video', 'poster', 'sprite']]);
      const view = await place.settled(id);
      expect([view.status, view.steps.map(({ error }) => error)]).toEqual(['finished', [null, null, null]]);
      // The worker has one place: they were there together.
      const jobs = await Promise.all(view.steps.map(({ job_id }) => place.queue.get(job_id)));
      const [begun, over] = [
        jobs.map((job) => job?.started_at ?? ''),
        jobs.map((job) => job?.ended_at ?? ''),
      ];
      expect(
        begun
          .toSorted()
          .at(-1)
          ?.localeCompare(over.toSorted()[0] ?? ''),
      ).toBeLessThanOrEqual(0);
      await expectWholeFilm(place.output(view, 'video.mp4'), 'h264');
      const poster = await readImage(place.output(view, 'poster.jpg'));
      expect([poster.width, poster.height]).toEqual([320, 180]);
      const sheet = await readImage(place.output(view, 'sprite/sprite.jpg'));
      expect(sheet.width % 160).toBe(0);
      expect(await readFile(place.output(view, 'sprite/sprite.vtt'), 'utf8')).toMatch(/^WEBVTT/);
    });

    test('archive: H.265, its checksum and a manifest of it', { timeout: SECONDS }, async () => {
      const { id, passes } = await place.run({ recipe: 'archive', input_path });
      expect(passes).toEqual([]);
      const view = await place.settled(id);
      expect(view.status).toBe('finished');
      await expectWholeFilm(place.output(view, 'archive.mkv'), 'hevc');
      const sum = await digest(place.output(view, 'archive.mkv'));
      expect(await readFile(place.output(view, 'archive.mkv.sha256'), 'utf8')).toBe(`${sum}  archive.mkv\n`);
      expect(await readFile(place.output(view, 'manifest.json'), 'utf8')).toContain(sum);
    });
  });

  describe('a run of which one step fails', () => {
    test('keeps what the others made, and does only the failed step again', {
      timeout: SECONDS,
    }, async () => {
      const silent = await place.stored(await counterVideo({ frames: 10 }), 'silent.mp4');
      const view = await place.run({
        recipe: {
          steps: [
            { id: 'video', task: 'resize_to_720p', output: 'video.mp4' },
            { id: 'poster', task: 'extract_key_frame' },
            { id: 'sound', task: 'extract_audio_from_video', output: 'sound.mp3' },
            { id: 'proof', task: 'calculate_sha256', from: 'sound' },
          ],
        },
        input_path: silent,
      });
      expect(view.passes).toEqual([['video', 'poster', 'sound']]);
      const ended = await place.settled(view.id);
      expect(ended.status).toBe('partly');
      expect(statuses(ended)).toEqual({
        video: 'finished',
        poster: 'finished',
        sound: 'failed',
        proof: 'failed',
      });
      expect(ended.steps.map(({ error }) => error?.code)).toEqual([
        undefined,
        undefined,
        'no_audio_stream',
        'parent_failed',
      ]);
      expect((await countedFrames(place.output(ended, 'video.mp4'))).length).toBe(10);
      await expect(access(place.output(ended, 'sound.mp3'))).rejects.toThrow();

      // Somebody puts a file with sound in its place.
      await writeFile(place.output(ended, '../../input/silent.mp4'), await readFile(await film()));
      const again = await place.ask('POST', `/api/runs/${view.id}/retry`);
      expect(again.statusCode).toBe(200);
      const whole = await place.settled(view.id);
      expect(whole.status).toBe('finished');
      await expectSound(place.output(whole, 'sound.mp3'));
      expect((await countedFrames(place.output(whole, 'video.mp4'))).length).toBe(10);
      expect(await readFile(place.output(whole, 'proof.sha256'), 'utf8')).toContain(
        await digest(place.output(whole, 'sound.mp3')),
      );
    });
  });
}
