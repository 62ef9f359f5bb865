/** Empty and broken states: one sentence, one next step. */
import type { ReactNode } from 'react';
import { Failed } from '../api/client';

export function Notice({
  title,
  children,
  dashed = false,
}: {
  title: ReactNode;
  children?: ReactNode;
  dashed?: boolean;
}) {
  return (
    <div
      className={`flex flex-col items-center gap-1 rounded-10 px-6 py-8 text-center ${
        dashed ? 'border border-dashed border-control' : ''
      }`}
    >
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-[52ch] text-text-2">{children}</div>}
    </div>
  );
}

/** What went wrong, its code, and a way on. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const failed = error instanceof Failed ? error : null;
  return (
    <Notice title={failed?.message ?? 'This part of the page could not be shown.'}>
      {failed?.next} {failed && <code className="text-text-3">{failed.code}</code>}
      {retry && (
        <p className="pt-3">
          <button type="button" className="btn" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  );
}
