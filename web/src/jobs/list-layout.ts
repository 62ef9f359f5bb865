/** Rows and headings in their order, and how they are held while somebody looks at them. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { type Counts, ENDED, type Job } from '../api/types';
import type { ListState } from '../live/job-list';
import { getJob } from '../live/jobs-store';
import { dayOf } from '../text/time';

export type Item =
  | { kind: 'head'; key: string; title: string; count: number | null; more: number }
  | { kind: 'job'; id: string };

/** Waiting jobs that are shown before somebody asks for all. */
const NEXT_SHOWN = 3;

export function buildLayout(state: ListState, allNext: boolean): Item[] {
  const { started, next, ended, counts, complete } = state;
  const items: Item[] = [];
  if (started.length > 0) {
    items.push({
      kind: 'head',
      key: 'started',
      title: 'Started',
      count: Math.max(started.length, counts.started ?? 0),
      more: 0,
    });
    for (const id of started) items.push({ kind: 'job', id });
  }
  if (next.length > 0) {
    const count = Math.max(next.length, waiting(counts));
    const shown = allNext ? next : next.slice(0, NEXT_SHOWN);
    items.push({ kind: 'head', key: 'next', title: 'Next', count, more: allNext ? 0 : count - shown.length });
    for (const id of shown) items.push({ kind: 'job', id });
    // The rest of those that wait stands before what has ended.
    if (allNext && !state.nextComplete) return items;
  }
  let head = null as Extract<Item, { kind: 'head' }> | null;
  let day = '';
  for (const id of ended) {
    const at = getJob(id)?.created_at ?? '';
    const date = at.slice(0, 13);
    if (date !== day || !head) {
      day = date;
      const title = dayOf(at || Date.now());
      if (head?.title !== title) {
        head = { kind: 'head', key: `day-${title}`, title, count: 0, more: 0 };
        items.push(head);
      }
    }
    head.count = (head.count ?? 0) + 1;
    items.push({ kind: 'job', id });
  }
  // The oldest day may go on beyond what is loaded.
  if (head && !complete) head.count = null;
  return items;
}

const isEnded = (job: Job | undefined) => job !== undefined && ENDED.includes(job.status);

const waiting = ({ queued = 0, scheduled = 0, deferred = 0 }: Counts) => queued + scheduled + deferred;

/** What is shown goes on being shown in its place; what is older is added at the end, what is new is counted. */
export function holdLayout(
  shown: readonly Item[],
  live: readonly Item[],
  allNext: boolean,
): { items: Item[]; fresh: number } {
  const known = new Set<string>();
  const items: Item[] = [];
  for (const item of shown) {
    if (item.kind === 'job') {
      if (!getJob(item.id)) continue;
      known.add(item.id);
    }
    items.push(item);
  }
  const living = new Set(live.map((item) => (item.kind === 'job' ? item.id : item.key)));
  // The last one may be shown where it no longer is.
  const lastShown = shown.findLast(
    (item) => item.kind === 'job' && living.has(item.id) && (allNext || isEnded(getJob(item.id))),
  );
  let fresh = 0;
  let older = false;
  for (const item of live) {
    if (item.kind === 'head') {
      if (older && !items.some((other) => other.kind === 'head' && other.key === item.key)) items.push(item);
      continue;
    }
    if (lastShown?.kind === 'job' && item.id === lastShown.id) older = true;
    if (known.has(item.id)) continue;
    const job = getJob(item.id);
    if (older && (isEnded(job) || allNext)) items.push(item);
    else fresh++;
  }
  // A heading whose jobs are all gone goes with them.
  const next = (index: number) => items[index + 1]?.kind;
  return { items: items.filter(({ kind }, index) => kind === 'job' || next(index) === 'job'), fresh };
}

/** A long list is put in order at most this often. */
const CALM_MS = 250;
const LONG = 3000;

export function useLayout(state: ListState, allNext: boolean, held: boolean) {
  const calm = useCalm(state, state.ended.length > LONG ? CALM_MS : 0);
  const live = useMemo(() => buildLayout(calm, allNext), [calm, allNext]);
  const shown = useRef<{ items: Item[]; allNext: boolean } | null>(null);
  // Where nothing is shown, nothing can move.
  const hold = held && Boolean(shown.current?.items.length) && shown.current?.allNext === allNext;
  const result = useMemo(
    () => (hold ? holdLayout(shown.current?.items ?? [], live, allNext) : { items: live, fresh: 0 }),
    [hold, live, allNext],
  );
  useEffect(() => {
    shown.current = { items: result.items, allNext };
  }, [result, allNext]);
  return { ...result, pages: calm.pages };
}

/** The value, but not more often than every `ms`. */
function useCalm<T>(value: T, ms: number): T {
  const [calm, setCalm] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + ms - performance.now());
    const set = () => {
      last.current = performance.now();
      setCalm(value);
    };
    if (wait === 0) {
      set();
      return;
    }
    const timer = setTimeout(set, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return ms === 0 ? value : calm;
}
