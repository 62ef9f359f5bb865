/** Several plans on one source: read once, and each with its own end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MediaOutput, MediaPlan, PlannedOutput } from '../../src/core/plan.ts';
import { execute, executeTogether, type PlanContext } from '../../src/engine/index.ts';
import { counterVideo } from '../fixtures/media/index.ts';
import { contextOf } from './plan-context.ts';

let source: string;

beforeAll(async () => {
  source = await counterVideo({ frames: 150, audio: [{}] });
});

const plan = (...outputs: PlannedOutput[]): MediaPlan => ({ inputs: [], outputs });

const film = (options: Record<string, string | number> = { preset: 'ultrafast', crf: 30 }): MediaOutput => ({
  kind: 'media',
  file: 'out.mkv',
  tracks: [{ kind: 'video', stream: 0, encoder: 'libx264', options, size: null, pixel_format: 'source' }],
  dropped: [],
  metadata: 'keep',
  chapters: 'keep',
});
const pictures: PlannedOutput = {
  kind: 'images',
  stream: 0,
  choose: { kind: 'spread', count: 3 },
  to: { folder: 'images', prefix: 'a' },
  format: 'png',
  width: 96,
  quality: 90,
  index: false,
  sprite: false,
};
const scenes: PlannedOutput = { kind: 'scenes', stream: 0, threshold: 0.3, min_scene_s: 0 };
const loudness: PlannedOutput = { kind: 'loudness', of: { stream: 1 }, filter: null };

describe('plans on one source', () => {
  it('give what each gives alone, from one read', async () => {
    const plans = [plan(film()), plan(pictures), plan(scenes, loudness), plan(loudness)];
    const alone = await Promise.all(
      plans.map(async (one) => {
        const context = await contextOf(source);
        return { context, results: await execute(one, context) };
      }),
    );
    const parts: string[] = [];
    const clock: PlanContext['clock'] = (name, _, work) => {
      parts.push(name);
      return work();
    };
    const contexts = await Promise.all(plans.map((_, at) => contextOf(source, at === 0 ? { clock } : {})));
    const together = await Promise.all(
      executeTogether(plans.map((one, at) => ({ plan: one, context: contexts[at] as PlanContext }))),
    );
    expect(parts).toEqual(['read']);
    expect(together).toEqual(alone.map(({ results }) => results));
    const [images] = together[1] ?? [];
    if (images?.kind !== 'images') throw new Error('No images');
    for (const { file } of images.images) {
      const [one, other] = await Promise.all(
        [contexts[1]?.work, alone[1]?.context.work].map((work) => readFile(join(work as string, file))),
      );
      expect(one?.equals(other as Buffer), file).toBe(true);
    }
  });

  it('one that fails fails early and alone', async () => {
    const progress: number[] = [];
    const contexts = [
      await contextOf(source),
      await contextOf(source, { progress: ({ percent }) => progress.push(percent ?? 0) }),
    ];
    const calls = [plan(film({ preset: 'nonsense' })), plan(film(), scenes)].map((one, at) => ({
      plan: one,
      context: contexts[at] as PlanContext,
    }));
    const [bad, good] = executeTogether(calls);
    await expect(bad).rejects.toMatchObject({ code: 'invalid_params' });
    const results = await good;
    expect(results?.[0]).toMatchObject({ kind: 'media', tracks: [{ frames: 150 }] });
    expect(results?.[1]).toMatchObject({ kind: 'scenes' });
  });

  it('one that is canceled ends at once, the others go on', async () => {
    const stop = new AbortController();
    const ends: string[] = [];
    const canceled = await contextOf(source, { signal: stop.signal, progress: () => stop.abort() });
    const [first, second] = executeTogether([
      { plan: plan(film({ preset: 'veryslow', crf: 10 })), context: canceled },
      { plan: plan(film({ preset: 'slow', crf: 20 })), context: await contextOf(source) },
    ]);
    stop.abort();
    await Promise.all([
      expect(first)
        .rejects.toMatchObject({ code: 'canceled' })
        .then(() => ends.push('canceled')),
      second?.then(() => ends.push('finished')),
    ]);
    expect(ends).toEqual(['canceled', 'finished']);
    expect((await second)?.[0]).toMatchObject({ tracks: [{ frames: 150 }] });
  });

  it('a stream that cannot be read is the ruin of those that want it', async () => {
    const context = await contextOf(source);
    const absent = { ...film(), tracks: film().tracks.map((track) => ({ ...track, stream: 7 })) };
    const [bad, good] = executeTogether([
      { plan: plan(absent), context },
      { plan: plan(loudness), context: await contextOf(source) },
    ]);
    await expect(bad).rejects.toMatchObject({ code: 'internal' });
    expect((await good)?.[0]).toMatchObject({ kind: 'loudness' });
  });
});
