/** Recipes that are named on the command line: saved ones by name, others as files in TOML or JSON. */
import { readFileSync } from 'node:fs';
import type { Recipes } from '../compose.ts';
import { MillError } from '../core/errors.ts';
import { checkRecipe } from '../core/recipe/lint.ts';
import type { Recipe } from '../core/recipe/recipe.ts';
import { recipeReference } from '../core/recipe/reference.ts';
import { recipeFromToml } from '../core/recipe/toml.ts';
import { registry } from './task-commands.ts';

export interface NamedRecipe {
  /** What it is called in what is printed. */
  label: string;
  recipe: Recipe;
}

/** Throws `recipe_not_found`, `invalid_recipe`, `invalid_request`. */
export async function namedRecipe(recipes: Recipes, word: string): Promise<NamedRecipe> {
  const file = recipeOfFile(word);
  if (file) return { label: word, recipe: file };
  const { name, version } = recipeReference(word);
  const saved = await recipes.get(name, version);
  return { label: version === undefined ? saved.name : word, recipe: saved.recipe };
}

/** Checked; null for a word that is a name. Throws `invalid_recipe`, `invalid_request`. */
export function recipeOfFile(word: string): Recipe | null {
  return isFile(word) ? checkRecipe(readRecipeFile(word), registry()) : null;
}

/** What the file says, unchecked. Throws `invalid_request`, `invalid_recipe`. */
export function readRecipeFile(path: string): unknown {
  const text = readText(path);
  if (!/\.json$/i.test(path)) return recipeFromToml(text, path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `not valid JSON: ${(error as Error).message}`;
    throw new MillError('invalid_recipe', `${path}: ${message}.`, {
      facts: { problems: [{ step: null, field: 'recipe', message }] },
      cause: error,
    });
  }
}

/** Names have neither dots nor slashes. */
function isFile(word: string): boolean {
  return /[/\\]|\.(toml|json)$/i.test(word);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new MillError('invalid_request', `The recipe "${path}" ${why}.`, { cause: error });
  }
}
