/** The report of a job whose result is a media file. */
import { interlaceWarnings } from '../../core/explain/plan-warnings.ts';
import type { SourceFacts } from '../../core/facts.ts';
import type { JobReport } from '../../core/job.ts';
import type { OutputResult } from '../../core/plan.ts';
import { plural } from '../../core/plural.ts';
import { secondsText } from './describe.ts';

/** `picture` is the size of the result as a display shows it. */
export function encodeReport(
  results: OutputResult[],
  source: SourceFacts,
  picture: { width: number; height: number },
  { deinterlace }: { deinterlace: boolean },
): JobReport {
  const made = results.find((result) => result.kind === 'media');
  if (made?.kind !== 'media') throw new TypeError('The plan made no media file.');
  const video = made.tracks.find(
    (track) => source.streams[track.stream]?.kind === 'video' && track.codec !== 'copy',
  );
  const encoded = video === undefined ? undefined : source.streams[video.stream];
  const interlaced =
    video && encoded?.kind === 'video'
      ? interlaceWarnings(encoded, { encoder: video.codec, deinterlace })
      : [];
  const copied = made.tracks.filter((track) => track.codec === 'copy').length;
  const parts = [
    `${picture.width}×${picture.height}`,
    plural(video?.frames ?? 0, 'frame'),
    `${secondsText(made.duration_s)} with ${video?.codec ?? 'copy'}`,
    ...(copied > 0 ? [`${plural(copied, 'track')} copied`] : []),
  ];
  return {
    message: parts.join(', '),
    data: {
      width: picture.width,
      height: picture.height,
      duration_s: made.duration_s,
      encoder: video?.codec ?? null,
      frames: video?.frames ?? 0,
      tracks: made.tracks.map(({ stream, codec, packets, frames }) => ({ stream, codec, packets, frames })),
    },
    warnings: [...made.warnings, ...interlaced],
    metrics: { frames: video?.frames ?? 0 },
  };
}
