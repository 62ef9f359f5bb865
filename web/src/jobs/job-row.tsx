/** A job in the list: shape, poster, name, task, result or progress, worker, age. */
import { Link } from '@tanstack/react-router';
import { Copy, RotateCw, Trash2, X } from 'lucide-react';
import { type MouseEvent, memo, useState } from 'react';
import { useTaskTitle } from '../api/queries';
import { ENDED, type Job } from '../api/types';
import { useNow } from '../live/now';
import { useJob, useProgress } from '../live/use-job';
import { jobName, workerName } from '../text/names';
import { age, exact } from '../text/time';
import { CutName } from '../ui/cut-name';
import { Poster } from '../ui/poster';
import { StateShape } from '../ui/state-shape';
import { cancelJobs, copyCurl, removeJobs, retryJobs } from './actions';
import { Outcome } from './outcome';
import { ProgressBar, ProgressCells, percentOf, progressFacts, stageText } from './progress';

export interface RowProps {
  id: string;
  /** Id of the element, for the list's active descendant. */
  elementId: string;
  index: number;
  cursor: boolean;
  selected: boolean;
  selecting: boolean;
  narrow: boolean;
  onSelect(id: string, range: boolean): void;
  onOpen(id: string, event: MouseEvent): void;
}

export const JobRow = memo(function JobRow(props: RowProps) {
  const job = useJob(props.id);
  const [pointed, setPointed] = useState(false);
  const { elementId, index, cursor, selected, narrow, onSelect, onOpen, id } = props;
  if (!job) return null;
  const Body = narrow ? NarrowCells : WideCells;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the list, which is one tab stop.
    <div
      id={elementId}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      tabIndex={-1}
      className={`absolute inset-0 border-b border-line ${cursor ? 'bg-hover' : selected ? 'bg-accent-soft' : pointed ? 'bg-hover' : ''}`}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onClick={(event) => {
        if (event.defaultPrevented) return;
        if (event.shiftKey || event.ctrlKey || event.metaKey) onSelect(id, event.shiftKey);
        else onOpen(id, event);
      }}
    >
      {cursor && <span className="absolute inset-y-0 left-0 w-[3px] bg-accent" aria-hidden="true" />}
      <Body {...props} job={job} pointed={pointed} />
    </div>
  );
});

interface CellProps extends RowProps {
  job: Job;
  pointed: boolean;
}

function Shape({ job, selecting, pointed, selected, onSelect }: CellProps) {
  const progress = useProgress(job.id)?.progress;
  const name = jobName(job);
  if (selecting || pointed || selected) {
    return (
      <input
        type="checkbox"
        tabIndex={-1}
        className="check relative z-10"
        aria-label={`Select ${name}`}
        checked={selected}
        onClick={(event) => event.stopPropagation()}
        onChange={(event) => onSelect(job.id, (event.nativeEvent as PointerEvent).shiftKey)}
      />
    );
  }
  return (
    <>
      <StateShape status={job.status} percent={percentOf(progress)} />
      <span className="unseen">{job.status}</span>
    </>
  );
}

function Name({ job }: { job: Job }) {
  return (
    <Link
      to="/jobs/$id"
      params={{ id: job.id }}
      tabIndex={-1}
      preload={false}
      className={`min-w-0 no-underline ${job.status === 'canceled' ? 'text-text-2' : 'text-text'}`}
      onClick={(event) => event.stopPropagation()}
    >
      <CutName name={jobName(job)} />
    </Link>
  );
}

function TaskName({ job }: { job: Job }) {
  const titleOf = useTaskTitle();
  const progress = useProgress(job.id)?.progress;
  const stage = job.status === 'started' ? stageText(progress) : '';
  return (
    <span className="truncate text-text-2">
      {titleOf(job.task)}
      {stage && <span className="text-text-3"> {stage}</span>}
      {job.run?.recipe && <span className="text-text-3"> {job.run.recipe.replace(/@\d+$/, '')}</span>}
    </span>
  );
}

function Age({ job }: { job: Job }) {
  const time =
    job.status === 'started'
      ? (job.started_at ?? job.created_at)
      : ENDED.includes(job.status)
        ? (job.ended_at ?? job.created_at)
        : job.created_at;
  const text = useNow((now) => age(time, now));
  return (
    <time dateTime={time} title={exact(time)} className="whitespace-nowrap text-text-2">
      {text}
    </time>
  );
}

function WideCells(props: CellProps) {
  const { job, pointed, cursor } = props;
  const name = jobName(job);
  return (
    <div className="gutter grid h-full grid-cols-[16px_40px_minmax(0,1.42fr)_minmax(0,0.68fr)_minmax(0,1.12fr)_104px] items-center gap-3.5">
      <span role="gridcell" className="flex">
        <Shape {...props} />
      </span>
      <span role="gridcell" className="flex">
        <Poster job={job} />
      </span>
      <span role="gridcell" className="min-w-0">
        <Name job={job} />
      </span>
      <span role="gridcell" className="flex min-w-0">
        <TaskName job={job} />
      </span>
      <span role="gridcell" className="flex min-w-0 flex-col justify-center">
        {job.status === 'started' ? <ProgressCells id={job.id} name={name} /> : <Outcome job={job} />}
      </span>
      <span role="gridcell" className="flex min-w-0 items-center justify-end gap-4">
        {pointed || cursor ? (
          <RowActions job={job} name={name} />
        ) : (
          <>
            <span className="flex-1 truncate text-text-2">
              {job.worker && workerName(job.worker).slice(0, 8)}
            </span>
            <Age job={job} />
          </>
        )}
      </span>
    </div>
  );
}

function NarrowCells(props: CellProps) {
  const { job } = props;
  const progress = useProgress(job.id)?.progress;
  const percent = percentOf(progress);
  const { speed, left } = progressFacts(progress);
  return (
    <div className="gutter grid h-full grid-cols-[16px_48px_minmax(0,1fr)_auto] content-center items-center gap-x-3 gap-y-0.5">
      <span role="gridcell" className="flex self-start pt-1">
        <Shape {...props} pointed={false} />
      </span>
      <span role="gridcell" className="row-span-2 flex self-start pt-0.5">
        <Poster job={job} className="h-8 w-12" />
      </span>
      <span role="gridcell" className="min-w-0 text-[15px]">
        <Name job={job} />
      </span>
      <span role="gridcell" className="t12">
        <Age job={job} />
      </span>
      <span role="gridcell" className="t12 col-span-2 col-start-3 flex min-w-0 items-center gap-1.5">
        <span className="max-w-[48%] flex-none truncate text-text-2">
          <TaskName job={job} />
        </span>
        {job.status === 'started' ? (
          <span className="ml-auto flex gap-2 whitespace-nowrap text-text-2">
            <span className="text-text">{percent === null ? '' : `${Math.floor(percent)} %`}</span> {speed}{' '}
            {left}
          </span>
        ) : (
          <>
            <span className="text-text-3">·</span>
            <Outcome job={job} />
          </>
        )}
      </span>
      {job.status === 'started' && (
        <span role="gridcell" className="col-span-2 col-start-3 pt-1">
          <ProgressBar progress={progress} name={jobName(job)} />
        </span>
      )}
    </div>
  );
}

function RowActions({ job, name }: { job: Job; name: string }) {
  const ended = ENDED.includes(job.status);
  const button = (label: string, Icon: typeof X, run: () => unknown) => (
    <button
      type="button"
      tabIndex={-1}
      className="btn btn-quiet size-7 min-h-0 p-0"
      aria-label={`${label} ${name}`}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        void run();
      }}
    >
      <Icon size={14} aria-hidden="true" />
    </button>
  );
  return (
    <span className="-mr-1.5 flex">
      {button('Copy curl of', Copy, () => copyCurl(job))}
      {ended && button('Retry', RotateCw, () => retryJobs([job.id]))}
      {ended
        ? button('Remove', Trash2, () => removeJobs([job.id]))
        : button('Cancel', X, () => cancelJobs([job.id]))}
    </span>
  );
}
