/** A recipe on the caller's own files, here and now: no queue, no server. */
import { mkdir, rmdir } from 'node:fs/promises';
import type { Config } from '../core/config.ts';
import { type Failure, MillError, toMillError } from '../core/errors.ts';
import type { Progress } from '../core/plan.ts';
import type { Recipe } from '../core/recipe/recipe.ts';
import { type StepJob, sharedPasses, stepJobs } from '../core/recipe/steps.ts';
import type { JobResult } from '../queue/port.ts';
import { composeRegistry } from './registry.ts';
import { openStepRunner, type StepEnd } from './run-steps.ts';

export interface RecipeHereRequest {
  recipe: Recipe;
  input: string;
  /** Made when it is missing. */
  folder: string;
}

export interface RecipeHereOptions {
  config: Config;
  signal?: AbortSignal;
  /** The steps that begin now, together. */
  onStart?(steps: readonly string[]): void;
  onProgress?(step: string, progress: Progress): void;
  onEnd?(end: StepReport): void;
}

export interface StepReport {
  id: string;
  task: string;
  status: 'finished' | 'failed' | 'canceled';
  output_path: string | null;
  result: JobResult | null;
  error: Failure | null;
}

/** In the order of the recipe. Throws only for what concerns all steps: no input, no folder. */
export async function runRecipeHere(
  { recipe, input, folder }: RecipeHereRequest,
  options: RecipeHereOptions,
): Promise<StepReport[]> {
  const registry = await composeRegistry();
  await using runner = await openStepRunner({ ...options, registry });
  const steps = stepJobs(recipe, registry, { input, folder });
  const passes = sharedPasses(steps, registry);
  const made = await makeFolder(folder);
  const ended = new Map<string, StepReport>();
  const end = (step: StepJob, reached: StepEnd) => {
    const report = reportOf(step, reached);
    ended.set(step.id, report);
    options.onEnd?.(report);
  };

  for (let next = ready(steps, ended); next.length > 0; next = ready(steps, ended)) {
    const [first] = next as [StepJob];
    const parent = first.after === null ? undefined : ended.get(first.after);
    if (parent && parent.status !== 'finished') {
      end(first, { failure: parentFailure(parent) });
      continue;
    }
    const pass = passes.find((group) => group.includes(first.id));
    const together = pass ? next.filter(({ id }) => pass.includes(id)) : [first];
    options.onStart?.(together.map(({ id }) => id));
    const orders = together.map(({ id, task, params, input: reads, output }) => ({
      id,
      task,
      params,
      input_path: reads,
      output_path: output,
    }));
    const ends = runner.run(orders);
    await Promise.all(together.map(async (step, index) => end(step, (await ends[index]) as StepEnd)));
  }
  // Fails while something is in it.
  if (made) await rmdir(folder).catch(() => {});
  return steps.map(({ id }) => ended.get(id) as StepReport);
}

/** Steps that have not run, and wait for none that has not. */
function ready(steps: readonly StepJob[], ended: ReadonlyMap<string, StepReport>): StepJob[] {
  return steps.filter(({ id, after }) => !ended.has(id) && (after === null || ended.has(after)));
}

function reportOf({ id, task, output }: StepJob, end: StepEnd): StepReport {
  if ('result' in end) {
    return { id, task, status: 'finished', output_path: output, result: end.result, error: null };
  }
  const status = end.failure.code === 'canceled' ? 'canceled' : 'failed';
  return { id, task, status, output_path: null, result: null, error: end.failure };
}

function parentFailure({ id, status }: StepReport): Failure {
  const how = status === 'canceled' ? 'was canceled' : 'failed';
  const error = new MillError('parent_failed', `Step "${id}" ${how}, and this one reads its output.`, {
    facts: { step: id },
  });
  return error.toFailure();
}

/** Was it made? */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    return (await mkdir(folder, { recursive: true })) !== undefined;
  } catch (error) {
    const failure = toMillError(error);
    if (failure.code === 'disk_full') throw failure;
    throw new MillError('output_not_writable', `The folder "${folder}" cannot be made.`, { cause: error });
  }
}
