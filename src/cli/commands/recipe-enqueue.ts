import type { Command } from 'commander';
import { type ErrorCode, MillError } from '../../core/errors.ts';
import type { Recipe } from '../../core/recipe/recipe.ts';
import { recipeReference } from '../../core/recipe/reference.ts';
import { addServerFlag, type Client, clientFor } from '../client.ts';
import { addJobFields, givenFields, JOB_FIELDS } from '../job-fields.ts';
import { recipeOfFile } from '../recipe-text.ts';
import type { RunView } from '../run-view.ts';
import { addConfigFlags } from '../settings.ts';
import { NO_INPUT } from '../task-commands.ts';
import { uploadInput } from '../upload-input.ts';
import { followOrTell } from './recipe-runs.ts';

/** A run knows by itself which of its steps waits for which. */
const RUN_FIELDS = JOB_FIELDS.filter(({ field }) => !['depends_on', 'on_parent_failure'].includes(field));

interface EnqueueOptions extends Record<string, unknown> {
  upload?: boolean;
  wait?: boolean;
  json?: boolean;
  server?: string;
}

export function addRecipeEnqueue(recipe: Command): void {
  const enqueue = recipe
    .command('enqueue')
    .description(
      'Hand a recipe to a running server: a job for each step, all or none. A file is checked as by lint first.',
    )
    .argument(
      '<name|file>',
      'name of a recipe of the server, NAME@3 for one of its versions, or a file of this machine in TOML or JSON',
    )
    .argument(
      '<input>',
      `a file_id, /data/input/…, or a file of this machine with --upload; ${NO_INPUT} for none`,
    )
    .argument('[outdir]', 'folder for all outputs, /data/output/…; chosen by the server when left out')
    .option('--upload', 'send the input from this machine first; else it names a file in the storage')
    .option('--wait', 'stay until all steps have ended; exit 1 when one has not finished')
    .option('--json', 'print the run, as the server answers it, as JSON')
    .action(async (word: string, given: string, folder: string | undefined, options: EnqueueOptions) => {
      const content = recipeOfFile(word) ?? word;
      const client = clientFor(enqueue);
      const input = await inputOf(client, given, content, options);
      const run = await client
        .post<RunView>('/api/recipes/run', {
          recipe: content,
          ...(input !== NO_INPUT && { input_path: input }),
          ...(folder && { output_path: folder }),
          ...givenFields(options, RUN_FIELDS),
        })
        .catch((error: unknown) => {
          throw withPathsExplained(error);
        });
      await followOrTell(client, run, options);
    });
  addJobFields(enqueue, RUN_FIELDS, 'Every step:');
  addServerFlag(enqueue);
  addConfigFlags(enqueue, []);
}

async function inputOf(
  client: Client,
  given: string,
  recipe: Recipe | string,
  { upload }: EnqueueOptions,
): Promise<string> {
  if (!upload || given === NO_INPUT) return given;
  if (typeof recipe === 'string') await mustKnow(client, recipe);
  return await uploadInput(client, given);
}

/** Before a film is sent for a recipe that is not there. */
async function mustKnow(client: Client, word: string): Promise<void> {
  const { name, version } = recipeReference(word);
  try {
    await client.get(`/api/recipes/${encodeURIComponent(name)}`, { version: version?.toString() });
  } catch (error) {
    // A key that may only hand in is told when it does.
    if (!(error instanceof MillError) || error.code !== 'forbidden') throw error;
  }
}

/** What the server advises is for its API, where there is no flag and no argument. */
const NEXT: { [code in ErrorCode]?: string } = {
  input_not_found:
    'Name a file in the storage of the server, such as /data/input/film.mp4, or send one of this machine with --upload.',
  path_outside_storage:
    'The input is a file in the storage of the server, such as /data/input/film.mp4, or with --upload one of this machine; the folder is one below /data/output.',
  input_required: `Name an input in place of ${NO_INPUT}.`,
};

function withPathsExplained(error: unknown): unknown {
  const next = error instanceof MillError ? NEXT[error.code] : undefined;
  if (!(error instanceof MillError) || next === undefined) return error;
  return new MillError(error.code, error.message, { facts: { ...error.facts, next }, cause: error });
}
