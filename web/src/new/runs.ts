/** What is handed in for one file: a run of a recipe for outputs that can share one read, jobs for the rest. */
import type { Task } from '../api/types';
import type { Submission } from '../jobs/command-text';
import type { Plan, RunOptions } from './draft';
import { type RecipeEntry, type RunBody, recipeOf } from './recipes';

/** Outputs of one file that are read together; empty when they are too few, or wait for something. */
export function shared(
  plans: readonly Plan[],
  tasks: ReadonlyMap<string, Task>,
  { start }: RunOptions,
): readonly Plan[] {
  if (start === 'after' || plans.some(({ source }) => source !== plans[0]?.source)) return [];
  const media = plans.filter(
    ({ source, output }) => source && !output.saveAs && tasks.get(output.task)?.input.kind === 'media',
  );
  return media.length > 1 ? media : [];
}

export function runOf(plans: readonly Plan[], path: string | null, submission: Submission): RunBody {
  return {
    recipe: recipeOf(plans.map(({ output }) => output)),
    input_path: path,
    ...optionsOf(submission),
  };
}

export function namedRun({ name, version, shipped }: RecipeEntry, path: string, run: Submission): RunBody {
  return { recipe: shipped ? name : `${name}@${version}`, input_path: path, ...optionsOf(run) };
}

/** How it runs, without what it is. */
function optionsOf({
  task: _,
  input_path: __,
  output_path: ___,
  params: ____,
  depends_on: _____,
  ...options
}: Submission): Record<string, unknown> {
  return options;
}
