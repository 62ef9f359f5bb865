/** A recipe as jobs: which file each step reads and writes, what it waits for, what is read together. */
import { isMediaJob } from '../job.ts';
import type { Registry } from '../registry.ts';
import { outputName } from './output-name.ts';
import { type Recipe, SOURCE } from './recipe.ts';

export interface StepJob {
  id: string;
  task: string;
  params: Record<string, unknown>;
  /** Null for tasks that take none. */
  input: string | null;
  /** Null for tasks that write none. */
  output: string | null;
  /** Id of the step whose output it reads. */
  after: string | null;
}

/** In the order of the recipe. `recipe` has been checked; paths are of any kind, joined with a slash. */
export function stepJobs(
  recipe: Recipe,
  registry: Registry,
  { input, folder }: { input: string; folder: string },
): StepJob[] {
  const done = new Map<string, StepJob>();
  const byId = new Map(recipe.steps.map((step) => [step.id, step]));
  const visit = (id: string): StepJob => {
    const known = done.get(id);
    if (known) return known;
    const step = byId.get(id) as Recipe['steps'][number];
    const job = registry.get(step.task);
    const before = step.from === SOURCE ? null : visit(step.from);
    const reads = job.input.kind === 'none' ? null : before === null ? input : before.output;
    const made: StepJob = {
      id,
      task: step.task,
      params: step.params,
      input: reads,
      output: job.output.kind === 'none' ? null : `${folder}/${outputName(step, job, reads)}`,
      after: before === null ? null : before.id,
    };
    done.set(id, made);
    return made;
  };
  return recipe.steps.map(({ id }) => visit(id));
}

/** Ids of steps that read the same file with the engine, and so in one pass; groups of one are left out. */
export function sharedPasses(jobs: readonly StepJob[], registry: Registry): string[][] {
  const media = jobs.filter(({ task, input }) => input !== null && isMediaJob(registry.get(task)));
  const groups = Map.groupBy(media, ({ input }) => input);
  return [...groups.values()].filter((group) => group.length > 1).map((group) => group.map(({ id }) => id));
}
