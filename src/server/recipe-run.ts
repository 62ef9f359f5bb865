/** From a recipe and a source to jobs in the queue: a job for each step, handed in as one batch, all or none. */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { MillError } from '../core/errors.ts';
import { checkRecipe } from '../core/recipe/lint.ts';
import { type Recipe, recipeSchema, SOURCE } from '../core/recipe/recipe.ts';
import { recipeReference } from '../core/recipe/reference.ts';
import { type StepJob, sharedPasses, stepJobs } from '../core/recipe/steps.ts';
import type { JobRecord, NewJob } from '../queue/port.ts';
import type { Recipes } from '../recipes/port.ts';
import { claimOutputs, jobOptions, prepareJob, type SubmitPorts } from './submit.ts';

const PATH_CHARACTERS = 4096;
const OUTPUTS = '/data/output/';

const { depends_on: _, on_parent_failure: __, ...runOptions } = jobOptions;

export const runRequestSchema = z
  .strictObject({
    recipe: z
      .union([z.string().min(1).max(100), recipeSchema])
      .describe('Name of a saved recipe, `NAME@VERSION` for one of its versions, or a recipe itself.'),
    input_path: z
      .string()
      .max(PATH_CHARACTERS)
      .nullish()
      .describe('What its steps read: a file_id, or any path of the storage.'),
    output_path: z
      .string()
      .max(PATH_CHARACTERS)
      .nullish()
      .describe('Folder for all outputs; default /data/output/<id of the run>.'),
    ...runOptions,
  })
  .meta({ id: 'RecipeRunRequest' });

/** The same, for checking: what is wrong with a recipe that is given inline is told as by lint. */
export const uncheckedRunRequest = runRequestSchema.extend({ recipe: z.unknown() });
export type RunRequest = z.output<typeof uncheckedRunRequest>;

export interface RunPorts extends SubmitPorts {
  recipes: Recipes;
}

export interface PreparedRun {
  id: string;
  recipe: Recipe;
  /** Parents before children, else in the order of the recipe; `jobs` are in the same order. */
  steps: StepJob[];
  jobs: NewJob[];
}

/** A recipe that was named or given, checked. Throws `recipe_not_found`, `invalid_recipe`. */
export async function findRecipe(
  { recipes, registry }: Pick<RunPorts, 'recipes' | 'registry'>,
  given: unknown,
): Promise<{ recipe: Recipe; label: string | null }> {
  if (typeof given !== 'string') return { recipe: checkRecipe(given, registry), label: null };
  const { name, version } = recipeReference(given);
  const saved = await recipes.get(name, version);
  return { recipe: saved.recipe, label: `${saved.name}@${saved.version}` };
}

/** The jobs as they will be stored, checked in all that `POST /api/enqueue` checks. Touches nothing. */
export async function prepareRun(ports: RunPorts, request: RunRequest): Promise<PreparedRun> {
  const { recipe: given, input_path, output_path, idempotency_key: key, ...options } = request;
  const { registry, storage, access } = ports;
  const { recipe, label } = await findRecipe(ports, given);
  const id = runId(key, access?.caller.owner ?? null);
  const input = input_path ? await storage.resolve(input_path, 'read') : '';
  if (input) await access?.files.mustRead(access.caller, input, input_path ?? input);
  const folder = await resolveFolder(ports, output_path || OUTPUTS + id);
  const steps = parentsFirst(stepJobs(recipe, registry, { input, folder }));
  refuseSameOutput(steps);
  const passes = passNames(steps, ports);
  const own = withOwnOutputs(ports, steps);
  const jobs: NewJob[] = [];
  for (const step of steps) {
    const run = { id, recipe: label, step: step.id, pass: passes.get(step.id) ?? null };
    const submission = {
      ...options,
      task: step.task,
      input_path: step.input,
      output_path: step.output,
      params: step.params,
      ref: step.id,
      ...(step.after !== null && { depends_on: [step.after], on_parent_failure: 'fail' as const }),
      ...(key !== undefined && { idempotency_key: `run ${id} ${step.id}` }),
    };
    try {
      jobs.push({ ...(await prepareJob(own, submission)), run });
    } catch (error) {
      throw error instanceof MillError ? ofStep(error, step.id) : error;
    }
  }
  return { id, recipe, steps, jobs };
}

/** Durable when it resolves. A second request with the same key answers with the jobs of the first. */
export async function submitRun(
  ports: RunPorts & {
    queue: { list(query: { run: string; limit: number }): Promise<{ jobs: JobRecord[] }> };
  },
  request: RunRequest,
): Promise<JobRecord[]> {
  if (request.idempotency_key !== undefined) {
    const id = runId(request.idempotency_key, ports.access?.caller.owner ?? null);
    const { jobs } = await ports.queue.list({ run: id, limit: 200 });
    if (jobs.length > 0) return jobs.reverse();
  }
  const { jobs } = await prepareRun(ports, request);
  await claimOutputs(ports, jobs);
  return ports.queue.enqueue(jobs);
}

/** With a key always the same, so that a repeated request finds the run; else a new one. */
function runId(key: string | undefined, owner: string | null): string {
  if (key === undefined) return randomUUID();
  const bytes = createHash('sha256')
    .update(`${owner ?? ''}\0${key}`)
    .digest()
    .subarray(0, 16);
  // UUID version 8 (RFC 9562, 5.8).
  bytes[6] = 0x80 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

async function resolveFolder({ storage }: RunPorts, reference: string): Promise<string> {
  const folder = (await storage.resolve(reference, 'write')).replace(/\/+$/, '');
  if (!`${folder}/`.startsWith(OUTPUTS)) {
    throw new MillError('invalid_request', 'The output_path of a run must be a folder below /data/output.', {
      facts: { field: 'output_path' },
    });
  }
  if ((await storage.stat(folder))?.kind !== 'file') return folder;
  throw new MillError('output_exists', `"${folder}" is a file; the outputs of a run need a folder.`, {
    facts: { path: folder },
  });
}

function parentsFirst(steps: readonly StepJob[]): StepJob[] {
  const ordered = new Map<string, StepJob>();
  const add = (step: StepJob) => {
    const parent = steps.find(({ id }) => id === step.after);
    if (parent && !ordered.has(parent.id)) add(parent);
    ordered.set(step.id, step);
  };
  for (const step of steps) add(step);
  return [...ordered.values()];
}

/** Lint has seen the names that are given; some extensions are known only with the source. */
function refuseSameOutput(steps: readonly StepJob[]): void {
  const seen = new Map<string, string>();
  for (const { id, output } of steps) {
    if (output === null) continue;
    const other = seen.get(output.toLowerCase());
    if (other !== undefined) {
      throw new MillError('invalid_recipe', `Steps "${other}" and "${id}" would both write "${output}".`, {
        facts: {
          problems: [{ step: id, field: 'output', message: `is the output of step "${other}" as well.` }],
        },
      });
    }
    seen.set(output.toLowerCase(), id);
  }
}

/** By step: the name of what a group reads together. */
function passNames(steps: readonly StepJob[], { registry }: RunPorts): Map<string, string> {
  const after = new Map(steps.map((step) => [step.id, step.after ?? SOURCE]));
  return new Map(
    sharedPasses(steps, registry).flatMap((group) =>
      group.map((id) => [id, after.get(group[0] ?? '') ?? SOURCE] as const),
    ),
  );
}

/** What an earlier step is going to write is the caller's to read; nothing is there yet that says so. */
function withOwnOutputs(ports: RunPorts, steps: readonly StepJob[]): RunPorts {
  const { access } = ports;
  if (!access) return ports;
  const outputs = new Set(steps.flatMap(({ output }) => output ?? []));
  const files = {
    ...access.files,
    mustRead: async (...given: Parameters<typeof access.files.mustRead>) =>
      outputs.has(given[1]) ? undefined : access.files.mustRead(...given),
  };
  return { ...ports, access: { ...access, files } };
}

function ofStep(error: MillError, step: string): MillError {
  return new MillError(error.code, `Step "${step}": ${error.message}`, {
    facts: { ...error.facts, step },
    cause: error,
  });
}
