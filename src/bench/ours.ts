/** Our side: a job in a fresh process, as the command line runs it, and in a warm child, as a server does. */
import { join } from 'node:path';
import type { Registry } from '../core/registry.ts';
import { type ChildHost, createChildHost } from '../runner/child-host.ts';
import { runOnce } from '../runner/run-once.ts';
import { type Cost, costOf, runCommands } from './cost.ts';
import type { Inputs } from './inputs.ts';
import type { Operation } from './operations.ts';

export interface Ours {
  cold(operation: Operation, inputs: Inputs, made: string): Promise<Cost>;
  warm(operation: Operation, inputs: Inputs, made: string): Promise<Cost>;
  close(): Promise<void>;
}

/** `command` starts this program, such as `[node, bin/mediamill.mjs]`. */
export function startOurs(registry: Registry, command: readonly string[], signal: AbortSignal): Ours {
  const host: ChildHost = createChildHost({ jobsPerChild: Number.POSITIVE_INFINITY });
  return {
    async cold(operation, inputs, made) {
      const request = requestOf(operation, inputs, made);
      const { cost } = await runCommands([[...command, 'run', JSON.stringify(request)]], signal);
      return cost;
    },
    async warm(operation, inputs, made) {
      // The process is there, as it is in a server, and has done something before.
      if (host.pid === null) await probeOnce(inputs);
      const { task, params, input_path: input, output_path: output } = requestOf(operation, inputs, made);
      return costOf(
        () => host.pid,
        () => runOnce({ registry, host, signal, task, params, input, output }),
      );
    },
    close: () => host.close(),
  };

  async function probeOnce(inputs: Inputs): Promise<void> {
    await runOnce({ registry, host, signal, task: 'get_video_info', input: inputs.film, output: null });
  }
}

function requestOf({ ours }: Operation, inputs: Inputs, made: string) {
  return {
    task: ours.task,
    input_path: ours.input === null ? null : inputs[ours.input],
    output_path: join(made, ours.output),
    params: ours.params(inputs),
  };
}
