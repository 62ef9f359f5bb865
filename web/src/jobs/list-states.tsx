/** The list without rows: loading, empty, broken. */
import { Link } from '@tanstack/react-router';
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

export function ListTrouble({ error, retry }: { error: Error; retry(): void }) {
  return (
    <div className="p-6">
      <ErrorNotice error={error} retry={retry} />
    </div>
  );
}
