/** Sound beside a video that is encoded: copied where the container holds it, and no more than is to be heard. */
import { expect, it } from 'vitest';
import { decodeAudio, packets, streamsOf, toneLevel } from '../../decode/index.ts';
import { counterVideo, madeByFfmpeg } from '../../fixtures/media/index.ts';
import { runJob } from '../harness.ts';

/** A film of a second whose sound only QuickTime knows, or nearly. */
async function withSound(codec: string): Promise<string> {
  const film = await counterVideo({ frames: 25 });
  const sine = ['-f', 'lavfi', '-i', 'sine=f=440:r=44100:d=1'];
  return madeByFfmpeg('quicktime-sound', '.mov', ['-i', film, ...sine, '-c:v', 'copy', '-c:a', codec]);
}

it.each([
  ['adpcm_ima_qt', 'aac'],
  ['pcm_s8', 'aac'],
  ['pcm_f64be', 'aac'],
  ['pcm_mulaw', 'pcm_mulaw'],
  ['pcm_s24be', 'pcm_s24be'],
  ['alac', 'alac'],
])('%s becomes %s', async (codec, kept) => {
  const { output } = await runJob('transcode_h264_to_h265', {
    input: await withSound(codec),
    target: 'out.mkv',
    params: { preset: 'ultrafast' },
  });
  const sound = streamsOf(output).streams.find(({ audio }) => audio);
  expect(sound).toMatchObject({ codec: kept });
  const { samples, rate, duration_s } = await decodeAudio(output);
  expect(duration_s).toBeCloseTo(1, 1);
  const level = (freq: number) => toneLevel(samples[0] as Float32Array, rate, freq);
  expect(level(440)).toBeGreaterThan(level(660) + 30);
});

/** As films that were cut on a telephone: the rest is still in the file. */
it.each(['out.mp4', 'out.mkv', 'out.ts'])('what an edit list hides is not heard in %s', async (target) => {
  const { output } = await runJob('transcode_h264_to_h265', {
    input: await counterVideo({
      frames: 60,
      audio: [{ codec: 'aac' }],
      editList: { startS: 0.8, endS: 1.6 },
    }),
    target,
    params: { preset: 'ultrafast' },
  });
  const { duration_s } = await decodeAudio(output);
  expect(Math.abs(duration_s - 0.8)).toBeLessThan(0.025);
  // MP4 hides it again; of other containers players would play it.
  if (target === 'out.mp4') return;
  const [video, sound] = await packets(output);
  expect(sound?.packets.length).toBeLessThan(0.8 * (48000 / 1024) + 2);
  expect(Math.abs((sound?.packets[0]?.time_s ?? 9) - (video?.packets[0]?.time_s ?? 0))).toBeLessThan(0.05);
});
