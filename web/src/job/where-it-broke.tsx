/** Where in the source it broke: a film strip, hatched from there on. */
import type { FileInfo, Job } from '../api/types';
import { grouped } from '../text/numbers';
import { mediaClock } from '../text/time';
import { FilmStrip } from '../viewers/film-strip';

export function WhereItBroke({ job, info }: { job: Job; info: FileInfo | undefined }) {
  const { at_s, found_s, announced_s, found_frames, announced_frames } = job.error?.facts ?? {};
  const at = [at_s, found_s].find((value) => typeof value === 'number') as number | undefined;
  const duration = typeof announced_s === 'number' ? announced_s : (info?.duration_s ?? 0);
  if (at === undefined || duration <= 0 || at > duration) return null;
  const frames =
    typeof found_frames === 'number' && typeof announced_frames === 'number'
      ? `, frame ${grouped(found_frames)} of ${grouped(announced_frames)}`
      : '';
  return (
    <section aria-label="Where it broke" className="stage max-tab:-mx-4 max-tab:rounded-none">
      <p className="flex justify-between gap-4 px-3 pt-3 pb-2">
        <strong className="font-semibold">Where it broke</strong>
        <span className="text-stage-text-2">
          breaks off at {mediaClock(at, 3)}
          {frames}
        </span>
      </p>
      <FilmStrip job={job} of="source" video={null} duration={duration} time={at} brokenAt={at} />
    </section>
  );
}
