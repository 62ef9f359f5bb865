/** From the draft to what is handed in, file by file. */
import type { Task } from '../api/types';
import type { Submission } from '../jobs/command-text';
import type { Plan, RunOptions } from './draft';
import type { RecipeEntry } from './recipes';
import { namedRun, runOf, shared } from './runs';
import type { Source } from './sources';
import type { Order } from './submit';

interface Draft {
  sources: readonly Source[];
  plans: readonly Plan[];
  recipe: RecipeEntry | null;
  byName: ReadonlyMap<string, Task>;
  run: RunOptions;
  submissionOf(plan: Plan, path: string | null): Submission;
  /** How it runs, for a recipe that is run by its name. */
  options: Submission;
}

export function ordersOf({ sources, plans, recipe, byName, run, submissionOf, options }: Draft): Order[] {
  if (recipe) {
    return sources.map((source) => ({
      source,
      runs: (path) => [namedRun(recipe, path, options)],
      jobs: () => [],
    }));
  }
  const groups = Map.groupBy(plans, ({ source }) => source);
  return [...groups].map(([source, group]): Order => {
    const together = shared(group, byName, run);
    const [first] = together;
    return {
      source,
      runs: (path) => (first ? [runOf(together, path, submissionOf(first, path))] : []),
      jobs: (path) =>
        group.filter((plan) => !together.includes(plan)).map((plan) => submissionOf(plan, path)),
    };
  });
}

/** Jobs that come of them, and how many of those wait for an upload. */
export function countOf(
  orders: readonly Order[],
  recipe: RecipeEntry | null,
): { all: number; later: number } {
  const count = (order: Order) =>
    order.jobs('').length +
    order
      .runs('')
      .reduce(
        (sum, body) =>
          sum + (typeof body.recipe === 'string' ? (recipe?.steps.length ?? 1) : body.recipe.steps.length),
        0,
      );
  const later = orders.filter(({ source }) => source && !source.path);
  const sum = (list: readonly Order[]) => list.reduce((total, order) => total + count(order), 0);
  return { all: sum(orders), later: sum(later) };
}
