/** Which jobs a list shows. Lives in the address of the page. */
import type { Job, Status } from '../api/types';

export const PERIODS = { day: 1, week: 7, month: 30 } as const;
export type Period = keyof typeof PERIODS;

export interface Filter {
  status?: Status;
  task?: string;
  q?: string;
  since?: Period;
}

/** The oldest time of creation that is shown; start of the day, so that it does not move while one looks. */
export function sinceTime({ since }: Filter, now = new Date()): string | null {
  if (!since) return null;
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - PERIODS[since] + 1);
  return day.toISOString();
}

/** The same test as the server's. */
export function matches(job: Job, filter: Filter): boolean {
  if (filter.status && job.status !== filter.status) return false;
  if (filter.task && job.task !== filter.task) return false;
  const from = sinceTime(filter);
  if (from && job.created_at < from) return false;
  if (!filter.q) return true;
  const text = [
    job.id,
    job.task,
    job.input_path,
    job.input_name,
    job.output_path,
    job.error?.code,
    job.error?.detail,
  ];
  const wanted = filter.q.toLowerCase();
  return text.some((one) => one?.toLowerCase().includes(wanted));
}
