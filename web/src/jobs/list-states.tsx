/** The list without rows: loading, empty, broken. */
import { Link } from '@tanstack/react-router';
import type { Tail } from '../live/job-list';
import { useNow } from '../live/now';
import { chooseFiles } from '../new/choose-files';
import { AfterDelay } from '../ui/after-delay';
import { Keys } from '../ui/kbd';
import { ErrorNotice, Notice } from '../ui/notice';

/** Rows of grey as high as the real ones, but only when it takes long enough to be noticed. */
export function ListLoading() {
  return (
    <AfterDelay>
      <div role="presentation" className="pt-10">
        {[62, 44, 53, 38, 57, 49, 41, 60].map((width) => (
          <div key={width} className="gutter flex h-[var(--row-h)] items-center gap-4 border-b border-line">
            <span className="size-4 flex-none rounded-full bg-track" />
            <span className="h-6 w-10 flex-none rounded-4 bg-inset" />
            <span className="h-3 rounded-4 bg-inset" style={{ width: `${width / 2}%` }} />
          </div>
        ))}
      </div>
    </AfterDelay>
  );
}

export function EmptyList({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <div className="p-6">
        <Notice title="No jobs match.">
          <Link to="/jobs" search={{}} className="link">
            Show all jobs
          </Link>
        </Notice>
      </div>
    );
  }
  return (
    <div className="mx-auto max-w-[640px] p-6 pt-[12vh]">
      <Notice dashed title="No jobs yet.">
        Drop a file anywhere on this page, paste a link, or press <Keys keys="n" />.
        <span className="flex justify-center gap-2 pt-4">
          <button type="button" className="btn" onClick={chooseFiles}>
            Choose files
          </button>
          <Link to="/new" className="btn btn-primary">
            New job
          </Link>
        </span>
      </Notice>
    </div>
  );
}

/** Below the last row: how the older ones come. */
export function ListTail({ tail, rows, retry }: { tail: Tail; rows: number; retry(): void }) {
  if (!tail.error && !tail.loading) return null;
  return (
    <div
      role="row"
      aria-rowindex={rows + 1}
      tabIndex={-1}
      className="gutter flex min-h-11 items-center gap-3"
    >
      <span role="gridcell" className="text-text-2">
        {tail.error ? <TailTrouble error={tail.error} again={tail.again} /> : 'Loading older jobs'}
      </span>
      {tail.error && (
        <span role="gridcell">
          <button type="button" className="btn" tabIndex={-1} onClick={retry}>
            Try now
          </button>
        </span>
      )}
    </div>
  );
}

function TailTrouble({ error, again }: { error: Error; again: number | null }) {
  const wait = useNow((now) => Math.max(0, Math.ceil(((again ?? now) - now) / 1000)));
  return (
    <>
      More jobs could not be loaded: {error.message} Trying again{wait > 0 ? ` in ${wait} s` : ''}.
    </>
  );
}

/** The rows stay; only what is new does not come. */
export function StaleBar({ error, retry }: { error: Error; retry(): void }) {
  return (
    <div className="gutter flex items-center gap-3 border-b border-line bg-inset py-1.5" role="status">
      <span className="min-w-0 flex-1 text-text-2">
        The list could not be brought up to date: {error.message}
      </span>
      <button type="button" className="btn" onClick={retry}>
        Try now
      </button>
    </div>
  );
}

export function ListTrouble({ error, retry }: { error: Error; retry(): void }) {
  return (
    <div className="p-6">
      <ErrorNotice error={error} retry={retry} />
    </div>
  );
}
