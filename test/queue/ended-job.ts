import { FINAL_STATUSES, type JobRecord, type Queue } from '../../src/queue/port.ts';
import { eventually } from '../contracts/queue/kit.ts';

/** The record of a job as soon as it has ended, however it did. */
export async function endedJob(queue: Pick<Queue, 'get'>, id: string, withinMs = 60_000): Promise<JobRecord> {
  return await eventually(
    async () => {
      const record = await queue.get(id);
      return record && FINAL_STATUSES.includes(record.status) && record;
    },
    withinMs,
    `the end of job ${id}`,
  );
}
