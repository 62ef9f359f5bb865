import type { Config } from '../core/config.ts';
import type { Progress } from '../core/plan.ts';
import type { JobResult } from '../queue/port.ts';
import { composeCage } from './cage.ts';
import { composeRegistry } from './registry.ts';

export interface HereRequest {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
}

export interface HereOptions {
  config: Config;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** One job on the caller's own files, in a job process but without queue and storage. Throws what it fails with. */
export async function runHere(request: HereRequest, { config, ...options }: HereOptions): Promise<JobResult> {
  const [{ runOnce }, registry] = await Promise.all([import('../runner/run-once.ts'), composeRegistry()]);
  const { processing, network } = config;
  return runOnce({
    ...options,
    registry,
    task: request.task,
    params: request.params,
    input: request.input_path,
    output: request.output_path,
    timeoutMs: processing.timeout_seconds * 1000,
    memoryLimitBytes: processing.memory_limit_bytes,
    network: { allow: [...network.allow] },
    cage: await composeCage(config, false),
  });
}
