/** In which order jobs stand in a list. */
import { type Job, NEXT, type Status } from '../api/types';
import { getJob } from './jobs-store';

export const PARTS = ['started', 'next', 'ended'] as const;
export type Part = (typeof PARTS)[number];
export type Parts = Record<Part, string[]>;

export const partOf = (status: Status): Part =>
  status === 'started' ? 'started' : NEXT.includes(status) ? 'next' : 'ended';

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function sorted(ids: string[], order: (a: Job, b: Job) => number): string[] {
  const jobs = ids.flatMap((id) => getJob(id) ?? []);
  return jobs.sort(order).map(({ id }) => id);
}

const byPlace = (a: Job, b: Job) =>
  NEXT.indexOf(a.status) - NEXT.indexOf(b.status) ||
  (a.status === 'scheduled' ? compare(a.scheduled_at ?? '', b.scheduled_at ?? '') : 0) ||
  (a.status === 'queued' ? b.priority - a.priority : 0) ||
  compare(a.enqueued_at ?? a.created_at, b.enqueued_at ?? b.created_at);

/** Both wait; will the first be claimed before the other? */
export const comesBefore = (a: Job, b: Job) => byPlace(a, b) < 0;

/** What was started first stands first; what waits stands as it will be claimed. */
export function sortPinned(parts: Parts): void {
  parts.started = sorted(parts.started, (a, b) => compare(a.started_at ?? '', b.started_at ?? ''));
  parts.next = sorted(parts.next, byPlace);
}

/** Newest first. */
export function insert(ids: string[], job: Job): string[] {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = getJob(ids[middle] ?? '');
    if (other && other.created_at > job.created_at) low = middle + 1;
    else high = middle;
  }
  return ids.toSpliced(low, 0, job.id);
}

/**
 * Puts a page that was asked for anew in the place of what it covers: of `ids` from `from` on, up to the last one
 * that the page has too, or to the end when no page follows; what is `fresh` is newer than the page and stays.
 * Answers also which are gone, and where the next page goes on. The same array when nothing has changed.
 */
export function renewed(
  ids: string[],
  from: number,
  page: readonly string[],
  isLast: boolean,
  fresh: (id: string) => boolean,
): { ids: string[]; gone: string[]; next: number } {
  const has = new Set(page);
  let end = isLast ? ids.length : from;
  if (!isLast) for (let at = from; at < ids.length; at++) if (has.has(ids[at] ?? '')) end = at + 1;
  const covered = ids.slice(from, end);
  if (covered.length === page.length && covered.every((id, index) => id === page[index]))
    return { ids, gone: [], next: end };
  const before = new Set(ids.slice(0, from));
  const missing = covered.filter((id) => !has.has(id));
  const now = [...missing.filter(fresh), ...page.filter((id) => !before.has(id))];
  return {
    ids: [...ids.slice(0, from), ...now, ...ids.slice(end)],
    gone: missing.filter((id) => !fresh(id)),
    next: from + now.length,
  };
}
