/** Names of work folders: they tell which attempt of which job a folder belongs to. */
import type { Claim, Queue } from '../queue/port.ts';

/** `<job id>-<attempt>`, and the number of the claim where the queue counts claims. */
export function workName({ job, attempt, token }: Claim): string {
  return `${job.id}-${attempt}${token === undefined ? '' : `.${token}`}`;
}

/** Whether an attempt still runs somewhere; when the queue cannot say, it may. */
export async function isRunning(queue: Queue, name: string): Promise<boolean> {
  const [, id, attempt] = /^(.+)-(\d+)(?:\.\d+)?$/.exec(name) ?? [];
  if (!id) return false;
  try {
    const job = await queue.get(id);
    return job?.status === 'started' && job.attempts === Number(attempt);
  } catch {
    return true;
  }
}
