/** The value a row ends in. Told by the shape of the result, never by the name of the task. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTaskTitle } from '../api/queries';
import type { Job } from '../api/types';
import { useNow } from '../live/now';
import { useJob } from '../live/use-job';
import { change, plural, significant, size } from '../text/numbers';
import { hourMinute, span } from '../text/time';
import { MiniWave } from './mini-wave';

export function Outcome({ job }: { job: Job }) {
  switch (job.status) {
    case 'failed':
      return <FailureText job={job} />;
    case 'finished':
      return <ResultValue job={job} />;
    case 'canceled':
      return (
        <Quiet>
          {job.progress?.percent
            ? `Canceled at ${Math.floor(job.progress.percent)} %`
            : 'Canceled before it started'}
        </Quiet>
      );
    case 'scheduled':
      return <Scheduled job={job} />;
    case 'deferred':
      return <Deferred job={job} />;
    default:
      return <Quiet>Waits for a worker</Quiet>;
  }
}

const Quiet = ({ children }: { children: ReactNode }) => (
  <span className="truncate text-text-2">{children}</span>
);

function FailureText({ job }: { job: Job }) {
  const { detail, title, code } = job.error ?? { detail: 'It failed.', title: '', code: '' };
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <span className="truncate text-failed" title={detail}>
        {firstSentence(detail || title)}
      </span>
      <code className="flex-none truncate text-text-2 @max-[1180px]:hidden">{code}</code>
    </span>
  );
}

export function firstSentence(text: string): string {
  return /^.{12,}?[.](?=\s|$)/s.exec(text)?.[0].slice(0, -1) ?? text.replace(/\.$/, '');
}

function Scheduled({ job }: { job: Job }) {
  const at = job.scheduled_at ?? job.created_at;
  const text = useNow((now) => {
    const seconds = (Date.parse(at) - now) / 1000;
    if (job.attempts > 0) {
      const again = `Attempt ${job.attempts + 1} of ${job.max_attempts}`;
      return seconds > 0 ? `${again} in ${span(seconds)}` : `${again} now`;
    }
    return seconds > 0 ? `Starts at ${hourMinute(at)}, in ${span(seconds)}` : 'Starts now';
  });
  return <Quiet>{text}</Quiet>;
}

function Deferred({ job }: { job: Job }) {
  const [first = ''] = job.depends_on;
  const parent = useJob(first);
  const titleOf = useTaskTitle();
  if (job.depends_on.length !== 1) return <Quiet>Waits for {plural(job.depends_on.length, 'job')}</Quiet>;
  return (
    <Quiet>
      Waits for{' '}
      <Link to="/jobs/$id" params={{ id: first }} className="link" tabIndex={-1}>
        {parent ? titleOf(parent.task) : 'another job'}
      </Link>
      {parent?.status === 'failed' || parent?.status === 'canceled'
        ? `, which ${parent.status === 'failed' ? 'failed' : 'was canceled'}`
        : ''}
    </Quiet>
  );
}

function ResultValue({ job }: { job: Job }) {
  const { result } = job;
  if (!result) return null;
  const { data, metrics, outputs } = result;
  if (Array.isArray(data.cuts)) {
    const length = typeof data.duration_s === 'number' ? ` in ${significant(data.duration_s)} s` : '';
    return <Quiet>{`${plural(data.cuts.length, 'cut')}${length}`}</Quiet>;
  }
  const loudness = [data.before, data.after].map(
    (one) => (one as { integrated_lufs?: number } | undefined)?.integrated_lufs,
  );
  if (loudness.every((value) => typeof value === 'number')) {
    return <Quiet>{loudness.map((value) => signed(value as number)).join(' → ')} LUFS</Quiet>;
  }
  const hash = [data.hash, data.actual].find((value) => typeof value === 'string') as string | undefined;
  if (hash && data.valid === undefined)
    return <code className="truncate text-text-2">{`${hash.slice(0, 22)}…${hash.slice(-10)}`}</code>;
  const verdict = data.valid ?? data.compliant;
  if (typeof verdict === 'boolean') return <Verdict passed={verdict} text={result.message} />;
  if (typeof data.samples === 'number' && typeof data.channels === 'number' && isData(outputs)) {
    return <MiniWave id={job.id} fallback={<Quiet>{result.message}</Quiet>} />;
  }
  const sizes =
    outputs.length === 1 && !isData(outputs)
      ? change(metrics.input_size_bytes, metrics.output_size_bytes)
      : null;
  if (sizes) {
    return (
      <span className="truncate text-text-2">
        {size(metrics.input_size_bytes)} → {size(metrics.output_size_bytes)}{' '}
        <span className={`pl-1 ${sizes.smaller ? 'text-finished' : ''}`}>{sizes.text}</span>
      </span>
    );
  }
  return <Quiet>{result.message}</Quiet>;
}

function Verdict({ passed, text }: { passed: boolean; text: string }) {
  return <span className={`truncate ${passed ? 'text-text-2' : 'text-failed'}`}>{text}</span>;
}

/** A table or a hash is no smaller film: sizes are compared where the result replaces the source. */
function isData(outputs: { media_type: string }[]): boolean {
  return outputs.some(({ media_type }) => /json|text|sha256/.test(media_type));
}

const signed = (value: number) => value.toFixed(1).replace('-', '−');
