/** What happened, with the time since creation; each wait and each attempt has its cause. */
import type { Job } from '../api/types';
import { workerName } from '../text/names';
import { plural } from '../text/numbers';
import { clock, exact, span } from '../text/time';
import { StateShape } from '../ui/state-shape';
import { Panel } from './panel';

type Entry = Job['timeline'][number];

const WORDS: Record<string, string> = {
  enqueued: 'Queued',
  claimed: 'Started',
  attempt_failed: 'Attempt failed',
  lease_expired: 'Worker was lost',
  blocked: 'Blocked',
  released: 'Given back',
  retried: 'Retried',
  cancel_requested: 'Cancel requested',
  finished: 'Finished',
  failed: 'Failed',
  canceled: 'Canceled',
};

const FINAL = ['finished', 'failed', 'canceled'] as const;

export function Timeline({ job }: { job: Job }) {
  const created = Date.parse(job.created_at);
  return (
    <Panel
      title="Timeline"
      aside={job.attempts > 0 ? `attempt ${job.attempts} of ${job.max_attempts}` : undefined}
    >
      <ol className="px-4 py-3">
        <Row
          title="Created"
          at={job.created_at}
          time={clock(job.created_at)}
          last={job.timeline.length === 0}
          detail={origin(job)}
        />
        {job.timeline.map((entry, index) => (
          <Row
            key={index}
            title={titleOf(entry)}
            at={entry.at}
            time={`+${after((Date.parse(entry.at) - created) / 1000)}`}
            detail={detailOf(entry, job.timeline[index - 1])}
            final={FINAL.find((one) => one === entry.event)}
            last={index === job.timeline.length - 1}
          />
        ))}
      </ol>
    </Panel>
  );
}

function titleOf({ event, worker, attempt }: Entry): string {
  const words = WORDS[event] ?? event.charAt(0).toUpperCase() + event.slice(1).replaceAll('_', ' ');
  if (event !== 'claimed') return words;
  const where = worker ? ` on ${workerName(worker)}` : '';
  return attempt && attempt > 1 ? `Attempt ${attempt} started${where}` : `${words}${where}`;
}

function detailOf(entry: Entry, before: Entry | undefined): string | null {
  if (entry.event === 'claimed' && before) {
    const waited = (Date.parse(entry.at) - Date.parse(before.at)) / 1000;
    return waited >= 1 ? `waited ${span(waited)}` : null;
  }
  return entry.detail ?? null;
}

function origin(job: Job): string | null {
  if (job.depends_on.length > 0) return `waits for ${plural(job.depends_on.length, 'job')}`;
  if (job.chain_depth > 0) return `by another job, ${plural(job.chain_depth, 'step')} down the chain`;
  return job.idempotency_key ? `with the key ${job.idempotency_key}` : null;
}

/** "9 s", "2:06" */
function after(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const rest = `${String(Math.floor(whole / 60) % 60).padStart(hours > 0 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

interface RowProps {
  title: string;
  at: string;
  time: string;
  detail: string | null;
  final?: (typeof FINAL)[number];
  last: boolean;
}

function Row({ title, at, time, detail, final, last }: RowProps) {
  return (
    <li className="grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-3">
      <span className="flex flex-col items-center pt-1">
        {final ? (
          <StateShape status={final} size={14} />
        ) : (
          <span className="mt-1 size-1.5 flex-none rounded-full bg-text-3" aria-hidden="true" />
        )}
        {!last && <span className="w-px flex-1 bg-line" aria-hidden="true" />}
      </span>
      <span className="min-w-0 pb-3">
        {title}
        {detail && <span className="t12 block break-words text-text-2">{detail}</span>}
      </span>
      <time dateTime={at} title={exact(at)} className="t12 pt-0.5 text-text-2">
        {time}
      </time>
    </li>
  );
}
