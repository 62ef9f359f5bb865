import type { AnyJob } from '../job.ts';
import { defaultExtension } from '../registry.ts';
import type { RecipeStep } from './recipe.ts';

/** Name of a step's output in the output folder. `input`: path of what it reads, where that is known. */
export function outputName(step: RecipeStep, job: AnyJob, input: string | null): string {
  if (step.output !== undefined) return step.output;
  return job.output.kind === 'directory' ? step.id : `${step.id}${defaultExtension(job, input, step.params)}`;
}
