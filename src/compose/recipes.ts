import { fileURLToPath } from 'node:url';
import type { Config } from '../core/config.ts';
import type { Registry } from '../core/registry.ts';
import type { Recipes } from '../recipes/port.ts';

/** From `src/compose/` as well as from `dist/compose/`. */
const SHIPPED = fileURLToPath(new URL('../../recipes/', import.meta.url));

/** Those that come with the program, and those in the folder of the settings. */
export async function composeRecipes({
  config,
  registry,
}: {
  config: Config;
  registry: Registry;
}): Promise<Recipes> {
  const { default: openRecipesFolder } = await import('../recipes/folder.ts');
  return openRecipesFolder({ folder: config.recipes.path, shipped: SHIPPED, registry });
}
