import { MillError } from '../core/errors.ts';
import type { Recipes } from '../recipes/port.ts';

/** For a server that was put together without saved ones: recipes that are given inline still run. */
export function noRecipes(): Recipes {
  const refuse = async (name: string) => {
    throw new MillError('recipe_not_found', `There is no recipe "${name}".`, { facts: { name } });
  };
  return {
    list: async () => [],
    get: refuse,
    versions: async () => [],
    put: async () => {
      throw new MillError('storage_unavailable', 'This server has no place for recipes.');
    },
    remove: refuse,
  };
}
