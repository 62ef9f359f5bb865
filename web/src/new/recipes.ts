/** Sets of outputs that people keep; they live in this browser. */
import { useSyncExternalStore } from 'react';

export interface Recipe {
  name: string;
  outputs: { task: string; params: Record<string, unknown> }[];
}

const KEY = 'mediamill.recipes';
const listeners = new Set<() => void>();
let recipes = read();

function read(): readonly Recipe[] {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored : [];
  } catch {
    return [];
  }
}

function set(next: readonly Recipe[]): void {
  recipes = next;
  localStorage.setItem(KEY, JSON.stringify(next));
  for (const listener of [...listeners]) listener();
}

export function saveRecipe(recipe: Recipe): void {
  set([...recipes.filter(({ name }) => name !== recipe.name), recipe]);
}

export function dropRecipe(name: string): void {
  set(recipes.filter((recipe) => recipe.name !== name));
}

export function useRecipes(): readonly Recipe[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => recipes,
  );
}
