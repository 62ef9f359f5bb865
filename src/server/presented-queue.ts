/** The queue as the routes see it: a failed job comes with the ways out of its failure. */
import type { Failure } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import { type WayOut, waysOut } from '../core/suggestions/ways-out.ts';
import type { JobPage, JobRecord, ListQuery, Queue, QueueEvent } from '../queue/port.ts';

export type ShownFailure = Failure & { suggestions?: WayOut[] };

export function presented(queue: Queue, registry: Registry): Queue {
  const show = (job: JobRecord): JobRecord => presentJob(registry, job);
  const shown: Partial<Queue> = {
    get: async (id) => {
      const job = await queue.get(id);
      return job && show(job);
    },
    list: async (query: ListQuery): Promise<JobPage> => {
      const page = await queue.list(query);
      return { ...page, jobs: page.jobs.map(show) };
    },
    cancel: async (...given) => show(await queue.cancel(...given)),
    retry: async (...given) => show(await queue.retry(...given)),
    watch: (signal) => events(queue, signal, show),
  };
  return new Proxy(queue, {
    get: (target, name) => shown[name as keyof Queue] ?? Reflect.get(target, name, target),
  });
}

async function* events(
  queue: Queue,
  signal: AbortSignal,
  show: (job: JobRecord) => JobRecord,
): AsyncGenerator<QueueEvent> {
  for await (const event of queue.watch(signal)) {
    yield event.type === 'job' ? { ...event, job: show(event.job) } : event;
  }
}

function presentJob(registry: Registry, job: JobRecord): JobRecord {
  if (!job.error) return job;
  const error: ShownFailure = { ...job.error, suggestions: waysOut(registry, job.error, job) };
  return { ...job, error };
}
