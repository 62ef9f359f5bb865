/** Does what a finished job asked for beyond its output. Each errand may be repeated without doing it twice. */
import { MillError } from '../core/errors.ts';
import type { Errand } from '../core/job.ts';
import type { JobOrigin, JobRecord, Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';

/** A chain this deep is a loop. */
const MAX_CHAIN_DEPTH = 64;

/** What an errand may enqueue: checked like any request. */
export interface NextJob {
  task: string;
  input_path: string | null;
  output_path: string;
  params: Record<string, unknown>;
  idempotency_key: string;
  chain_depth: number;
  /** Whose it is: the same as that of the job that asks for it. */
  owner: string | null;
  /** Of the job that asks for it: they are one story. */
  origin?: JobOrigin;
}

export interface ErrandPorts {
  queue: Queue;
  storage: Storage;
  /** Throws what a request with these fields would. */
  submit(next: NextJob): Promise<JobRecord>;
}

/** What they did, for the result of the job. */
export async function runErrands(
  errands: readonly Errand[],
  job: JobRecord,
  ports: ErrandPorts,
): Promise<Record<string, unknown>> {
  const done: Record<string, unknown> = {};
  for (const [index, errand] of errands.entries())
    Object.assign(done, await runErrand(errand, index, job, ports));
  return done;
}

async function runErrand(
  errand: Errand,
  index: number,
  job: JobRecord,
  ports: ErrandPorts,
): Promise<Record<string, unknown>> {
  switch (errand.kind) {
    case 'enqueue': {
      const chain_depth = job.chain_depth + 1;
      if (chain_depth > MAX_CHAIN_DEPTH) {
        throw new MillError(
          'invalid_request',
          `The chain is ${MAX_CHAIN_DEPTH} jobs deep and goes no further; it looks like a loop.`,
        );
      }
      const { task, output_path, params } = errand;
      const input_path = errand.input_path ?? job.input_path ?? (await parentOutput(job, ports.queue));
      // An attempt that is repeated after a crash finds the job it enqueued before.
      const idempotency_key = `chain:${job.id}:${index}`;
      const next = await ports.submit({
        task,
        input_path,
        output_path,
        params,
        idempotency_key,
        chain_depth,
        owner: job.owner,
        ...(job.origin && { origin: job.origin }),
      });
      return { next_job_id: next.id, next_input: next.input_path, next_output: next.output_path };
    }
    case 'report_metrics':
      await mustBeOfSameOwner(errand.job_id, job, ports.queue);
      await ports.queue.addMetrics(errand.job_id, errand.metrics);
      return {};
    case 'purge_input': {
      const path = job.input_path as string;
      const users = (await ports.queue.usersOf(path)).filter((id) => id !== job.id);
      if (users.length > 0) {
        const others =
          users.length === 1
            ? `job ${users[0]} needs it`
            : `${users.length} jobs need it, ${users[0]} among them`;
        throw new MillError('in_use', `"${path}" was not deleted: ${others}.`, {
          facts: { path, jobs: users.slice(0, 20) },
        });
      }
      await ports.storage.remove(path);
      return { path };
    }
  }
}

/** What belongs to others looks as if it were not there. */
async function mustBeOfSameOwner(id: string, job: JobRecord, queue: Queue): Promise<void> {
  if (job.owner === null || (await queue.get(id))?.owner === job.owner) return;
  throw new MillError('job_not_found', `There is no job ${id}.`);
}

/** The output of the first job this one waited for. */
async function parentOutput(job: JobRecord, queue: Queue): Promise<string | null> {
  for (const id of job.depends_on) {
    const output = (await queue.get(id))?.result?.output_path;
    if (output) return output;
  }
  return null;
}
