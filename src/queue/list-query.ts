/** What every driver makes of a request for a page of jobs, and of a path that jobs may use. */
import { MillError } from '../core/errors.ts';
import { JOB_STATUSES, type JobPage, type JobStatus, type ListQuery } from './port.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Characters; SQLite refuses patterns above 50,000 bytes. */
const LONGEST_TEXT = 500;

export interface PageRequest {
  limit: number;
  /** Jobs with a sequence number below this. */
  before: number;
  /** Each named once; empty for all. */
  statuses: JobStatus[];
}

/** Throws `invalid_request`. */
export function pageRequest({ limit, cursor, status = [] }: ListQuery): PageRequest {
  for (const one of status) knownStatus(one);
  return {
    limit: pageLimit({ limit }),
    before: cursor === undefined ? Number.MAX_SAFE_INTEGER : parseCursor(cursor),
    statuses: [...new Set(status)],
  };
}

export function pageLimit({ limit = DEFAULT_LIMIT }: { limit?: number | undefined }): number {
  return Math.max(1, Math.min(MAX_LIMIT, Math.floor(limit)));
}

/** Milliseconds since 1970. */
export function createdFrom(time: string): number {
  return new Date(time).getTime();
}

/** Pages go back in time: at the first job that is older than was asked for, they end. */
export function notBefore(page: JobPage, { created_after: time }: ListQuery): JobPage {
  if (time === undefined) return page;
  const from = new Date(time).toISOString();
  const older = page.jobs.findIndex(({ created_at: created }) => created < from);
  return older < 0 ? page : { jobs: page.jobs.slice(0, older), next_cursor: null };
}

/** Throws `invalid_request` for a text too long to search for. */
export function searchText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  throw new MillError('invalid_request', `q must be at most ${LONGEST_TEXT} characters.`, {
    facts: { field: 'q', max: LONGEST_TEXT },
  });
}

/** `/data/output/a/b` → `/data/output` and `/data/output/a`. */
export function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(3).map((_, index) => parts.slice(0, 3 + index).join('/'));
}

function knownStatus(status: string): void {
  if ((JOB_STATUSES as readonly string[]).includes(status)) return;
  throw new MillError('invalid_request', `There is no status "${status}".`, {
    facts: { field: 'status', allowed: JOB_STATUSES },
  });
}

function parseCursor(cursor: string): number {
  const before = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isSafeInteger(before)) return before;
  throw invalidCursor();
}

export function invalidCursor(): MillError {
  return new MillError('invalid_request', 'The cursor is not one of a previous page.', {
    facts: { field: 'cursor' },
  });
}
