/** State, facts and download of one job. */
import { Download } from 'lucide-react';
import { outputUrl } from '../api/client';
import { useTaskTitle } from '../api/queries';
import type { Job } from '../api/types';
import { percentOf } from '../jobs/progress';
import { useProgress } from '../live/use-job';
import { workerName } from '../text/names';
import { plural } from '../text/numbers';
import { dayAndTime } from '../text/time';
import { StateShape } from '../ui/state-shape';

const CHIPS: Partial<Record<Job['status'], string>> = {
  finished: 'bg-finished-soft text-finished',
  failed: 'bg-failed-soft text-failed',
};

export function StatusChip({ job }: { job: Job }) {
  const progress = useProgress(job.id)?.progress;
  const { status } = job;
  return (
    <span
      className={`t12 inline-flex items-center gap-1.5 rounded-[12px] px-2.5 py-1 align-[2px] font-normal ${CHIPS[status] ?? 'bg-inset text-text-2'}`}
    >
      <StateShape status={status} percent={percentOf(progress)} size={14} />
      {status.charAt(0).toUpperCase() + status.slice(1)}
    </span>
  );
}

export function Facts({ job }: { job: Job }) {
  const titleOf = useTaskTitle();
  const facts = [
    titleOf(job.task),
    (job.result?.outputs.length ?? 0) > 1 ? plural(job.result?.outputs.length ?? 0, 'file') : '',
    dayAndTime(job.ended_at ?? job.started_at ?? job.created_at),
    job.attempts > 1 ? `${job.attempts} of ${job.max_attempts} attempts` : '',
    job.worker ? `Worker ${workerName(job.worker)}` : '',
  ].filter(Boolean);
  return (
    <p className="flex flex-wrap gap-x-2 text-text-2">
      {facts.map((fact, index) => (
        <span key={fact} className="break-all">
          {index > 0 && <span className="pr-2 text-text-3">·</span>}
          {fact}
        </span>
      ))}
    </p>
  );
}

export function DownloadButton({ job, all }: { job: Job; all(): void }) {
  const [only, ...others] = job.result?.outputs ?? [];
  const look = 'btn btn-primary max-tab:flex-1';
  const body = (
    <>
      <Download size={15} aria-hidden="true" /> {others.length > 0 ? 'Download all' : 'Download'}
    </>
  );
  if (only && others.length === 0) {
    return (
      <a className={look} href={outputUrl(job.id, only.name, true)} download>
        {body}
      </a>
    );
  }
  return (
    <button type="button" className={look} onClick={all}>
      {body}
    </button>
  );
}
