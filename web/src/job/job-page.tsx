/** One job. */
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronRight, MoreHorizontal, RotateCw, SquareTerminal, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Failed } from '../api/client';
import { fetchJob, useFileInfo, useSeries } from '../api/queries';
import { ENDED, type Job } from '../api/types';
import { cancelJobs, copyCurl, removeJobs, retryJobs } from '../jobs/actions';
import { Outcome } from '../jobs/outcome';
import { useKeys } from '../keys/keys';
import { onComeback } from '../live/connection';
import { allJobs, putJobs } from '../live/jobs-store';
import { useJob } from '../live/use-job';
import { jobName } from '../text/names';
import { AfterDelay } from '../ui/after-delay';
import { announce } from '../ui/announce';
import { Menu } from '../ui/menu';
import { ErrorNotice } from '../ui/notice';
import { StateShape } from '../ui/state-shape';
import { toast } from '../ui/toast';
import { Viewer } from '../viewers/viewer';
import { AttemptsPanel } from './attempts-panel';
import { DeleteDialog } from './delete-dialog';
import { FailurePanel } from './failure-panel';
import { downloadAll, FilesPanel } from './files-panel';
import { DownloadButton, Facts, StatusChip } from './job-head';
import { LastLines } from './last-lines';
import { LogPanel } from './log-panel';
import { MetricTiles } from './metric-tiles';
import { ParamsPanel } from './params-panel';
import { PlanPanel } from './plan-panel';
import { RunPanel } from './run-panel';
import { RunningPanel } from './running-panel';
import { SourcePanel } from './source-panel';
import { SpeedChart } from './speed-chart';
import { Timeline } from './timeline';
import { WarningsPanel } from './warnings-panel';
import { WhereItBroke } from './where-it-broke';

export function JobPage() {
  const { id } = useParams({ from: '/jobs/$id' });
  const job = useJob(id);
  const [error, setError] = useState<unknown>(null);
  const [again, setAgain] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked for anew when somebody says so.
  useEffect(() => {
    setError(null);
    const load = () => fetchJob(id).then((found) => putJobs([found]), setError);
    void load();
    return onComeback(() => void load());
  }, [id, again]);
  if (job) return <JobView key={id} job={job} />;
  if (error) {
    return (
      <div className="p-12">
        <ErrorNotice
          error={error}
          retry={error instanceof Failed && error.status === 404 ? undefined : () => setAgain(again + 1)}
        />
        <p className="text-center">
          <Link to="/jobs" search={{}} className="link">
            Show all jobs
          </Link>
        </p>
      </div>
    );
  }
  return (
    <AfterDelay>
      <p className="gutter py-6 text-text-3">Loading the job</p>
    </AfterDelay>
  );
}

function JobView({ job }: { job: Job }) {
  const { id, status } = job;
  const navigate = useNavigate();
  const { log } = useSearch({ from: '/jobs/$id' });
  const [deleting, setDeleting] = useState(false);
  const running = status === 'started';
  const { data: series } = useSeries(id, running);
  const { data: info } = useFileInfo(null, status === 'failed' ? job.input_path : null);
  const name = jobName(job);
  const ended = ENDED.includes(status);
  const outputs = job.result?.outputs ?? [];
  const showLog = () =>
    void navigate({
      to: '/jobs/$id',
      params: { id },
      search: { log: log ? undefined : 'all' },
      replace: true,
    });
  const edit = () => void navigate({ to: '/new', search: { from: id } });
  const to = (step: number) => {
    const ids = [...allJobs()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).map((one) => one.id);
    const next = ids[ids.indexOf(id) + step];
    if (next) void navigate({ to: '/jobs/$id', params: { id: next } });
  };
  const download = () => void downloadAll(job);

  // Said once for those who cannot see it; progress is not read out.
  const [before, setBefore] = useState(status);
  useEffect(() => {
    if (before !== status) announce(`${name}: ${status}`);
    setBefore(status);
  }, [status, before, name]);
  useEffect(() => {
    document.title = `${name} · Media Mill`;
    return () => {
      document.title = 'Media Mill';
    };
  }, [name]);
  useKeys('One job', [
    { keys: 'j', label: 'Next job', run: () => to(1) },
    { keys: 'k', label: 'Previous job', run: () => to(-1) },
    { keys: 'd', label: 'Download', hint: outputs.length > 0, run: download },
    { keys: 'r', label: 'Retry', hint: status === 'failed', run: () => ended && void retryJobs([id]) },
    { keys: 'e', label: 'Edit params', hint: status === 'failed', run: edit },
    { keys: 'l', label: 'Whole log', hint: status === 'failed', run: showLog },
    { keys: 'c', label: 'Cancel', run: () => !ended && void cancelJobs([id]) },
    { keys: 'y', label: 'Copy as curl', run: () => void copyCurl(job) },
  ]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label="Job">
      <div className="gutter mx-auto max-w-[1640px] pb-8">
        <nav aria-label="Path" className="t12 flex items-center gap-1.5 pt-4 pb-1.5 text-text-2">
          <Link to="/jobs" search={{}} className="no-underline hover:underline">
            Jobs
          </Link>
          <ChevronRight size={12} aria-hidden="true" />
          <code title={id}>{id.slice(0, 13)}</code>
        </nav>
        <header className="flex flex-wrap items-start gap-x-6 gap-y-3 pb-4">
          <div className="min-w-0 flex-1 max-tab:basis-full">
            <h1 className="t20 font-semibold break-words" dir="auto">
              <span className="pr-2.5">{name}</span>
              <StatusChip job={job} />
            </h1>
            <Facts job={job} />
          </div>
          <div className="flex gap-2 max-tab:w-full">
            {!ended && (
              <button
                type="button"
                className="btn max-tab:flex-1"
                onClick={() => void cancelJobs([id])}
                aria-disabled={job.cancel_requested || undefined}
              >
                <X size={15} aria-hidden="true" /> {job.cancel_requested ? 'Stopping' : 'Cancel'}
              </button>
            )}
            {ended && (
              <button type="button" className="btn max-tab:flex-1" onClick={() => void retryJobs([id])}>
                <RotateCw size={14} aria-hidden="true" />{' '}
                {status === 'failed' ? 'Retry as is' : status === 'canceled' ? 'Retry' : 'Run again'}
              </button>
            )}
            {outputs.length > 0 && <DownloadButton job={job} all={download} />}
            <Menu
              trigger={
                <button type="button" className="btn btn-icon" aria-label="More">
                  <MoreHorizontal size={16} aria-hidden="true" />
                </button>
              }
              items={[
                { text: 'Edit params and run', run: edit },
                {
                  text: 'Copy as curl',
                  icon: <SquareTerminal size={14} aria-hidden="true" />,
                  run: () => void copyCurl(job),
                },
                { text: 'Read the whole log', run: showLog },
                ...(ended
                  ? [
                      {
                        text: 'Remove from the list',
                        run: () => {
                          void removeJobs([id]);
                          void navigate({ to: '/jobs', search: {} });
                        },
                      },
                      ...(outputs.length > 0
                        ? [{ text: 'Delete with its files', run: () => setDeleting(true) }]
                        : []),
                    ]
                  : []),
              ]}
            />
          </div>
        </header>
        {log ? (
          <LogPanel job={job} all />
        ) : (
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 tab:grid-cols-[minmax(0,1fr)_minmax(280px,340px)]">
            <div className="flex min-w-0 flex-col gap-5">
              {status === 'started' && <RunningPanel job={job} />}
              {(status === 'queued' || status === 'scheduled' || status === 'deferred') && (
                <div className="panel flex items-center gap-3 p-4">
                  <StateShape status={status} /> <Outcome job={job} />
                </div>
              )}
              {status === 'failed' && (
                <>
                  <FailurePanel job={job} />
                  <WhereItBroke job={job} info={info} />
                  {job.error && <LastLines error={job.error} showAll={showLog} />}
                </>
              )}
              {status === 'finished' && (
                <>
                  <Viewer job={job} />
                  <MetricTiles job={job} samples={series?.samples ?? []} />
                  <WarningsPanel job={job} />
                </>
              )}
              <LogPanel job={job} lines={12} />
            </div>
            <div className="flex min-w-0 flex-col gap-5">
              <RunPanel job={job} />
              <FilesPanel job={job} />
              <AttemptsPanel job={job} />
              <Timeline job={job} />
              <SpeedChart samples={series?.samples ?? []} />
              {status === 'failed' && <SourcePanel job={job} info={info} />}
              <ParamsPanel job={job} edit={ended} />
              <PlanPanel job={job} />
            </div>
          </div>
        )}
      </div>
      <DeleteDialog
        job={job}
        open={deleting}
        setOpen={setDeleting}
        gone={() => {
          toast('Deleted the job and its files.');
          void navigate({ to: '/jobs', search: {} });
        }}
      />
    </div>
  );
}
