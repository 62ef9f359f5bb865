/** Many files: grouped by what they are, one choice for each group. */
import { plural, size } from '../text/numbers';
import { span } from '../text/time';
import { CutName } from '../ui/cut-name';
import type { Kind } from './local-facts';
import { groupsOf, KIND_WORDS, type Source } from './sources';
import { leaveOut, pauseUpload, resumeUpload } from './uploads';

interface Props {
  sources: readonly Source[];
  active: Kind;
  choices: Partial<Record<Kind, string[]>>;
  misfits: readonly { source: Source; reason: string }[];
  onChoose(kind: Kind): void;
}

/** Names that are shown before the rest is only counted. */
const NAMED = 6;

export function FilesCard({ sources, active, choices, misfits, onChoose }: Props) {
  const uploads = sources.flatMap(({ upload }) => upload ?? []);
  const done = uploads.filter(({ state }) => state === 'done').length;
  const bytes = uploads.reduce((sum, { file }) => sum + file.size, 0);
  const sent = uploads.reduce((sum, upload) => sum + upload.sent, 0);
  const rate = uploads.reduce((sum, upload) => sum + (upload.state === 'uploading' ? upload.rate : 0), 0);
  const paused = uploads.filter(({ state }) => state === 'paused');
  const moving = uploads.filter(({ state }) => state === 'uploading' || state === 'waiting');
  const failed = uploads.filter(({ state }) => state === 'failed');
  return (
    <section className="panel" aria-label="Files">
      <h2 className="panel-head">
        {plural(sources.length, 'file')}
        <span className="aside">one choice for each kind</span>
      </h2>
      <div className="flex flex-col p-2">
        {groupsOf(sources).map(([kind, list]) => (
          <button
            key={kind}
            type="button"
            aria-pressed={kind === active}
            className="flex min-h-11 items-center gap-3 rounded-6 px-2 text-left hover:bg-hover aria-pressed:bg-accent-soft"
            onClick={() => onChoose(kind)}
          >
            <span className="min-w-0 flex-1">
              <span className="font-medium">
                {list.length} {KIND_WORDS[kind][list.length === 1 ? 0 : 1]}
              </span>{' '}
              <span className="text-text-2">
                {size(list.reduce((sum, source) => sum + (source.size ?? 0), 0))}
              </span>
            </span>
            <span className="truncate text-text-2">{(choices[kind] ?? []).join(', ') || 'nothing yet'}</span>
          </button>
        ))}
      </div>
      {misfits.length > 0 && (
        <div className="border-t border-line p-4 py-3">
          <p className="flex items-center justify-between gap-2 font-medium">
            {plural(misfits.length, 'file')} {misfits.length === 1 ? 'does' : 'do'} not fit
            <button
              type="button"
              className="link"
              onClick={() => leaveOut(misfits.map(({ source }) => source.key))}
            >
              Leave out
            </button>
          </p>
          <ul>
            {misfits.slice(0, NAMED).map(({ source, reason }) => (
              <li key={source.key} className="t12 flex gap-2">
                <CutName name={source.name} className="max-w-[50%]" />
                <span className="text-text-2">{reason}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="border-t border-line p-4 py-3">
        <span
          className="bar"
          role="progressbar"
          aria-label="Upload of all files"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={bytes > 0 ? Math.floor((100 * sent) / bytes) : 0}
        >
          <i style={{ transform: `scaleX(${bytes > 0 ? sent / bytes : 0})` }} />
        </span>
        <p className="t12 flex items-center justify-between gap-2 pt-2 text-text-2">
          <span>
            {done} of {uploads.length} uploaded · {size(sent)} of {size(bytes)}
            {rate > 0 ? ` · ${span((bytes - sent) / rate)} left` : ''}
          </span>
          {moving.length > 0 && (
            <button type="button" className="link" onClick={() => each(moving, pauseUpload)}>
              Pause
            </button>
          )}
          {paused.length > 0 && (
            <button type="button" className="link" onClick={() => each(paused, resumeUpload)}>
              Resume
            </button>
          )}
        </p>
        {failed.length > 0 && (
          <p className="t12 pt-1 text-failed" role="alert">
            {plural(failed.length, 'upload')} failed: {failed[0]?.error}{' '}
            <button type="button" className="link" onClick={() => each(failed, resumeUpload)}>
              Try again
            </button>
          </p>
        )}
      </div>
      <details className="border-t border-line">
        <summary className="px-4 py-2 text-text-2">Names</summary>
        <ul className="max-h-[240px] overflow-auto px-4 pb-3">
          {sources.map(({ key, name, upload }) => (
            <li key={key} className="t12 flex items-center gap-2 py-0.5">
              <CutName name={name} className="flex-1" />
              <span className="text-text-2">{upload?.state === 'done' ? 'uploaded' : upload?.state}</span>
              <button
                type="button"
                className="link"
                aria-label={`Leave out ${name}`}
                onClick={() => leaveOut([key])}
              >
                Leave out
              </button>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

function each(uploads: readonly { key: string }[], run: (key: string) => void): void {
  for (const { key } of uploads) run(key);
}
