/** A webhook that is to be told, was told, or could not be told; and what is said in it. */
import type { EndedJob } from '../queue/port.ts';

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

export interface DeliveryAttempt {
  at: string;
  /** Of the answer; null when there was none. */
  http_status: number | null;
  duration_ms: number;
  /** Why it does not count as told; null when it does. */
  error: string | null;
}

export interface Delivery {
  /** The same for every attempt and every replay: receivers tell repetitions by it. */
  id: string;
  job_id: string;
  /** Such as `job.finished`. */
  event: string;
  /** Key that the job belongs to. */
  owner: string | null;
  url: string;
  status: DeliveryStatus;
  created_at: string;
  /** Null when there will be none. */
  next_attempt_at: string | null;
  /** Oldest first, the last {@link ATTEMPTS_KEPT}. */
  attempts: DeliveryAttempt[];
  /** Attempts since it was created or replayed last. */
  tries: number;
  /** What is sent, word for word. */
  body: string;
}

export const ATTEMPTS_KEPT = 50;
/** A result larger than this is left out: the receiver asks for the job. */
const LARGEST_BODY = 256 * 1024;

export function deliveryOf(id: string, job: EndedJob): Delivery {
  const created_at = new Date().toISOString();
  return {
    id,
    job_id: job.id,
    event: `job.${job.status}`,
    owner: job.owner,
    url: job.webhook_url,
    status: 'pending',
    created_at,
    next_attempt_at: created_at,
    attempts: [],
    tries: 0,
    body: bodyOf(job),
  };
}

/** The shape that Standard Webhooks recommends. */
function bodyOf({ owner: _, webhook_url: __, ...job }: EndedJob): string {
  const message = (data: object) =>
    JSON.stringify({ type: `job.${job.status}`, timestamp: job.ended_at, data });
  const body = message(job);
  if (Buffer.byteLength(body) <= LARGEST_BODY) return body;
  return message({ ...job, result: null, result_omitted: true });
}
