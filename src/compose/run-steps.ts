/** Steps of a recipe here and now, without a queue: those that read the same file in one go. */
import type { Config } from '../core/config.ts';
import { type Failure, toMillError } from '../core/errors.ts';
import type { Progress } from '../core/plan.ts';
import type { Registry } from '../core/registry.ts';
import type { JobResult } from '../queue/port.ts';
import { composeCage } from './cage.ts';
import type { HereRequest } from './here.ts';

export interface StepOrder extends HereRequest {
  /** Id of the step. */
  id: string;
}

export type StepEnd = { result: JobResult } | { failure: Failure };

export interface RunStepsOptions {
  config: Config;
  registry: Registry;
  signal?: AbortSignal;
  onProgress?(step: string, progress: Progress): void;
}

export interface StepRunner extends AsyncDisposable {
  /**
   * Steps that read the same file, in one go. Each ends for itself: one that fails leaves the others as they are. An
   * end for each order; none of them rejects.
   */
  run(orders: readonly StepOrder[]): Promise<StepEnd>[];
}

/** One job process for all steps, started with the first and ended with the runner. */
export async function openStepRunner({
  config,
  registry,
  signal,
  onProgress,
}: RunStepsOptions): Promise<StepRunner> {
  const [{ runOnceTogether }, { createChildHost }] = await Promise.all([
    import('../runner/run-once.ts'),
    import('../runner/child-host.ts'),
  ]);
  const { processing, network } = config;
  const host = createChildHost({ cage: await composeCage(config, false) });
  const common = {
    registry,
    ...(signal && { signal }),
    timeoutMs: processing.timeout_seconds * 1000,
    memoryLimitBytes: processing.memory_limit_bytes,
    network: { allow: [...network.allow] },
  };
  return {
    run(orders) {
      const jobs = orders.map(({ id, task, params, input_path, output_path }) => ({
        ...common,
        task,
        params,
        input: input_path,
        output: output_path,
        onProgress: (progress: Progress) => onProgress?.(id, progress),
      }));
      return runOnceTogether(jobs, host).map((end) =>
        end.then(
          (result) => ({ result }),
          (error) => ({ failure: toMillError(error).toFailure() }),
        ),
      );
    },
    [Symbol.asyncDispose]: () => host.close(),
  };
}
