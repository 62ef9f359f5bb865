/** A look at a job beside the list. */
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { fetchJob, useTaskTitle } from '../api/queries';
import { FailureText } from '../job/failure-text';
import { FilesPanel } from '../job/files-panel';
import { LogPanel } from '../job/log-panel';
import { ParamsPanel } from '../job/params-panel';
import { Timeline } from '../job/timeline';
import { putJobs } from '../live/jobs-store';
import { useJob, useProgress } from '../live/use-job';
import { jobName } from '../text/names';
import { dayAndTime } from '../text/time';
import { Poster } from '../ui/poster';
import { StateShape } from '../ui/state-shape';
import { Outcome } from './outcome';
import { ProgressCells, percentOf } from './progress';

export function PeekPanel({ id, close }: { id: string; close(): void }) {
  const job = useJob(id);
  const progress = useProgress(id)?.progress;
  const titleOf = useTaskTitle();
  const [gone, setGone] = useState(false);
  useEffect(() => {
    setGone(false);
    fetchJob(id).then(
      (found) => putJobs([found]),
      () => setGone(true),
    );
  }, [id]);
  return (
    <aside aria-label="Peek" className="flex w-[400px] flex-none flex-col border-l border-line bg-bg">
      <div className="flex h-11 flex-none items-center justify-between border-b border-line px-4">
        <code className="text-text-2">{id.slice(0, 13)}</code>
        <button type="button" className="btn btn-quiet btn-icon" aria-label="Close the panel" onClick={close}>
          <X size={16} aria-hidden="true" />
        </button>
      </div>
      {!job ? (
        <p className="p-4 text-text-2">{gone ? 'This job is not here any more.' : ''}</p>
      ) : (
        <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-auto p-4">
          <div className="flex items-start gap-3">
            <Poster key={id} job={job} className="h-[54px] w-24" />
            <div className="min-w-0 flex-1">
              <h2 className="t14 font-semibold break-words" dir="auto">
                {jobName(job)}
              </h2>
              <p className="text-text-2">
                {titleOf(job.task)} · {dayAndTime(job.created_at)}
              </p>
            </div>
          </div>
          <div className="@container flex items-center gap-2">
            <StateShape status={job.status} percent={percentOf(progress)} />
            <span>{job.status}</span>
            <span className="min-w-0 flex-1">
              {job.status === 'started' ? (
                <ProgressCells id={id} name={jobName(job)} />
              ) : (
                job.status !== 'failed' && <Outcome job={job} />
              )}
            </span>
          </div>
          {job.status === 'failed' && <FailureText job={job} />}
          <Link to="/jobs/$id" params={{ id }} className="btn self-start">
            Open
          </Link>
          <FilesPanel job={job} />
          <Timeline job={job} />
          <ParamsPanel job={job} />
          <LogPanel job={job} lines={8} />
        </div>
      )}
    </aside>
  );
}
