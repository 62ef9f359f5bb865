/** What every driver makes of a job that is handed in, before it is stored. */
import { MillError } from '../core/errors.ts';
import type { NewJob } from './port.ts';

const DEFAULT_PRIORITY = 50;

/** A year: beyond it a delay is a mistake. */
const MAX_DELAY_MS = 366 * 24 * 3600 * 1000;

/** The numbers of a new job, defaults filled in. Throws `invalid_request`. */
export function settingsOf(
  job: NewJob,
  defaultAttempts: number,
): { priority: number; delay_ms: number; attempts: number } {
  const { priority = DEFAULT_PRIORITY, delay_ms = 0, attempts = defaultAttempts } = job;
  whole('priority', priority, 0, 100);
  whole('delay_ms', delay_ms, 0, MAX_DELAY_MS);
  whole('attempts', attempts, 1, 1000);
  return { priority, delay_ms, attempts };
}

/** Storage paths anywhere in the params; they have one form only, see the storage port. */
export function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^\/data\/(?:input|output)\//.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(pathsIn);
  return [];
}

export function unknownParent(id: string): MillError {
  const isId = /^[0-9a-f-]{36}$/.test(id);
  const what = isId
    ? `job ${id}, which does not exist`
    : `"${id}", which is neither a job nor a ref of this batch`;
  return new MillError('invalid_request', `depends_on names ${what}.`, {
    facts: { field: 'depends_on', job: id },
  });
}

function whole(field: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new MillError('invalid_request', `${field} must be a whole number from ${min} to ${max}.`, {
    facts: { field, min, max },
  });
}
