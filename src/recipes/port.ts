/**
 * The recipes port: recipes under names. Those that come with the program, and those that people save.
 *
 * Glossary
 * - *shipped*: comes with the program, cannot be changed; version 0. One that somebody saves under the same name
 *   takes its place, until it is removed.
 * - *version*: 1 for the first that is saved under a name, one more with each save. Earlier ones stay and can be
 *   read, also after the recipe was removed; numbers are never used again.
 */
import type { Recipe } from '../core/recipe/recipe.ts';

export interface SavedRecipe {
  name: string;
  version: number;
  shipped: boolean;
  /** ISO 8601; null for shipped ones. */
  saved_at: string | null;
  recipe: Recipe;
}

/** A recipe in a list; one that cannot be used says why. */
export interface RecipeEntry {
  name: string;
  version: number;
  shipped: boolean;
  saved_at: string | null;
  recipe: Recipe | null;
  problem: string | null;
}

export interface Recipes {
  /** The current ones, by name. */
  list(): Promise<RecipeEntry[]>;
  /** The current one, or that version. Throws `recipe_not_found`, `invalid_recipe`. */
  get(name: string, version?: number): Promise<SavedRecipe>;
  /** Numbers of the versions that can be read, oldest first. */
  versions(name: string): Promise<number[]>;
  /**
   * Durable when it resolves; answers the new version. `expected` is the version that it was made from, 0 for the
   * shipped one or none: `conflict` when another has been saved meanwhile. Throws `invalid_recipe`, also for the name.
   */
  put(name: string, recipe: unknown, expected?: number): Promise<SavedRecipe>;
  /** Throws `recipe_not_found`; `conflict` for a shipped one. */
  remove(name: string): Promise<void>;
}
