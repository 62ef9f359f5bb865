/** What is wrong with a recipe, all of it at once and before anything is queued. */
import { MillError, toMillError } from '../errors.ts';
import type { AnyJob } from '../job.ts';
import { nearest } from '../nearest.ts';
import { extensionOf, outputTarget, type Registry } from '../registry.ts';
import { outputName } from './output-name.ts';
import { type Recipe, type RecipeStep, recipeSchema, SOURCE } from './recipe.ts';

/** The one task that takes its input away. */
const DELETES_INPUT = 'purge_original_file';

export interface RecipeProblem {
  /** Id of the step, or its number from 1 when it has none; null for the recipe as a whole. */
  step: string | null;
  field: string;
  message: string;
}

/** Extensions of files that hold no media: reports, hashes, archives. */
const NO_MEDIA = new Set(['.json', '.txt', '.sha256', '.vtt', '.gz', '.zst', '.part']);

/** The recipe with its defaults. Throws `invalid_recipe` that lists every problem in `facts.problems`. */
export function checkRecipe(raw: unknown, registry: Registry): Recipe {
  const parsed = recipeSchema.safeParse(raw);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map((issue) => ({
        step: stepOf(raw, issue.path),
        field: issue.path.filter((part) => part !== 'steps').join('.') || 'recipe',
        message: issue.message.replace(/^Invalid input: /, ''),
      })),
    );
  }
  const problems = lint(parsed.data, registry);
  if (problems.length > 0) throw invalid(problems);
  return parsed.data;
}

function lint({ steps }: Recipe, registry: Registry): RecipeProblem[] {
  const problems: RecipeProblem[] = [];
  const byId = new Map<string, RecipeStep>();
  const names = new Map<string, string>();
  for (const step of steps) {
    const say = (field: string, message: string) => problems.push({ step: step.id, field, message });
    if (step.id === SOURCE) say('id', `"${SOURCE}" is the name of the input; choose another.`);
    if (byId.has(step.id)) say('id', 'is the id of another step as well; ids must differ.');
    byId.set(step.id, step);
    const job = jobOf(step, registry, say);
    if (!job || job.output.kind === 'none') continue;
    const name = outputOf(step, job, say);
    if (name === null) continue;
    const other = names.get(name.toLowerCase());
    if (other !== undefined) say('output', `"${name}" is the output of step "${other}" as well.`);
    names.set(name.toLowerCase(), step.id);
  }
  for (const step of steps) {
    problems.push(...fromProblems(step, byId, registry), ...deletionProblems(step, steps));
  }
  return problems;
}

type Say = (field: string, message: string) => void;

function jobOf(step: RecipeStep, registry: Registry, say: Say): AnyJob | null {
  try {
    const job = registry.get(step.task);
    registry.check(step.task, step.params);
    return job;
  } catch (error) {
    const failure = toMillError(error);
    say(failure.code === 'unknown_task' ? 'task' : 'params', failure.message);
    return null;
  }
}

function outputOf(step: RecipeStep, job: AnyJob, say: Say): string | null {
  const name = outputName(step, job, null);
  if (/[/\\\0]/.test(name) || name === '.' || name === '..') {
    say('output', 'must be a name without folders; everything lands in the output folder of the run.');
    return null;
  }
  try {
    // Without an extension the source decides; that is looked at when the recipe is run.
    if (step.output !== undefined || extensionOf(name) !== '') outputTarget(job, name);
    return name;
  } catch (error) {
    say('output', toMillError(error).message);
    return null;
  }
}

function fromProblems(
  step: RecipeStep,
  byId: ReadonlyMap<string, RecipeStep>,
  registry: Registry,
): RecipeProblem[] {
  if (step.from === SOURCE) return [];
  const problem = (message: string): RecipeProblem[] => [{ step: step.id, field: 'from', message }];
  const given = byId.get(step.from);
  if (!given) {
    const near = nearest(step.from, [SOURCE, ...byId.keys()]);
    return problem(`There is no step "${step.from}".${near ? ` Did you mean "${near}"?` : ''}`);
  }
  const circle = circleFrom(step, byId);
  if (circle) return problem(`The steps wait for each other in a circle: ${circle.join(' → ')}.`);
  const [reader, maker] = [step, given].map(({ task }) => registry.jobs.find(({ name }) => name === task));
  if (!reader || !maker) return [];
  if (maker.output.kind === 'none')
    return problem(`Step "${given.id}" (${maker.name}) makes no file that could be read.`);
  if (maker.output.kind === 'directory' && reader.input.kind !== 'file_or_directory')
    return problem(`Step "${given.id}" makes a folder, and ${reader.name} takes a file.`);
  const name = outputName(given, maker, null);
  if (reader.input.kind === 'media' && NO_MEDIA.has(extensionOf(name)))
    return problem(`Step "${given.id}" makes "${name}", and ${reader.name} takes media.`);
  return [];
}

/** Nothing says when all others are done with it, nor whether they have worked. */
function deletionProblems(step: RecipeStep, steps: readonly RecipeStep[]): RecipeProblem[] {
  if (step.task !== DELETES_INPUT || steps.every(({ id, from }) => id === step.id || from !== step.from))
    return [];
  const message = `would delete what other steps read. Leave it out, and delete the ${step.from === SOURCE ? 'source' : 'file'} when the run has finished.`;
  return [{ step: step.id, field: 'task', message }];
}

/** The way around, beginning and ending with the step; null when it leads to the source. */
function circleFrom(step: RecipeStep, byId: ReadonlyMap<string, RecipeStep>): string[] | null {
  const way = [step.id];
  for (let next = byId.get(step.from); next; next = byId.get(next.from)) {
    way.push(next.id);
    if (next.id === step.id) return way;
    // A circle that this step only leads into is told of its members.
    if (way.length > byId.size) return null;
  }
  return null;
}

function stepOf(raw: unknown, path: readonly PropertyKey[]): string | null {
  const [first, index] = path;
  if (first !== 'steps' || typeof index !== 'number') return null;
  const id = (raw as { steps?: { id?: unknown }[] }).steps?.[index]?.id;
  return typeof id === 'string' ? id : String(index + 1);
}

function invalid(problems: RecipeProblem[]): MillError {
  const sentences = problems.map(({ step, field, message }) =>
    step === null ? `${field}: ${message}` : `Step "${step}", ${field}: ${message}`,
  );
  return new MillError('invalid_recipe', sentences.join(' '), { facts: { problems } });
}
