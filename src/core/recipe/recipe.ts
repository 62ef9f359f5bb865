/**
 * A recipe: named steps on one source. Each step is a job of its own; those that read the same file run as one
 * plan in one pass.
 */
import { z } from 'zod';

/** More steps than anybody reads, and few enough for one pass. */
const MAX_STEPS = 50;
/** What a step is `from` when it does not say. */
export const SOURCE = 'source';

const stepId = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    'must begin with a letter and have only small letters, digits, - and _, 64 at most',
  );

export const recipeStepSchema = z
  .strictObject({
    id: stepId.describe('Name of the step within the recipe.'),
    task: z.string().min(1).max(100).describe('Name of the task; GET /api/tasks lists them.'),
    params: z.record(z.string(), z.unknown()).default({}).describe('Parameters of the task.'),
    output: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Name of the file or folder in the output folder; default the id with the fitting extension.',
      ),
    from: z
      .string()
      .default(SOURCE)
      .describe('`source`, or the id of the step whose output this one reads; default `source`.'),
  })
  .meta({ id: 'RecipeStep' });

export const recipeSchema = z
  .strictObject({
    title: z.string().max(200).optional().describe('One line for lists.'),
    description: z.string().max(2000).optional().describe('What it is for.'),
    steps: z.array(recipeStepSchema).min(1).max(MAX_STEPS),
  })
  .meta({ id: 'Recipe' });

export type RecipeStep = z.output<typeof recipeStepSchema>;
export type Recipe = z.output<typeof recipeSchema>;

/** Names of saved recipes; also their file names. */
export const recipeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must have only small letters, digits, - and _, 64 at most');
