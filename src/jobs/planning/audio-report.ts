/** The report of a job whose result is a sound file. */
import type { JobReport } from '../../core/job.ts';
import type { OutputResult } from '../../core/plan.ts';
import { isLossless } from './audio-encoding.ts';
import { secondsText } from './describe.ts';

/** `bitrate` as it was asked for; `source` is the sound that was worked on, for what a copy does not tell. */
export function audioReport(
  results: OutputResult[],
  bitrate: number | undefined,
  source: { sample_rate: number; channels: number },
  data: Record<string, unknown> = {},
): JobReport {
  const made = results.find((result) => result.kind === 'media');
  // The main sound: the first that was encoded, else the only one there is.
  const track = made?.tracks.find(({ sample_rate }) => sample_rate !== undefined) ?? made?.tracks[0];
  if (!made || !track) throw new TypeError('The plan made no sound file.');
  const copied = track.codec === 'copy';
  return {
    message: `${secondsText(made.duration_s)} of sound, ${copied ? 'copied as it is' : `encoded with ${track.codec}`}`,
    data: {
      duration_s: made.duration_s,
      encoder: track.codec,
      copied,
      sample_rate: track.sample_rate ?? source.sample_rate,
      channels: track.channels ?? source.channels,
      ...data,
    },
    warnings: [...made.warnings, ...uselessBitRate(track.codec, bitrate)],
  };
}

export function uselessBitRate(encoder: string, bitrate: number | undefined): string[] {
  return bitrate !== undefined && isLossless(encoder)
    ? [`The bit rate has no effect: ${encoder} is lossless.`]
    : [];
}
