/** One action on many jobs. Each is done or refused for itself; a job that is gone meanwhile is refused. */
import { MillError } from '../core/errors.ts';
import type { Actor, JobStatus, ListQuery, Queue } from '../queue/port.ts';

export const ACTIONS = ['cancel', 'retry', 'delete'] as const;
export type Action = (typeof ACTIONS)[number];

/** Ids that one request may name, and that one answer names. */
export const MAX_IDS = 1000;

/** Jobs that one request acts on at most; whoever has more asks again. */
const MAX_MATCHES = 100_000;

/** Jobs acted on at a time: they share one wait for the disk. */
const AT_A_TIME = 100;

export interface BulkRequest {
  action: Action;
  ids?: string[];
  filter?: Pick<ListQuery, 'status' | 'task' | 'q' | 'created_after' | 'owner'> & {
    /** ISO 8601: only jobs that had ended by then. */
    ended_before?: string;
  };
}

export interface BulkAnswer {
  done: number;
  ids: string[];
  refused: { id: string; code: string; detail: string }[];
}

const DEFAULT_STATUSES: Record<Action, JobStatus[]> = {
  cancel: ['queued', 'scheduled', 'deferred', 'started'],
  retry: ['failed'],
  delete: ['finished', 'failed', 'canceled'],
};

export async function actOn(
  queue: Queue,
  { action, ids, filter }: BulkRequest,
  by: Actor,
): Promise<BulkAnswer> {
  const wanted = ids ? [...new Set(ids)] : await matching(queue, action, filter ?? {});
  const answer: BulkAnswer = { done: 0, ids: [], refused: [] };
  for (let start = 0; start < wanted.length; start += AT_A_TIME) {
    const group = wanted.slice(start, start + AT_A_TIME);
    const results = await Promise.allSettled(group.map((id) => act(queue, action, id, by)));
    for (const [index, result] of results.entries()) {
      const id = group[index] as string;
      if (result.status === 'fulfilled') {
        answer.done += 1;
        if (answer.ids.length < MAX_IDS) answer.ids.push(id);
      } else {
        const { reason } = result;
        if (!isRefusal(reason)) throw reason;
        if (answer.refused.length < MAX_IDS) {
          answer.refused.push({ id, code: reason.code, detail: reason.message });
        }
      }
    }
  }
  return answer;
}

async function act(queue: Queue, action: Action, id: string, by: Actor): Promise<unknown> {
  if (action === 'cancel') return await queue.cancel(id, by);
  return action === 'retry' ? await queue.retry(id, by) : await queue.remove(id);
}

/**
 * The newest first, so that a job is canceled or deleted before the one it waits for; for retries the oldest, so that
 * they run in the order in which they came.
 */
async function matching(
  queue: Queue,
  action: Action,
  { ended_before: time, ...filter }: NonNullable<BulkRequest['filter']>,
): Promise<string[]> {
  const end = time === undefined ? null : new Date(time).toISOString();
  const status = filter.status ?? DEFAULT_STATUSES[action];
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await queue.list({ ...filter, status, limit: 200, ...(cursor !== undefined && { cursor }) });
    const wanted = page.jobs.filter(({ ended_at }) => end === null || (ended_at !== null && ended_at < end));
    ids.push(...wanted.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && ids.length < MAX_MATCHES);
  return action === 'retry' ? ids.reverse() : ids;
}

/** Its state does not allow it, or it is gone; anything else is a failure of the queue. */
function isRefusal(error: unknown): error is MillError {
  return error instanceof MillError && (error.code === 'conflict' || error.code === 'job_not_found');
}
