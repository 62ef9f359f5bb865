/** The run that a job is a step of: the other steps, how far they are, and what can be done with all of them. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { call, Failed } from '../api/client';
import { queryClient, useTaskTitle } from '../api/queries';
import type { RecipeRun } from '../api/schema.gen';
import { ENDED, type Job } from '../api/types';
import { plural } from '../text/numbers';
import { StateShape } from '../ui/state-shape';
import { toast } from '../ui/toast';
import { Panel } from './panel';

/** Steps that run elsewhere tell of themselves by events; this is for their percent. */
const ASK_MS = 2000;

const WORDS: Record<RecipeRun['status'], string> = {
  queued: 'waits',
  started: 'runs',
  finished: 'finished',
  partly: 'partly done',
  failed: 'failed',
  canceled: 'canceled',
};

export function RunPanel({ job }: { job: Job }) {
  const id = job.run?.id;
  const titleOf = useTaskTitle();
  const key = ['run', id];
  const { data: run } = useQuery({
    queryKey: key,
    enabled: id !== undefined,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && state.data.ended_at === null ? ASK_MS : false),
    queryFn: () => call('GET /api/runs/{id}', { path: { id: id ?? '' } }),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever this step moves on.
  useEffect(() => {
    if (id) void queryClient.invalidateQueries({ queryKey: ['run', id] });
  }, [id, job.status]);
  if (!run) return null;
  const again = run.ended_at !== null && run.steps.some(({ status }) => status !== 'finished');
  const change = async (name: 'POST /api/runs/{id}/retry' | 'POST /api/runs/{id}/cancel') => {
    try {
      queryClient.setQueryData(key, await call(name, { path: { id: run.id } }));
    } catch (error) {
      toast(error instanceof Failed ? error.message : String(error), { tone: 'bad' });
    }
  };
  const [pass] = run.passes;
  return (
    <Panel
      title="Run"
      aside={[run.recipe?.replace(/@0$/, ''), WORDS[run.status]].filter(Boolean).join(', ')}
      actions={
        again ? (
          <button
            type="button"
            className="btn btn-quiet btn-small"
            onClick={() => void change('POST /api/runs/{id}/retry')}
          >
            Retry failed steps
          </button>
        ) : (
          run.ended_at === null && (
            <button
              type="button"
              className="btn btn-quiet btn-small"
              onClick={() => void change('POST /api/runs/{id}/cancel')}
            >
              Cancel all
            </button>
          )
        )
      }
    >
      <ul className="py-1.5">
        {run.steps.map((step) => (
          <li key={step.job_id}>
            <Link
              to="/jobs/$id"
              params={{ id: step.job_id }}
              aria-current={step.job_id === job.id ? 'page' : undefined}
              activeProps={{ 'aria-current': step.job_id === job.id ? 'page' : undefined }}
              className="flex min-h-9 items-center gap-3 px-4 py-1 text-text no-underline hover:bg-hover aria-[current=page]:bg-accent-soft"
            >
              <StateShape status={step.status} percent={step.percent ?? undefined} size={14} />
              <span className="min-w-0 flex-1">
                <span className="block truncate">{titleOf(step.task)}</span>
                {step.from !== 'source' && (
                  <span className="t12 block truncate text-text-3">from {step.from}</span>
                )}
              </span>
              <span className="t12 flex-none text-text-2">
                {step.status === 'started' && step.percent !== null
                  ? `${Math.floor(step.percent)} %`
                  : ENDED.includes(step.status) && step.status === 'finished'
                    ? ''
                    : step.status}
              </span>
              <span className="unseen">{step.status}</span>
            </Link>
          </li>
        ))}
      </ul>
      {pass && pass.length > 1 && (
        <p className="t12 border-t border-line px-4 py-2 text-text-2">
          {plural(pass.length, 'output')} from one read of the source
        </p>
      )}
    </Panel>
  );
}
