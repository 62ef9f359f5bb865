/** What passes between two queues when one takes over the jobs of the other. */
import type { JobStatus, LogLine } from './port.ts';

/** A job in full. Times are milliseconds since 1970; JSON is text, as it lies in the database. */
export interface TakenJob {
  id: string;
  status: JobStatus;
  /** Order among all jobs in which they entered the queue. */
  place: number;
  /** Every other column that has a value. */
  columns: Record<string, string>;
  timeline: { at: string; event: string }[];
  reported_metrics: Record<string, number>;
  progress: string | null;
  parents: string[];
  /** Storage paths that it reads and writes. */
  paths: string[];
  log: (Omit<LogLine, 'at'> & { at: number })[];
}
