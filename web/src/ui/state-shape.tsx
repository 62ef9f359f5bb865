/** One shape for each state: shape first, colour second, word third. */
import type { Status } from '../api/types';

const COLOURS: Record<Status, string> = {
  queued: 'text-queued',
  scheduled: 'text-scheduled',
  deferred: 'text-deferred',
  started: 'text-accent',
  finished: 'text-finished',
  failed: 'text-failed',
  canceled: 'text-canceled',
};

interface Props {
  status: Status;
  /** Of a started job; its ring fills with the real value. */
  percent?: number | null;
  size?: number;
}

export function StateShape({ status, percent = null, size = 16 }: Props) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      className={`flex-none ${COLOURS[status]}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      {parts(status, percent)}
    </svg>
  );
}

function parts(status: Status, percent: number | null) {
  switch (status) {
    case 'queued':
      return <circle cx="8" cy="8" r="5.75" />;
    case 'scheduled':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="M8 4.8V8l2.2 1.4" strokeLinecap="round" strokeLinejoin="round" />
        </>
      );
    case 'deferred':
      return (
        <>
          <circle cx="5.4" cy="8" r="3.65" />
          <circle cx="10.6" cy="8" r="3.65" />
        </>
      );
    case 'started':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" className="text-accent-line" stroke="currentColor" />
          <circle
            cx="8"
            cy="8"
            r="5.75"
            pathLength="100"
            strokeDasharray={`${percent ?? 0} 100`}
            transform="rotate(-90 8 8)"
          />
          <circle cx="8" cy="8" r="2" fill="currentColor" stroke="none" />
        </>
      );
    case 'finished':
      return (
        <>
          <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none" />
          <path
            d="M5 8.2l2.1 2.1 3.9-4.3"
            stroke="var(--surface)"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      );
    case 'failed':
      return (
        <>
          <path d="M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3L1.5 10.7V5.3z" fill="currentColor" stroke="none" />
          <path d="M8 4.6v4M8 11v.4" stroke="var(--surface)" strokeLinecap="round" />
        </>
      );
    case 'canceled':
      return (
        <>
          <circle cx="8" cy="8" r="5.75" />
          <path d="M4 12l8-8" />
        </>
      );
  }
}
