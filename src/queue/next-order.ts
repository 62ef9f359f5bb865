/**
 * Pages of waiting jobs in the order in which they will be claimed: those that may be claimed now by priority and
 * place, then those that wait for a time by that time, then those that wait for other jobs, the oldest first.
 */
import { MillError } from '../core/errors.ts';
import { invalidCursor, pageLimit } from './list-query.ts';
import type { JobStatus, ListQuery } from './port.ts';

/** In the order of the list. */
export const WAITING_STATUSES = ['queued', 'scheduled', 'deferred'] as const;
export type WaitingStatus = (typeof WAITING_STATUSES)[number];

/** Where a job stands among those of its status; what the two mean is each driver's own. */
export interface NextPlace {
  major: string;
  minor: string;
}

export interface NextSlice<T> {
  /** Jobs that the filter lets through. */
  found: { place: NextPlace; job: T }[];
  /** The last one looked at; null when there are no more of this status. */
  stopped: NextPlace | null;
}

/** At most `wanted` jobs of one status that stand behind a place. */
export type NextSlices<T> = (
  status: WaitingStatus,
  after: NextPlace | null,
  wanted: number,
) => Promise<NextSlice<T>>;

/**
 * `most` slices are looked at; the page then ends early, and its cursor goes on from there. Throws `invalid_request`
 * for a status that does not wait, and for a cursor of another list.
 */
export async function nextPage<T>(
  query: ListQuery,
  slices: NextSlices<T>,
  most: number,
): Promise<{ jobs: T[]; next: string | null }> {
  const limit = pageLimit(query);
  const statuses = waitingOf(query.status);
  const start = query.cursor === undefined ? null : parse(query.cursor);
  if (start && !statuses.includes(start.status)) throw invalidCursor();
  const found: { status: WaitingStatus; place: NextPlace; job: T }[] = [];
  const page = (next: string | null) => ({ jobs: found.slice(0, limit).map(({ job }) => job), next });

  let looked = 0;
  for (const status of statuses.slice(start ? statuses.indexOf(start.status) : 0)) {
    let place = status === start?.status ? start.place : null;
    do {
      const slice = await slices(status, place, limit + 1 - found.length);
      found.push(...slice.found.map((one) => ({ status, ...one })));
      const last = found[limit - 1];
      if (found.length > limit && last) return page(cursor(last.status, last.place));
      place = slice.stopped;
      looked += 1;
      if (place && looked >= most) return page(cursor(status, place));
    } while (place);
  }
  return page(null);
}

function waitingOf(asked: JobStatus[] = []): readonly WaitingStatus[] {
  if (asked.length === 0) return WAITING_STATUSES;
  const other = asked.find((status) => !(WAITING_STATUSES as readonly string[]).includes(status));
  if (other === undefined) return WAITING_STATUSES.filter((status) => asked.includes(status));
  throw new MillError(
    'invalid_request',
    `order=next is for jobs that wait (${WAITING_STATUSES.join(', ')}); a job that is ${other} does not wait to be claimed.`,
    { facts: { field: 'order', status: other, allowed: WAITING_STATUSES } },
  );
}

function cursor(status: WaitingStatus, { major, minor }: NextPlace): string {
  return `${status}:${major}:${minor}`;
}

function parse(text: string): { status: WaitingStatus; place: NextPlace } {
  const [, status, major, minor] =
    /^(queued|scheduled|deferred):(\d{1,17}):([0-9a-zA-Z-]{1,64})$/.exec(text) ?? [];
  if (status === undefined || major === undefined || minor === undefined) throw invalidCursor();
  return { status: status as WaitingStatus, place: { major, minor } };
}
