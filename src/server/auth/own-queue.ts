/** The queue as one caller sees it. */
import { type Caller, sees } from '../../auth/caller.ts';
import { MillError } from '../../core/errors.ts';
import type { Queue } from '../../queue/port.ts';

/** For an administrator the queue itself; for others one that holds nothing but their jobs. */
export function queueOf(queue: Queue, caller: Caller): Queue {
  if (caller.admin) return queue;
  const owner = caller.owner ?? '';
  const own = async (id: string): Promise<void> => {
    const job = await queue.get(id);
    if (!job || !sees(caller, job.owner)) throw new MillError('job_not_found', `There is no job ${id}.`);
  };
  return {
    ...queue,
    async get(id) {
      const job = await queue.get(id);
      return job && sees(caller, job.owner) ? job : null;
    },
    list: (query) => queue.list({ ...query, owner }),
    counts: (query = {}) => queue.counts({ ...query, owner }),
    async cancel(id, by) {
      await own(id);
      return queue.cancel(id, by);
    },
    async retry(id, by) {
      await own(id);
      return queue.retry(id, by);
    },
    async remove(id) {
      await own(id);
      return queue.remove(id);
    },
  };
}
