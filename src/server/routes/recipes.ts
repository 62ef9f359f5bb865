import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { checkRecipe } from '../../core/recipe/lint.ts';
import { recipeSchema } from '../../core/recipe/recipe.ts';
import type { SavedRecipe } from '../../recipes/port.ts';
import type { App, Context } from '../context.ts';
import { failures } from '../schemas.ts';
import { acceptAnyBody, validatorCompiler } from '../validation.ts';

const about = {
  name: z.string(),
  version: z.number().describe('0 for one that comes with the program.'),
  shipped: z.boolean().describe('It comes with the program.'),
  saved_at: z.string().nullable(),
};

const entrySchema = z
  .object({
    ...about,
    title: z.string().nullable(),
    description: z.string().nullable(),
    steps: z.array(z.object({ id: z.string(), task: z.string(), from: z.string() })),
    problem: z.string().nullable().describe('Why it cannot be used, such as a task that is no more.'),
  })
  .meta({ id: 'RecipeEntry' });

const savedSchema = z
  .object({ ...about, versions: z.array(z.number()).describe('That can be read.'), recipe: recipeSchema })
  .meta({ id: 'SavedRecipe' });

const problems = z
  .array(
    z.object({
      step: z
        .string()
        .nullable()
        .describe('Id of the step, or its number from 1; null for the recipe as a whole.'),
      field: z.string(),
      message: z.string(),
    }),
  )
  .describe('All of them.');

const nameParams = z.object({ name: z.string().max(100) });
const versionNumber = z.coerce.number().int().min(0).optional();

export function recipeRoutes(app: App, { recipes, registry }: Context): void {
  const tags = ['Recipes'];

  app.get(
    '/api/recipes',
    {
      schema: {
        tags,
        summary: 'The recipes',
        description:
          'Those that come with the program and those that were saved, by name. A saved one takes the place of a shipped one of the same name.',
        response: { 200: z.object({ recipes: z.array(entrySchema) }), ...failures },
      },
    },
    async () => {
      const entries = await recipes.list();
      return {
        recipes: entries.map(({ recipe, ...entry }) => ({
          ...entry,
          title: recipe?.title ?? null,
          description: recipe?.description ?? null,
          steps: recipe?.steps.map(({ id, task, from }) => ({ id, task, from })) ?? [],
        })),
      };
    },
  );

  app.get(
    '/api/recipes/:name',
    {
      schema: {
        tags,
        summary: 'One recipe',
        params: nameParams,
        querystring: z.strictObject({
          version: versionNumber.describe('Default the current one. Versions of a removed recipe stay.'),
        }),
        response: { 200: savedSchema, ...failures },
      },
    },
    async ({ params, query }, reply) => {
      const saved = await recipes.get(params.name, query.version);
      reply.header('etag', `"${saved.version}"`);
      return await shown(saved);
    },
  );

  app.put(
    '/api/recipes/:name',
    {
      config: { access: 'admin' },
      validatorCompiler: (route) =>
        route.httpPart === 'body' ? acceptAnyBody() : validatorCompiler(route as never),
      schema: {
        tags,
        summary: 'Save a recipe',
        description:
          'Always a new version; earlier ones stay. With If-Match (the version it was made from, `"0"` for none) a version that somebody else has saved meanwhile is not passed over: 409 `conflict`. With API keys this needs the scope `admin`.',
        params: nameParams,
        body: recipeSchema,
        response: { 200: savedSchema, ...failures },
      },
    },
    async ({ params, body, headers }, reply) => {
      const saved = await recipes.put(params.name, body, expectedVersion(headers['if-match']));
      reply.header('etag', `"${saved.version}"`);
      return await shown(saved);
    },
  );

  app.delete(
    '/api/recipes/:name',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Remove a saved recipe',
        description:
          'Its versions can still be read. A shipped one of the same name is there again. With API keys this needs the scope `admin`.',
        params: nameParams,
        response: { 200: z.object({ removed: z.literal(true), name: z.string() }), ...failures },
      },
    },
    async ({ params }) => {
      await recipes.remove(params.name);
      return { removed: true as const, name: params.name };
    },
  );

  app.post(
    '/api/recipes/lint',
    {
      config: { access: 'read' },
      validatorCompiler: acceptAnyBody,
      schema: {
        tags,
        summary: 'Can this recipe work?',
        description: 'Looks at everything that can be told without a source, and finds all problems at once.',
        body: recipeSchema,
        response: { 200: z.object({ ok: z.boolean(), problems }), ...failures },
      },
    },
    async ({ body }) => {
      try {
        checkRecipe(body, registry);
        return { ok: true, problems: [] };
      } catch (error) {
        if (!(error instanceof MillError) || error.code !== 'invalid_recipe') throw error;
        return { ok: false, problems: (error.facts?.problems ?? []) as z.output<typeof problems> };
      }
    },
  );

  async function shown(saved: SavedRecipe): Promise<z.output<typeof savedSchema>> {
    return { ...saved, versions: await recipes.versions(saved.name) };
  }
}

/** RFC 9110, 13.1.1: `*`, or entity tags; ours are version numbers. */
function expectedVersion(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(header)?.[1];
  if (version !== undefined) return Number(version);
  throw new MillError('invalid_request', 'If-Match must be the ETag of a recipe, such as "3".', {
    facts: { field: 'if-match' },
  });
}
