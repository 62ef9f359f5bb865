/** Transport streams that were put together: the clock jumps, pictures and sound go on. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { countedFrames, decodeAudio } from '../decode/index.ts';
import { cached, counterVideo, type VideoOptions } from '../fixtures/media/index.ts';
import { runJob } from '../jobs/harness.ts';

const FRAMES = 30;
const PERIOD_S = 1 / 25;

/** Films of 30 frames and as much sound, one behind the other. */
function joined(...parts: VideoOptions[]): Promise<string> {
  const films = parts.map(
    (part): VideoOptions => ({
      container: 'ts',
      frames: FRAMES,
      gop: 10,
      audio: [{ codec: 'aac' }],
      ...part,
    }),
  );
  return cached('joined', '.ts', films, async (path) => {
    const made = await Promise.all(films.map((film) => counterVideo(film)));
    await writeFile(path, Buffer.concat(await Promise.all(made.map((file) => readFile(file)))));
  });
}

const CASES: [name: string, parts: VideoOptions[]][] = [
  ['goes back to where it began', [{}, {}, {}]],
  ['jumps forward by more than an hour', [{}, { start: 5000 }]],
  [
    'goes back by half a minute, with B-frames',
    [
      { start: 40, bFrames: 2 },
      { start: 10, bFrames: 2 },
    ],
  ],
];

describe.each(CASES)('a clock that %s', (_, parts) => {
  const jumps = parts.length - 1;
  const length = parts.length * FRAMES * PERIOD_S;

  it('leaves pictures at their pace, and the sound beside them', async () => {
    const { output, report } = await runJob('transcode_h264_to_h265', {
      input: await joined(...parts),
      target: 'out.mp4',
      params: { codec: 'libx264', preset: 'ultrafast' },
    });
    const frames = await countedFrames(output);
    expect(frames.map(({ number }) => number)).toEqual(
      parts.flatMap(() => Array.from({ length: FRAMES }, (_, number) => number)),
    );
    const steps = frames.slice(1).map(({ time_s }, i) => time_s - (frames[i]?.time_s ?? 0));
    // Where two films meet, the longer of sound and pictures decides.
    expect(Math.min(...steps)).toBeGreaterThan(PERIOD_S - 0.002);
    expect(Math.max(...steps)).toBeLessThan(2 * PERIOD_S);
    const sound = await decodeAudio(output);
    expect(Math.abs(sound.duration_s - length)).toBeLessThan(0.15);
    expect(report.warnings?.join(' ')).toContain(
      `The clock of the source jumps ${jumps === 1 ? 'once' : `${jumps} times`}`,
    );
  });

  it('leaves sound alone as long as it is', async () => {
    const { output } = await runJob('extract_audio_from_video', {
      input: await joined(...parts),
      target: 'out.wav',
    });
    expect(Math.abs((await decodeAudio(output)).duration_s - length)).toBeLessThan(0.15);
  });

  it('is told by a check of the format, and the whole is as long as its parts', async () => {
    const input = await joined(...parts);
    const whole = await runJob('verify_file_integrity', { input, target: 'check.json' });
    expect(Math.abs((whole.report.data.duration_s as number) - length)).toBeLessThan(0.15);
    const format = await runJob('validate_format_compliance', {
      input,
      target: 'format.json',
      params: { format: 'video' },
    });
    const checks = format.report.data.checks as { name: string; passed: boolean; detail: string }[];
    expect(checks.find(({ name }) => name === 'timestamps')).toEqual({
      name: 'timestamps',
      passed: false,
      detail: expect.stringContaining(`The clock jumps ${jumps} time${jumps === 1 ? '' : 's'}.`),
    });
  });
});

it('sound that changes under way is cut into whole frames of the encoder', async () => {
  const input = await joined(
    { audio: [{ codec: 'mp3', rate: 48000 }] },
    { start: 1.4 + FRAMES * PERIOD_S, audio: [{ codec: 'mp3', rate: 44100, channels: 1 }] },
    { start: 1.4 + 2 * FRAMES * PERIOD_S, audio: [{ codec: 'mp3', rate: 48000 }] },
  );
  for (const target of ['out.mp3', 'out.flac', 'out.ogg']) {
    const { output } = await runJob('extract_audio_from_video', {
      input,
      target,
    });
    const { duration_s, rate, channels } = await decodeAudio(output);
    expect([rate, channels], target).toEqual([48000, 2]);
    expect(Math.abs(duration_s - 3 * FRAMES * PERIOD_S), target).toBeLessThan(0.2);
  }
});

it('a clock whose 33 bits overflow goes on, and the whole is as long as it is', async () => {
  // 2^33 ticks of 90 kHz are 95,443.7 s.
  const input = await joined({ start: 95_443.2 });
  const { report } = await runJob('verify_file_integrity', { input, target: 'check.json' });
  expect(report.data).toMatchObject({ valid: true });
  expect(Math.abs((report.data.duration_s as number) - FRAMES * PERIOD_S)).toBeLessThan(0.1);
  const { output } = await runJob('transcode_h264_to_h265', {
    input,
    target: 'out.mp4',
    params: { codec: 'libx264', preset: 'ultrafast' },
  });
  expect((await countedFrames(output)).map(({ number }) => number)).toEqual(
    Array.from({ length: FRAMES }, (_, number) => number),
  );
});
