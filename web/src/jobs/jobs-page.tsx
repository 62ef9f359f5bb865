/** The list of jobs. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import {
  lazy,
  type MouseEvent,
  Suspense,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useQueueState, useSession } from '../api/queries';
import { useKeys } from '../keys/keys';
import { onComeback } from '../live/connection';
import { JobList } from '../live/job-list';
import { getJob, onRenew } from '../live/jobs-store';
import type { JobsSearch } from '../routes';
import { useCommands } from '../shell/commands';
import { logOut } from '../shell/log-out';
import { setQueuePaused } from '../system/queue-switch';
import { grouped } from '../text/numbers';
import { announce } from '../ui/announce';
import { cancelJobs, copyCurl, removeJobs, retryJobs, type Target } from './actions';
import { BulkBar } from './bulk-bar';
import { ListHead } from './list-head';
import { useLayout } from './list-layout';
import { ListRows, type RowsHandle } from './list-rows';
import { EmptyList, ListLoading, ListTail, ListTrouble, StaleBar } from './list-states';
import { PausedBar } from './paused-bar';
import { useCursor } from './use-cursor';
import { useRoomy } from './use-narrow';

const PeekPanel = lazy(async () => ({ default: (await import('./peek-panel')).PeekPanel }));

export function JobsPage() {
  const search = useSearch({ from: '/jobs' });
  const { peek, ...filter } = search;
  const { status, task, q, since } = filter;
  const navigate = useNavigate({ from: '/jobs' });
  const list = useMemo(() => new JobList({ status, task, q, since }), [status, task, q, since]);
  const state = useSyncExternalStore(list.subscribe, list.snapshot);
  useEffect(() => list.start(), [list]);
  useEffect(() => onComeback(() => void list.reload()), [list]);
  useEffect(() => onRenew(() => void list.reload()), [list]);

  const [allNext, setAllNext] = useState(false);
  const showsAllNext = allNext || Boolean(status);
  useEffect(() => {
    if (showsAllNext) list.expand();
  }, [list, showsAllNext]);
  const [pointed, setPointed] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [focused, setFocused] = useState(false);
  const [released, setReleased] = useState(0);
  const holding = useRef({ selected: 0 });
  const held = pointed || scrolled || focused || holding.current.selected > 0;
  // Showing what is new is one render without holding.
  const [letGo, setLetGo] = useState(0);
  const { items, fresh, pages } = useLayout(state, showsAllNext, held && letGo === released);
  useEffect(() => setLetGo(released), [released]);

  const [following, setFollowing] = useState(false);
  const cursor = useCursor(items);
  holding.current.selected = cursor.all ? 1 : cursor.selected.size;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<RowsHandle>(null);
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  const roomy = useRoomy();
  const { data: queue } = useQueueState();
  const { data: session } = useSession();

  const setSearch = useCallback(
    (change: Partial<JobsSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace: true }),
    [navigate],
  );
  const open = (id: string) => void navigate({ to: '/jobs/$id', params: { id } });
  const onOpen = useCallback(
    (id: string, event: MouseEvent) => {
      if (event.altKey) setSearch({ peek: id });
      else void navigate({ to: '/jobs/$id', params: { id } });
    },
    [navigate, setSearch],
  );
  // Another list, another place in it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new list matters.
  useEffect(() => {
    cursor.clear();
    cursor.put(null);
    setFollowing(false);
    scroller.current?.scrollTo({ top: 0 });
  }, [list]);
  const target = (): Target => (cursor.all ? { matching: filter } : cursor.targets());
  const count = cursor.all ? totalOf(state.counts, status) : cursor.selected.size;
  const then = (run: (target: Target) => Promise<void>) => () => {
    const on = target();
    if (Array.isArray(on) && on.length === 0) return;
    cursor.clear();
    void run(on);
  };
  const leaveEnd = () => {
    if (following) list.stay();
    setFollowing(false);
  };
  const go = (index: number) => {
    leaveEnd();
    if (index < 0) return;
    rows.current?.scrollTo(index);
    const item = items[index];
    if (item?.kind === 'job' && peek) setSearch({ peek: item.id });
    scroller.current?.focus({ preventScroll: true });
  };
  const allLoaded = state.complete && (state.nextComplete || !showsAllNext);
  // Goes along with the last row until all have come, or until somebody goes elsewhere.
  const toOldest = () => {
    go(cursor.jump('last'));
    setFollowing(!allLoaded);
    if (!allLoaded) void list.toEnd();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever rows have come.
  useEffect(() => {
    if (!following) return;
    rows.current?.scrollTo(cursor.jump('last'));
    if (allLoaded && pages === state.pages) setFollowing(false);
  }, [following, items, allLoaded]);
  const showNew = () => {
    scroller.current?.scrollTo({ top: 0 });
    setReleased((before) => before + 1);
    announce(`${fresh} new jobs shown`);
  };

  useKeys('Jobs', [
    { keys: 'j', label: 'Move down', run: () => go(cursor.move(1)) },
    { keys: 'k', label: 'Move up', run: () => go(cursor.move(-1)) },
    { keys: 'ArrowDown', label: 'Move down', run: () => go(cursor.move(1)) },
    { keys: 'ArrowUp', label: 'Move up', run: () => go(cursor.move(-1)) },
    { keys: 'Shift+ArrowDown', label: 'Extend down', run: () => go(cursor.move(1, true)) },
    { keys: 'Shift+ArrowUp', label: 'Extend up', run: () => go(cursor.move(-1, true)) },
    { keys: 'Shift+j', label: 'Extend down', run: () => go(cursor.move(1, true)) },
    { keys: 'Shift+k', label: 'Extend up', run: () => go(cursor.move(-1, true)) },
    { keys: 'Home', label: 'First job', run: () => go(cursor.jump('first')) },
    { keys: 'End', label: 'Oldest job', run: toOldest },
    { keys: 'Enter', label: 'Open', run: () => cursor.id && open(cursor.id) },
    {
      keys: 'Space',
      label: 'Peek',
      hint: true,
      run: () => setSearch({ peek: peek ? undefined : (cursor.id ?? undefined) }),
    },
    { keys: 'x', label: 'Select', hint: true, run: () => cursor.id && cursor.toggle(cursor.id) },
    { keys: 'Mod+a', label: 'Select all that match', run: cursor.selectAll },
    { keys: 'c', label: 'Cancel', hint: true, run: then(cancelJobs) },
    { keys: 'r', label: 'Retry', run: then(retryJobs) },
    { keys: 'Delete', label: 'Remove', run: then(removeJobs) },
    {
      keys: 'y',
      label: 'Copy as curl',
      run: () => {
        const job = cursor.id && getJob(cursor.id);
        if (job) void copyCurl(job);
      },
    },
    { keys: '/', label: 'Filter', run: () => field.current?.focus() },
    {
      keys: 'Escape',
      label: 'Clear, close',
      run: () => {
        if (count > 0) cursor.clear();
        else if (peek) setSearch({ peek: undefined });
        else if (cursor.id) {
          cursor.put(null);
          scroller.current?.blur();
        } else if (status || task || q || since) void navigate({ search: {} });
      },
    },
  ]);
  useCommands([
    {
      text: queue?.paused ? 'Resume the queue' : 'Pause the queue',
      run: () => void setQueuePaused(!queue?.paused),
    },
  ]);

  const more = useCallback(() => void list.more(), [list]);
  const showNext = useCallback(() => setAllNext(true), []);
  const isEmpty = state.ready && items.length === 0;

  return (
    <>
      <ListHead
        filter={filter}
        counts={state.counts}
        field={field}
        setSearch={setSearch}
        more={[
          { text: 'Select all that match', run: cursor.selectAll },
          {
            text: 'Retry all failed',
            run: () => void retryJobs({ matching: { ...filter, status: 'failed' } }),
          },
          {
            text: queue?.paused ? 'Resume the queue' : 'Pause the queue',
            run: () => void setQueuePaused(!queue?.paused),
          },
          ...(session?.required ? [{ text: `Log out ${session.name ?? ''}`, run: () => void logOut() }] : []),
        ]}
      />
      <PausedBar />
      <div className="flex min-h-0 flex-1">
        <div className="relative flex min-w-0 flex-1 flex-col">
          {fresh > 0 && (
            <button
              type="button"
              className="elev-3 absolute top-2 left-1/2 z-20 min-h-8 -translate-x-1/2 rounded-[16px] border-0 bg-ink px-4 text-on-ink"
              // On the way to it nothing moves.
              onPointerEnter={(event) => event.pointerType === 'mouse' && setPointed(true)}
              onPointerLeave={() => setPointed(false)}
              onClick={showNew}
            >
              {grouped(fresh)} new
            </button>
          )}
          {state.error &&
            (state.ready ? (
              <StaleBar error={state.error} retry={() => void list.reload()} />
            ) : (
              <ListTrouble error={state.error} retry={() => void list.reload()} />
            ))}
          {!state.ready && !state.error && <ListLoading />}
          {isEmpty && !state.error && <EmptyList filtered={Boolean(status || task || q || since)} />}
          <div
            ref={scroller}
            role="grid"
            hidden={items.length === 0}
            aria-label="Jobs"
            aria-rowcount={items.length}
            aria-colcount={6}
            aria-multiselectable="true"
            aria-busy={state.loading}
            aria-activedescendant={cursor.id ? `${listId}-${cursor.id}` : undefined}
            tabIndex={0}
            className="@container min-h-0 flex-1 overflow-y-auto [overflow-anchor:none] focus-visible:-outline-offset-2"
            onPointerEnter={(event) => event.pointerType === 'mouse' && setPointed(true)}
            onPointerLeave={() => setPointed(false)}
            onFocus={(event) => event.target === scroller.current && setFocused(true)}
            onBlur={() => setFocused(false)}
            onWheel={leaveEnd}
            onPointerDown={leaveEnd}
            onScroll={(event) => setScrolled(event.currentTarget.scrollTop > 0)}
          >
            <ListRows
              items={items}
              scroller={scroller}
              handle={rows}
              cursor={cursor.id}
              selected={cursor.selected}
              allSelected={cursor.all}
              listId={listId}
              onSelect={cursor.toggle}
              onOpen={onOpen}
              pages={pages}
              onMore={more}
              onShowNext={showNext}
            />
            <ListTail tail={state.tail} rows={items.length} retry={() => list.retryMore()} />
          </div>
          <BulkBar
            count={count}
            cancel={then(cancelJobs)}
            retry={then(retryJobs)}
            remove={then(removeJobs)}
            clear={cursor.clear}
          />
        </div>
        {peek && roomy && (
          <Suspense>
            <PeekPanel id={peek} close={() => setSearch({ peek: undefined })} />
          </Suspense>
        )}
      </div>
    </>
  );
}

function totalOf(counts: Record<string, number | undefined>, status: string | undefined): number {
  if (status) return counts[status] ?? 0;
  return Object.values(counts).reduce<number>((all, count) => all + (count ?? 0), 0);
}
