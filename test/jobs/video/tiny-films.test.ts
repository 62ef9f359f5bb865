/** Films of fewer frames than an encoder looks ahead. */
import { expect, it } from 'vitest';
import { countedFrames, packets } from '../../decode/index.ts';
import { counterVideo } from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

const SETTINGS = [
  {},
  { preset: 'medium' },
  { preset: 'ultrafast' },
  { codec: 'libx264' },
  { codec: 'mpeg4' },
];

it.each([1, 2, 3])('%i frames', async (frames) => {
  for (const { width, height } of [
    { width: 320, height: 180 },
    { width: 1280, height: 720 },
  ]) {
    const input = await counterVideo({ frames, width, height });
    // libx265 took decoding times out of memory it had not written: whether it went well was chance.
    for (const params of SETTINGS) {
      const { output } = await runJob('transcode_h264_to_h265', { input, target: 'out.mp4', params });
      const said = JSON.stringify(params);
      expect(await countedFrames(output), said).toMatchObject(
        Array.from({ length: frames }, (_, number) => ({ number, time_s: number / 25 })),
      );
      const [video] = await packets(output);
      const times = video?.packets.map(({ dts }) => Number(dts)) ?? [];
      expect(times, said).toEqual(times.toSorted((a, b) => a - b));
      for (const { pts, dts } of video?.packets ?? [])
        expect(Number(dts), said).toBeLessThanOrEqual(Number(pts));
    }
  }
});
