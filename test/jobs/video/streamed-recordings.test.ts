/** Recordings that were streamed, as browsers and OBS make them: no length is stated, and there is no index. */
import { describe, expect, it } from 'vitest';
import { readAnimation, readImage } from '../../decode/index.ts';
import { counterVideo, madeByFfmpeg, readCounter } from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

/** 40 frames at 25 a second, with nothing but what a pipe can hold. */
async function streamed(extension: '.mkv' | '.flv'): Promise<string> {
  const film = await counterVideo({ frames: 40 });
  const muxer =
    extension === '.mkv' ? ['matroska', '-live', '1'] : ['flv', '-flvflags', 'no_duration_filesize'];
  return madeByFfmpeg('streamed', extension, ['-i', film, '-c', 'copy', '-f', ...muxer]);
}

describe.each(['.mkv', '.flv'] as const)('a %s without a length', (extension) => {
  it('has no more than its frames in an animation', async () => {
    const { report, output } = await runJob('create_animated_gif', {
      input: await streamed(extension),
      target: 'clip.gif',
      params: { width: 96, fps: 5 },
    });
    const { frames, width, height } = await readAnimation(output);
    expect(frames.map(({ luma }) => readCounter({ width, height, luma }))).toEqual([
      0, 5, 10, 15, 20, 25, 30, 35,
    ]);
    expect(report.data).toMatchObject({ frames: 8, duration_s: 1.6 });
  });

  it('gives thumbnails from all over it, and is told how long it is', async () => {
    const input = await streamed(extension);
    const { outputs } = await runJob('extract_thumbnails', { input, target: 'stills', params: { count: 4 } });
    const stills = outputs.filter((name) => name.endsWith('.jpg'));
    const numbers = await Promise.all(stills.map(async (path) => readCounter(await readImage(path)) ?? -1));
    expect(numbers).toHaveLength(4);
    for (const [i, number] of numbers.slice(1).entries())
      expect(number).toBeGreaterThan((numbers[i] ?? 99) + 4);
    const { report } = await runJob('verify_file_integrity', { input, target: 'check.json' });
    expect(report.data.duration_s).toBeCloseTo(1.6, 1);
  });
});

it('an animation of an animation is as long as that', async () => {
  const params = { width: 96, fps: 10, duration: 0.8 };
  const first = await runJob('create_animated_gif', {
    input: await counterVideo({}),
    target: 'clip.apng',
    params,
  });
  const second = await runJob('create_animated_gif', {
    input: first.output,
    target: 'clip.gif',
    params: { width: 96, fps: 10 },
  });
  expect(second.report.data).toMatchObject({ frames: 8, duration_s: 0.8 });
});
