/** Commands and jobs in one list; empty it shows what is recent. */
import { Dialog } from '@base-ui/react/dialog';
import { useNavigate } from '@tanstack/react-router';
import { ChevronRight, Search } from 'lucide-react';
import { useDeferredValue, useEffect, useId, useState } from 'react';
import { call } from '../api/client';
import { useTaskTitle } from '../api/queries';
import type { Job } from '../api/types';
import { matches } from '../live/filter';
import { jobName } from '../text/names';
import { age } from '../text/time';
import { CutName } from '../ui/cut-name';
import { Keys } from '../ui/kbd';
import { StateShape } from '../ui/state-shape';
import { type Command, useAllCommands } from './commands';

const MOST_JOBS = 8;
const MOST_COMMANDS = 8;
const TYPING_MS = 120;

type Entry = { kind: 'command'; command: Command } | { kind: 'job'; job: Job };

export function Palette({ open, setOpen }: { open: boolean; setOpen(open: boolean): void }) {
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-[oklch(0.2_0.01_260/0.2)]" />
        <Dialog.Popup
          aria-label="Find a job or run a command"
          className="elev-3 fixed top-[12vh] left-1/2 z-50 flex max-h-[70vh] w-[min(620px,calc(100vw-24px))] -translate-x-1/2 flex-col overflow-hidden rounded-14 bg-overlay"
        >
          <Body close={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Body({ close }: { close(): void }) {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const id = useId();
  const navigate = useNavigate();
  const titleOf = useTaskTitle();
  const commands = useAllCommands();
  // What was found for another text must not be opened for this one.
  const jobs = useFound(useDeferredValue(text)).filter((job) => matches(job, { q: text.trim() }));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const entries: Entry[] = [
    ...commands
      .filter((command) => words.every((word) => command.text.toLowerCase().includes(word)))
      .slice(0, MOST_COMMANDS)
      .map((command): Entry => ({ kind: 'command', command })),
    ...jobs.map((job): Entry => ({ kind: 'job', job })),
  ];
  const chosen = Math.min(active, entries.length - 1);

  function go(entry: Entry | undefined): void {
    if (!entry) return;
    close();
    if (entry.kind === 'command') entry.command.run();
    else void navigate({ to: '/jobs/$id', params: { id: entry.job.id } });
  }

  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search size={16} className="flex-none text-text-3" aria-hidden="true" />
        <input
          // biome-ignore lint/a11y/noAutofocus: the palette is opened to type in it.
          autoFocus
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
          aria-label="Find a job or run a command"
          placeholder="Find a job or run a command"
          autoComplete="off"
          spellCheck={false}
          className="h-12 min-w-0 flex-1 bg-transparent text-[14px] focus-visible:outline-none"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') setActive((chosen + 1) % Math.max(1, entries.length));
            else if (event.key === 'ArrowUp')
              setActive((chosen - 1 + entries.length) % Math.max(1, entries.length));
            else if (event.key === 'Enter') go(entries[chosen]);
            else return;
            event.preventDefault();
          }}
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label="Found" className="min-h-0 overflow-auto p-2">
        {entries.map((entry, index) => (
          <div key={entry.kind === 'job' ? entry.job.id : `c-${entry.command.text}`} role="presentation">
            {entry.kind !== entries[index - 1]?.kind && (
              <div className="menu-label" role="presentation">
                {entry.kind === 'job' ? (text ? 'Jobs' : 'Recent jobs') : 'Commands'}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the field that keeps the focus. */}
            <div
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              className={`flex min-h-9 cursor-default items-center gap-3 rounded-6 px-3 ${index === chosen ? 'bg-accent-soft' : ''}`}
              ref={(element) => {
                if (index === chosen) element?.scrollIntoView({ block: 'nearest' });
              }}
              onPointerMove={() => setActive(index)}
              onClick={() => go(entry)}
            >
              {entry.kind === 'command' ? (
                <>
                  <ChevronRight size={14} className="flex-none text-text-3" aria-hidden="true" />
                  <span className="flex-1 truncate">{entry.command.text}</span>
                  {entry.command.keys && <Keys keys={entry.command.keys} />}
                </>
              ) : (
                <>
                  <StateShape status={entry.job.status} percent={entry.job.progress?.percent} />
                  <CutName name={jobName(entry.job)} className="flex-1" />
                  <span className="t12 flex-none text-text-2">{titleOf(entry.job.task)}</span>
                  <span className="t12 w-12 flex-none text-right text-text-2">
                    {age(entry.job.created_at)}
                  </span>
                </>
              )}
            </div>
          </div>
        ))}
        {entries.length === 0 && <p className="px-3 py-6 text-center text-text-2">Nothing is called that.</p>}
      </div>
    </>
  );
}

function useFound(text: string): Job[] {
  const [jobs, setJobs] = useState<Job[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const query = { q: text.trim() || undefined, limit: MOST_JOBS };
      const page = await call('GET /api/jobs', { query, signal: abort.signal }).catch(() => null);
      if (page) setJobs(page.jobs as Job[]);
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  return jobs;
}
