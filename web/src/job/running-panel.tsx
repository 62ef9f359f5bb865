/** A job that runs: how far it is. */
import { jobUrl } from '../api/client';
import type { Job } from '../api/types';
import { ProgressBar, percentOf, progressFacts, stageText, useStalled } from '../jobs/progress';
import { useProgress } from '../live/use-job';
import { jobName } from '../text/names';
import { size } from '../text/numbers';
import { span } from '../text/time';

export function RunningPanel({ job }: { job: Job }) {
  const progress = useProgress(job.id)?.progress;
  const stalled = useStalled(job.id);
  const percent = percentOf(progress);
  const { rate, speed, left } = progressFacts(progress);
  return (
    <section aria-label="Progress" className="panel flex flex-col gap-3 p-5">
      <p className="flex items-baseline gap-3">
        <span className="t22 font-semibold">{percent === null ? 'Running' : `${Math.floor(percent)} %`}</span>
        <span className="text-text-2">{stageText(progress)}</span>
        <span className="flex-1" />
        <span className="text-text-2">{left}</span>
      </p>
      <ProgressBar progress={progress} stalled={stalled > 0} name={jobName(job)} />
      <p className="flex gap-4 text-text-2">
        {stalled > 0 ? (
          <span className="text-deferred">No progress for {span(stalled)}</span>
        ) : (
          <>
            <span>{rate}</span>
            <span>{speed && `${speed} real time`}</span>
            <span className="flex-1" />
            {job.input_size_bytes ? <span>{size(job.input_size_bytes)} in</span> : null}
          </>
        )}
      </p>
      <img
        src={jobUrl(job.id, 'poster', { of: 'source', width: 640 })}
        alt=""
        className="max-h-[300px] self-start rounded-6"
        onError={(event) => event.currentTarget.remove()}
      />
    </section>
  );
}
