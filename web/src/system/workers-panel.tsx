/** Workers, and what each of them does now. */
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Failed, request } from '../api/client';
import { fetchJob, queryClient, useTaskTitle, useWorkers } from '../api/queries';
import type { WorkerInfo } from '../api/types';
import { Panel } from '../job/panel';
import { ProgressBar, percentOf } from '../jobs/progress';
import { getJob, putJobs } from '../live/jobs-store';
import { useJob, useProgress } from '../live/use-job';
import { jobName } from '../text/names';
import { size } from '../text/numbers';
import { CutName } from '../ui/cut-name';
import { toast } from '../ui/toast';

type Worker = WorkerInfo & { memory_bytes?: number | null; failed_in_a_row?: number };

export function WorkersPanel() {
  const { data } = useWorkers();
  const workers = (data?.workers ?? []) as Worker[];
  const busy = workers.reduce((sum, { busy, jobs }) => sum + (busy ?? jobs.length), 0);
  const places = workers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  return (
    <Panel title="Workers" aside={data ? `${busy} of ${places} busy` : undefined}>
      {data && workers.length === 0 && (
        <p className="p-4 text-text-2">
          No worker is running. Start one with <code>mediamill worker</code>, or the server without{' '}
          <code>--no-worker</code>.
        </p>
      )}
      <ul>
        {workers.map((worker) => (
          <WorkerRows key={worker.id} worker={worker} />
        ))}
      </ul>
    </Panel>
  );
}

const STATES: Record<string, string> = { running: '', draining: 'ends after its jobs', paused: 'paused' };

function WorkerRows({ worker }: { worker: Worker }) {
  const {
    id,
    host,
    jobs,
    busy = jobs.length,
    concurrency,
    state,
    detail,
    memory_bytes,
    failed_in_a_row,
  } = worker;
  const paused = state === 'paused';
  return (
    <li className="border-b border-line last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
        <span className="min-w-0 flex-1">
          <span className="break-all">{id}</span> <span className="text-text-3">{host}</span>
          {(STATES[state] || detail) && (
            <span className="block text-deferred">{[STATES[state], detail].filter(Boolean).join(': ')}</span>
          )}
          {failed_in_a_row ? (
            <span className="block text-text-2">{failed_in_a_row} failed in a row</span>
          ) : null}
        </span>
        <span className="text-text-2">
          {busy} of {concurrency}
        </span>
        {memory_bytes ? <span className="w-20 text-right text-text-2">{size(memory_bytes)}</span> : null}
        <button
          type="button"
          className="btn btn-small"
          onClick={() => void setWorkerPaused(id, !paused)}
          aria-label={`${paused ? 'Resume' : 'Pause'} ${id}`}
        >
          {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {jobs.map((job) => (
        <Running key={job} id={job} />
      ))}
    </li>
  );
}

function Running({ id }: { id: string }) {
  const job = useJob(id);
  const progress = useProgress(id)?.progress;
  const titleOf = useTaskTitle();
  useEffect(() => {
    if (!getJob(id))
      fetchJob(id).then(
        (found) => putJobs([found]),
        () => {},
      );
  }, [id]);
  if (!job) return null;
  const percent = percentOf(progress);
  return (
    <Link
      to="/jobs/$id"
      params={{ id }}
      className="grid grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)_96px_44px] items-center gap-4 px-4 py-2 no-underline hover:bg-hover max-tab:grid-cols-[minmax(0,1fr)_64px_44px]"
    >
      <CutName name={jobName(job)} />
      <span className="truncate text-text-2 max-tab:hidden">{titleOf(job.task)}</span>
      <ProgressBar progress={progress} name={jobName(job)} />
      <span className="text-right">{percent === null ? '' : `${Math.floor(percent)} %`}</span>
    </Link>
  );
}

async function setWorkerPaused(id: string, paused: boolean): Promise<void> {
  try {
    await request(`/api/workers/${encodeURIComponent(id)}/${paused ? 'pause' : 'resume'}`, {
      method: 'POST',
      body: {},
    });
    void queryClient.invalidateQueries({ queryKey: ['workers'] });
  } catch (error) {
    toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
  }
}
