/** Title, filter and the states with their counts. All of it lives in the address. */
import { Link } from '@tanstack/react-router';
import { Check, ChevronDown, MoreHorizontal, Search } from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';
import { useTasks } from '../api/queries';
import { type Counts, STATUSES, type Status } from '../api/types';
import { type Filter, PERIODS, type Period } from '../live/filter';
import type { JobsSearch } from '../routes';
import { setLook, useLook } from '../shell/look';
import { grouped } from '../text/numbers';
import { Keys } from '../ui/kbd';
import { Menu } from '../ui/menu';
import { StateShape } from '../ui/state-shape';

const TYPING_MS = 200;
const PERIOD_NAMES: Record<Period, string> = { day: 'Today', week: 'Last 7 days', month: 'Last 30 days' };

interface Props {
  filter: Filter;
  counts: Counts;
  field: RefObject<HTMLInputElement | null>;
  setSearch(change: Partial<JobsSearch>): void;
  more: { text: string; run(): void; off?: string }[];
}

export function ListHead({ filter, counts, field, setSearch, more }: Props) {
  return (
    <div className="flex-none border-b border-line pt-3">
      <div className="gutter flex flex-wrap items-center gap-x-5 gap-y-2">
        <h1 className="t16 font-semibold">Jobs</h1>
        <FilterField
          value={filter.q ?? ''}
          field={field}
          onChange={(q) => setSearch({ q: q || undefined })}
        />
        <span className="flex-1 max-tab:hidden" />
        <span className="flex gap-2">
          <TaskMenu task={filter.task} onChange={(task) => setSearch({ task })} />
          <PeriodMenu since={filter.since} onChange={(since) => setSearch({ since })} />
          <MoreMenu more={more} />
        </span>
      </div>
      <nav aria-label="States" className="gutter tabs mt-1.5">
        <StateTab status={undefined} filter={filter} count={sum(counts)} />
        {STATUSES.map((status) => (
          <StateTab key={status} status={status} filter={filter} count={counts[status] ?? 0} />
        ))}
      </nav>
    </div>
  );
}

function StateTab({ status, filter, count }: { status: Status | undefined; filter: Filter; count: number }) {
  const here = filter.status === status;
  return (
    <Link
      to="/jobs"
      search={{ ...filter, status, peek: undefined }}
      aria-current={here ? 'page' : undefined}
      activeProps={{ 'aria-current': here ? 'page' : undefined }}
    >
      {status && <StateShape status={status} percent={40} size={14} />}
      <span>{status ? status.charAt(0).toUpperCase() + status.slice(1) : 'All'}</span>
      <span className="text-text-3">{grouped(count)}</span>
    </Link>
  );
}

function FilterField({
  value,
  field,
  onChange,
}: {
  value: string;
  field: Props['field'];
  onChange(value: string): void;
}) {
  const [text, setText] = useState(value);
  // What the address says counts; but not while the same text is still being typed.
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <label className="relative w-[420px] max-w-full max-tab:order-last max-tab:w-full">
      <span className="unseen">Filter by file, task, id or error</span>
      <Search
        size={14}
        className="absolute top-1/2 left-2.5 -translate-y-1/2 text-text-3"
        aria-hidden="true"
      />
      <input
        ref={field}
        type="search"
        className="field pr-9 pl-8 [&::-webkit-search-cancel-button]:hidden"
        placeholder="Filter by file, task, id or error"
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          if (text) onChange('');
          setText('');
          event.currentTarget.blur();
        }}
      />
      <span
        className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 max-tab:hidden"
        aria-hidden="true"
      >
        <Keys keys="/" />
      </span>
    </label>
  );
}

function TaskMenu({
  task,
  onChange,
}: {
  task: string | undefined;
  onChange(task: string | undefined): void;
}) {
  const { data = [] } = useTasks();
  const title = data.find(({ name }) => name === task)?.title ?? task;
  return (
    <Menu
      trigger={
        <button type="button" className="btn" aria-label={title ? `Task: ${title}` : 'Task'}>
          <span className="max-w-[140px] truncate">{title ?? 'Task'}</span>
          <ChevronDown size={14} aria-hidden="true" />
        </button>
      }
      items={[
        { text: 'All tasks', run: () => onChange(undefined), checked: !task },
        ...data.map(({ name, title: text }) => ({ text, run: () => onChange(name), checked: task === name })),
      ]}
    />
  );
}

function PeriodMenu({
  since,
  onChange,
}: {
  since: Period | undefined;
  onChange(since: Period | undefined): void;
}) {
  return (
    <Menu
      trigger={
        <button type="button" className="btn">
          {since ? PERIOD_NAMES[since] : 'Any time'}
          <ChevronDown size={14} aria-hidden="true" />
        </button>
      }
      items={[
        { text: 'Any time', run: () => onChange(undefined), checked: !since },
        ...(Object.keys(PERIODS) as Period[]).map((period) => ({
          text: PERIOD_NAMES[period],
          run: () => onChange(period),
          checked: since === period,
        })),
      ]}
    />
  );
}

function MoreMenu({ more }: { more: Props['more'] }) {
  const { density, theme } = useLook();
  const check = (on: boolean) => (on ? <Check size={14} aria-hidden="true" /> : <span className="w-3.5" />);
  return (
    <Menu
      trigger={
        <button type="button" className="btn btn-icon" aria-label="More">
          <MoreHorizontal size={16} aria-hidden="true" />
        </button>
      }
      items={[
        ...more,
        { label: 'Rows' },
        { text: 'Normal', icon: check(density === 'normal'), run: () => setLook({ density: 'normal' }) },
        { text: 'Compact', icon: check(density === 'compact'), run: () => setLook({ density: 'compact' }) },
        { label: 'Theme' },
        { text: 'As the system', icon: check(theme === 'system'), run: () => setLook({ theme: 'system' }) },
        { text: 'Light', icon: check(theme === 'light'), run: () => setLook({ theme: 'light' }) },
        { text: 'Dark', icon: check(theme === 'dark'), run: () => setLook({ theme: 'dark' }) },
      ]}
    />
  );
}

const sum = (counts: Counts) => Object.values(counts).reduce((all, count) => all + count, 0);
