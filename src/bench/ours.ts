/** Our side: jobs in a fresh process, as the command line runs them, and in a warm child, as a server does. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from '../core/registry.ts';
import { type ChildHost, createChildHost } from '../runner/child-host.ts';
import { runOnceTogether } from '../runner/run-once.ts';
import { type Cost, costOf, runCommands } from './cost.ts';
import type { Inputs } from './inputs.ts';
import type { OurJob } from './operation.ts';

type Jobs = readonly [OurJob, ...OurJob[]];

export interface Ours {
  /** `folder` takes the outputs. */
  cold(jobs: Jobs, inputs: Inputs, folder: string): Promise<Cost>;
  warm(jobs: Jobs, inputs: Inputs, folder: string): Promise<Cost>;
  close(): Promise<void>;
}

export interface OursOptions {
  registry: Registry;
  /** Starts this program, such as `[node, bin/mediamill.mjs]`. */
  command: readonly string[];
  /** A media file that a new process is shown first, so that it is warm. */
  familiar: string;
  signal: AbortSignal;
}

export function startOurs({ registry, command, familiar, signal }: OursOptions): Ours {
  const host: ChildHost = createChildHost({ jobsPerChild: Number.POSITIVE_INFINITY });
  return {
    async cold(jobs, inputs, folder) {
      const args = await commandLine(jobs, inputs, folder);
      return (await runCommands([[...command, ...args]], signal)).cost;
    },
    async warm(jobs, inputs, folder) {
      const requests = jobs.map((job) => requestOf(job, inputs, folder));
      // The process is there, as it is in a server, and has done something before.
      if (host.pid === null) await together([PROBE(familiar)]);
      return await costOf(
        () => host.pid,
        () => together(requests),
      );
    },
    close: () => host.close(),
  };

  async function together(requests: readonly Request[]): Promise<void> {
    const jobs = requests.map(({ task, params, input_path: input, output_path: output }) => {
      return { registry, signal, task, params, input, output };
    });
    await Promise.all(runOnceTogether(jobs, host));
  }
}

interface Request {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
}

const PROBE = (file: string): Request => {
  return { task: 'probe_media_file', input_path: file, output_path: null, params: {} };
};

/** One job as a job, several as a recipe, which is kept in a file beside their outputs. */
async function commandLine(jobs: Jobs, inputs: Inputs, folder: string): Promise<string[]> {
  const [first, ...others] = jobs;
  if (others.length === 0) return ['run', JSON.stringify(requestOf(first, inputs, folder))];
  const steps = jobs.map(({ task, params, output }, index) => {
    return { id: `step-${index + 1}`, task, params: params(inputs), output };
  });
  const recipe = `${folder}.json`;
  await writeFile(recipe, JSON.stringify({ steps }));
  return ['recipe', 'run', recipe, requestOf(first, inputs, folder).input_path ?? '-', folder];
}

function requestOf({ task, input, params, output }: OurJob, inputs: Inputs, folder: string): Request {
  return {
    task,
    input_path: input === null ? null : inputs[input],
    output_path: join(folder, output),
    params: params(inputs),
  };
}
