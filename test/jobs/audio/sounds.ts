/** Measures of decoded sound, and sources that the common fixtures do not have. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decodeAudio, packets, toneLevel } from '../../decode/index.ts';
import { writeContainer } from '../../fixtures/media/container.ts';
import { audioFile, cached } from '../../fixtures/media/index.ts';
import { soundtrack } from '../../fixtures/media/soundtrack.ts';
import { runJob } from '../harness.ts';

export interface Span {
  /** Seconds. */
  from?: number;
  to?: number;
}

/** Peak level in dBFS of each frequency on each channel, away from the edges of the span. */
export async function levelsOf(
  path: string,
  frequencies: number[],
  { from = 0, to = Number.POSITIVE_INFINITY }: Span = {},
): Promise<number[][]> {
  const { samples, rate, duration_s } = await decodeAudio(path);
  const end = Math.min(to, duration_s);
  const margin = (end - from) * 0.1;
  const [first, last] = [from + margin, end - margin].map((time) => Math.round(time * rate));
  return frequencies.map((freq) =>
    samples.map((channel) => toneLevel(channel.subarray(first, last), rate, freq)),
  );
}

/** Every channel of every frequency has this level, in dBFS; −Infinity stands for less than −80. */
export function expectLevels(found: number[][], wanted: number[][], tolerance = 0.1): void {
  expect(found.map((channels) => channels.length)).toEqual(wanted.map((channels) => channels.length));
  for (const [i, channels] of wanted.entries()) {
    for (const [channel, level] of channels.entries()) {
      const is = found[i]?.[channel] as number;
      const what = `tone ${i} on channel ${channel}`;
      if (level === Number.NEGATIVE_INFINITY) expect(is, what).toBeLessThan(-80);
      else expect(Math.abs(is - level), `${what}: ${is} dBFS, not ${level}`).toBeLessThanOrEqual(tolerance);
    }
  }
}

export interface LoudnessData {
  integrated_lufs: number | null;
  range_lu: number | null;
  true_peak_db: number | null;
}

/** Loudness as `get_audio_info` measures it. */
export async function loudnessOf(input: string): Promise<LoudnessData> {
  const { report } = await runJob('get_audio_info', {
    input,
    target: 'info.json',
    params: { loudness: true },
  });
  return report.data.loudness as LoudnessData;
}

/** MD5 of the sound, packet by packet as it lies in the file. */
export async function soundMd5(path: string): Promise<string[]> {
  return (await packets(path)).filter(({ kind }) => kind === 'audio').map(({ md5 }) => md5);
}

/** FLAC in Matroska, 440 Hz for `seconds`, of which the packets from `from` to `to` are missing. */
export function patchySound(options: { seconds: number; from: number; to: number }): Promise<string> {
  return cached('patchy', '.mkv', options, async (path) => {
    const { seconds, from, to } = options;
    const track = await soundtrack(path, { codec: 'flac' }, { seconds, start: 0, isDefault: true });
    const { num, den } = track.timeBase;
    const isMissing = (pts: bigint) => {
      const at = (Number(pts) * num) / den;
      return at >= from && at < to;
    };
    writeContainer(path, [{ ...track, packets: track.packets.filter(({ pts }) => !isMissing(pts)) }]);
  });
}

/** Two tracks of FLAC for 3 s: 300 Hz from 0:00, and by default 440 Hz from `start` on. */
export function lateSound(start: number): Promise<string> {
  return cached('late', '.mkv', start, async (path) => {
    const [early, late] = await Promise.all([
      soundtrack(path, { codec: 'flac', tones: [{ freq: 300 }] }, { seconds: 3, start: 0, isDefault: false }),
      soundtrack(path, { codec: 'flac' }, { seconds: 3 - start, start, isDefault: true }),
    ]);
    writeContainer(path, [early, late]);
  });
}

/** Bare AAC that begins with two channels and goes on with one, at the same level. */
export async function changingSound(): Promise<string> {
  const parts = await Promise.all(
    [2, 1].map((channels) => audioFile({ codec: 'aac', extension: '.aac', channels, seconds: 2 })),
  );
  return cached('changing', '.aac', 'stereo to mono', (path) =>
    writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part)))),
  );
}
