/** A source that was looked at is read without being opened again, and the same comes out. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MediaPlan } from '../../src/core/plan.ts';
import { execute, look, type PlanContext, probe } from '../../src/engine/index.ts';
import { packets } from '../decode/index.ts';
import { counterVideo, type VideoOptions } from '../fixtures/media/index.ts';
import { contextOf } from './plan-context.ts';

const SOURCES: VideoOptions[] = [
  { audio: [{}] },
  { container: 'mkv', bFrames: 3, audio: [{}] },
  { container: 'ts', audio: [{}] },
  { container: 'avi', codec: 'mpeg4', bFrames: 2, audio: [{ codec: 'mp3' }] },
];

const PLAN: MediaPlan = {
  inputs: [],
  outputs: [
    { kind: 'loudness', of: { stream: 1 }, filter: null },
    { kind: 'scenes', stream: 0, threshold: 0.1, min_scene_s: 0 },
    {
      kind: 'media',
      file: 'copy.mkv',
      tracks: [
        { kind: 'copy', stream: 0 },
        { kind: 'copy', stream: 1 },
      ],
      dropped: [],
      metadata: 'keep',
      chapters: 'keep',
    },
  ],
};

describe('a look at a source', () => {
  it.each(SOURCES)('%o', async (options) => {
    const source = await counterVideo(options);
    using seen = await look(source);
    expect(seen.facts).toEqual(await probe(source));
    const [again, anew] = await Promise.all([results(source, seen), results(source)]);
    expect(again).toEqual(anew);
    // It was used: there is nothing left to take.
    expect(await seen.take()).toBeNull();
  });

  it('is over when nobody reads', async () => {
    const seen = await look(await counterVideo());
    seen[Symbol.dispose]();
    expect(await seen.take()).toBeNull();
  });
});

async function results(source: string, seen?: PlanContext['look']) {
  const context = await contextOf(source, seen && { look: seen });
  const made = await execute(PLAN, context);
  return { made, packets: await packets(join(context.work, 'copy.mkv')) };
}
