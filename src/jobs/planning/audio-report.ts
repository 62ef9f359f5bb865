/** The report of a job whose result is a sound file. */
import type { JobReport } from '../../core/job.ts';
import type { OutputResult } from '../../core/plan.ts';
import { secondsText } from './describe.ts';

export function audioReport(results: OutputResult[], data: Record<string, unknown> = {}): JobReport {
  const made = results.find((result) => result.kind === 'media');
  if (made?.kind !== 'media') throw new TypeError('The plan made no sound file.');
  const [track] = made.tracks;
  const how = track?.codec === 'copy' ? 'copied as it is' : `encoded with ${track?.codec}`;
  return {
    message: `${secondsText(made.duration_s)} of sound, ${how}`,
    data: {
      duration_s: made.duration_s,
      encoder: track?.codec ?? null,
      copied: track?.codec === 'copy',
      ...data,
    },
    warnings: made.warnings,
  };
}
