/** A failure as a flow: the sentence, then the ways out, numbered; the best one is the only primary button. */
import { Link, useNavigate } from '@tanstack/react-router';
import type { Failure, Job, Suggestion } from '../api/types';
import { retryJobs } from '../jobs/actions';
import { CodeText } from '../ui/code-text';
import { StateShape } from '../ui/state-shape';
import { expectation } from './failure-text';

export function FailurePanel({ job }: { job: Job }) {
  const { error } = job;
  if (!error) return null;
  const ways = waysOut(job, error);
  return (
    <section
      aria-labelledby="failure"
      className="overflow-hidden rounded-10 border border-failed-line bg-surface"
    >
      <div className="flex gap-3.5 bg-failed-soft p-5">
        <span className="pt-1">
          <StateShape status="failed" size={18} />
        </span>
        <div className="min-w-0">
          <h2 id="failure" className="t16 font-semibold break-words">
            {headline(error).replace(/ \([^)]*\)$/, '')}
          </h2>
          <p className="max-w-[64ch] break-words text-text-2">{bodyText(error)}</p>
          <p className="pt-2">
            <code className="text-failed">{error.code}</code>{' '}
            <span className="pl-1 text-text-2">{expectation(error)}</span>
          </p>
        </div>
      </div>
      <ol>
        {ways.map((way, index) => (
          <li
            key={way.title}
            className="flex items-center gap-3.5 border-t border-line px-5 py-3 max-tab:flex-wrap"
          >
            <span className="t11 flex size-[22px] flex-none items-center justify-center rounded-full border border-field text-text-2">
              {index + 1}
            </span>
            <span className="min-w-0 flex-1 max-tab:basis-[calc(100%-50px)]">
              <span className="block font-medium">{way.title}</span>
              <span className="t12 block text-text-2">
                <CodeText text={way.reason} />
              </span>
            </span>
            <Way job={job} way={way} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The detail says more than the title; its first sentence is the heading. */
function headline({ detail, title }: Failure): string {
  const first = /^.{8,140}?[.](?=\s|$)/s.exec(detail)?.[0].slice(0, -1);
  const head = first ?? (detail.length <= 140 ? detail.replace(/\.$/, '') : title);
  return head || title;
}

function bodyText(error: Failure): string {
  const head = headline(error);
  const rest = error.detail.startsWith(head)
    ? error.detail.slice(head.length).replace(/^\.?\s*/, '')
    : error.detail;
  return [rest, error.next].filter(Boolean).join(' ');
}

function waysOut(job: Job, error: Failure): Suggestion[] {
  const given = error.suggestions ?? [];
  if (given.length > 0) return given;
  return [
    {
      title: 'Retry',
      reason: error.retryable
        ? 'The same job once more, with attempts counted anew.'
        : 'The same job once more; it will fail in the same way while its cause is there.',
      kind: 'retry',
      primary: error.retryable,
    },
    ...(job.input_path
      ? [
          {
            title: 'Change the params',
            reason: 'Opens the form with the params of this job.',
            kind: 'retry_with' as const,
            primary: !error.retryable,
          },
        ]
      : []),
  ];
}

/** What only a person can do begins somewhere: with another file, the machine, another job, or the form. */
function openTarget(job: Job, { target }: Suggestion) {
  const [parent] = job.depends_on;
  if (target === 'system') return { to: '/system' } as const;
  if (target === 'job' && parent) return { to: '/jobs/$id', params: { id: parent } } as const;
  if (target === 'task' && job.input_path) return { to: '/new', search: { input: job.input_path } } as const;
  if (target === 'upload')
    return { to: '/new', search: { task: job.task, params: JSON.stringify(job.params) } } as const;
  return { to: '/new', search: { from: job.id } } as const;
}

function Way({ job, way }: { job: Job; way: Suggestion }) {
  const navigate = useNavigate();
  const look = `btn ${way.primary ? 'btn-primary' : ''} max-tab:ml-9`;
  const verb = {
    retry: 'Retry',
    retry_with: 'Retry with new params',
    run_task: way.title,
    open: way.title,
  }[way.kind];
  if (way.kind === 'retry') {
    return (
      <button type="button" className={look} onClick={() => void retryJobs([job.id])}>
        {verb}
      </button>
    );
  }
  if (way.kind === 'open') {
    return (
      <button type="button" className={look} onClick={() => void navigate(openTarget(job, way))}>
        {verb}
      </button>
    );
  }
  return (
    <Link
      to="/new"
      search={{
        from: job.id,
        ...(way.kind === 'run_task' && way.task ? { task: way.task } : {}),
        ...(way.params ? { params: JSON.stringify(way.params) } : {}),
        ...(way.output_path ? { output: way.output_path } : {}),
        ...(way.timeout_seconds ? { timeout: way.timeout_seconds } : {}),
      }}
      className={look}
    >
      {verb}
    </Link>
  );
}
