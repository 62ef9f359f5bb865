/** Follows one job of a server until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../core/plan.ts';
import type { Client } from './client.ts';
import { EXIT_FAILED, printFailure } from './failure.ts';
import { hasEnded, type JobView } from './job-view.ts';
import { note, paint, print, printJson } from './output.ts';
import { progressLine } from './progress-line.ts';
import { size } from './wording.ts';

/** Before the server is asked again when its stream of events has ended without the end of the job. */
const AGAIN_MS = 1000;

/** Prints the outcome; the exit code is 1 unless the job has finished. */
export async function follow(client: Client, id: string, json: boolean): Promise<void> {
  const job = await lastState(client, id);
  if (json) printJson(job);
  else if (job.error) printFailure(job.error);
  else if (job.result) {
    for (const warning of job.result.warnings)
      note(`${paint('yellow', 'warning:', process.stderr)} ${warning}`);
    print(job.result.message);
    const { output_size_bytes: bytes = 0 } = job.result.metrics;
    if (job.output_path) print(paint('dim', `${job.output_path}  ${size(bytes)}`));
  } else note(`The job ${id} is ${job.status}.`);
  if (job.status !== 'finished') process.exitCode = EXIT_FAILED;
}

async function lastState(client: Client, id: string): Promise<JobView> {
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  for (;;) {
    const job = await client.get<JobView>(path);
    if (hasEnded(job)) return job;
    const line = progressLine(job.task);
    try {
      if (await endSeen(client, path, (progress) => line.update(progress))) continue;
    } finally {
      line.clear();
    }
    await sleep(AGAIN_MS);
  }
}

/** Listens until the job has ended or the stream has; answers which. */
async function endSeen(
  client: Client,
  path: string,
  onProgress: (progress: Progress) => void,
): Promise<boolean> {
  const done = new AbortController();
  try {
    for await (const { data } of client.events(`${path}/events`, done.signal)) {
      const { job, progress, status } = data as {
        job?: JobView;
        progress?: Progress | null;
        status?: string;
      };
      const news = job ?? (status === undefined ? null : (data as JobView));
      if (news && hasEnded(news)) return true;
      const state = progress ?? news?.progress;
      if (state) onProgress(state);
    }
    return false;
  } finally {
    done.abort();
  }
}
