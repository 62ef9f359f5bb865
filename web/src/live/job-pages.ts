/** Pages of the jobs that a filter lets through, and their number. */
import { call } from '../api/client';
import { type Counts, ENDED, type Job, NEXT, type Status } from '../api/types';
import { type Filter, sinceTime } from './filter';

export const PAGE = 200;

export interface Page {
  jobs: Job[];
  /** Null on the last page. */
  next: string | null;
  counts: Counts;
}

export const GROUPS = { started: ['started'], next: NEXT, ended: ENDED } as const satisfies Record<
  string,
  readonly Status[]
>;

/** Null when the filter lets none of the group through. */
export async function fetchPage(
  filter: Filter,
  group: keyof typeof GROUPS,
  cursor?: string,
): Promise<Page | null> {
  const { status, task, q } = filter;
  const statuses: readonly Status[] = GROUPS[group];
  if (status && !statuses.includes(status)) return null;
  const created_after = sinceTime(filter) ?? undefined;
  const page = await call('GET /api/jobs', {
    query: {
      status: (status ? [status] : statuses).join(','),
      // What starts first stands first.
      order: group === 'next' ? 'next' : undefined,
      task,
      q,
      limit: PAGE,
      cursor,
      created_after,
    },
  });
  return { jobs: page.jobs as Job[], next: page.next_cursor, counts: page.counts };
}

export async function fetchCounts(filter: Filter): Promise<Counts> {
  const { task, q } = filter;
  const created_after = sinceTime(filter) ?? undefined;
  return (await call('GET /api/jobs/counts', { query: { task, q, created_after } })).status;
}
