/** The log: follows until it is scrolled, can be searched, wrapped and copied. Errors get a red edge. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Job, LogLine } from '../api/types';
import { plural } from '../text/numbers';
import { CopyButton } from '../ui/copy-button';
import { Panel } from './panel';
import { useLog } from './use-log';

interface Props {
  job: Job;
  /** Lines that are shown at first; all of them when left out. */
  lines?: number;
  all?: boolean;
}

const NEAR_END_PX = 24;
/** More would make the page slow; the rest is in the API. */
const MOST_LINES = 2000;

export function LogPanel({ job, lines: shownLines, all = false }: Props) {
  const { lines, ready, error } = useLog(job.id);
  const [open, setOpen] = useState(all || !shownLines);
  const [query, setQuery] = useState('');
  const [wrap, setWrap] = useState(true);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => setOpen(all || !shownLines), [all, shownLines]);
  const wanted = query.trim().toLowerCase();
  const visible = useMemo(() => {
    const found = wanted ? lines.filter(({ text }) => text.toLowerCase().includes(wanted)) : lines;
    return found.slice(-(open ? MOST_LINES : (shownLines ?? MOST_LINES)));
  }, [lines, wanted, open, shownLines]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what is followed.
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [visible, follow]);
  if (ready && lines.length === 0 && !error) {
    return (
      <section className="panel" aria-label="Log">
        <div className="panel-head border-b-0">
          <h2>Log</h2>
          <span className="aside">nothing is logged{job.status === 'started' ? ' yet' : ''}</span>
        </div>
      </section>
    );
  }
  return (
    <Panel
      title="Log"
      aside={plural(lines.length, 'line')}
      actions={
        <span className="-mr-2 flex flex-wrap items-center gap-1">
          {open && (
            <>
              <input
                type="search"
                className="field min-h-7 w-[130px] py-0.5"
                placeholder="Find in the log"
                aria-label="Find in the log"
                value={query}
                onChange={(event) => setQuery(event.target.value)}
              />
              <button
                type="button"
                className="btn btn-quiet btn-small"
                aria-pressed={wrap}
                onClick={() => setWrap(!wrap)}
              >
                {wrap ? 'No wrap' : 'Wrap'}
              </button>
            </>
          )}
          {shownLines && (
            <button
              type="button"
              className="btn btn-quiet btn-small"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {open ? 'Last lines' : 'Whole log'}
            </button>
          )}
          <CopyButton text={() => lines.map(lineText).join('\n')} />
        </span>
      }
    >
      {error ? <p className="p-4 text-failed">{(error as Error).message}</p> : null}
      <div className="relative">
        <div
          ref={box}
          role="log"
          aria-live="off"
          aria-label="Log lines"
          tabIndex={0}
          className="well mono t12 max-h-[380px] overflow-auto py-2 focus-visible:-outline-offset-2"
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
            setFollow(scrollTop + clientHeight > scrollHeight - NEAR_END_PX)
          }
        >
          {visible.map((line) => (
            <Line key={line.seq} line={line} wrap={wrap} />
          ))}
          {visible.length === 0 && wanted && <p className="px-4 font-sans text-text-2">No line has that.</p>}
        </div>
        {!follow && job.status === 'started' && (
          <button
            type="button"
            className="btn btn-small elev-3 absolute right-3 bottom-3"
            onClick={() => setFollow(true)}
          >
            Follow
          </button>
        )}
      </div>
    </Panel>
  );
}

const TONES: Record<string, string> = { warn: 'text-deferred', error: 'text-failed', debug: 'text-text-3' };

function Line({ line, wrap }: { line: LogLine; wrap: boolean }) {
  const { level, text, at } = line;
  return (
    <div
      className={`grid grid-cols-[92px_40px_minmax(0,1fr)] gap-2 border-l-2 px-4 py-px leading-[18px] max-tab:grid-cols-1 ${
        level === 'error' ? 'border-failed' : 'border-transparent'
      } ${wrap ? '' : 'w-max min-w-full'} ${TONES[level] ?? ''}`}
    >
      <span className="text-text-2 max-tab:hidden">{timeOf(at)}</span>
      <span className="max-tab:hidden">{level}</span>
      <span className={wrap ? 'break-words whitespace-pre-wrap' : 'whitespace-pre'}>{text}</span>
    </div>
  );
}

const timeOf = (at: string) => {
  const time = new Date(at);
  return `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
};

export const lineText = ({ at, level, text }: LogLine) => `${timeOf(at)} ${level.padEnd(5)} ${text}`;
