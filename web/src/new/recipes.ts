/** Recipes: sets of outputs under a name, kept by the server. */
import { useQuery } from '@tanstack/react-query';
import { call, Failed } from '../api/client';
import { queryClient } from '../api/queries';
import type { RecipeEntry, RecipeInput, RecipeRunRequestInput } from '../api/schema.gen';
import { toast } from '../ui/toast';
import type { Output } from './draft';

export type { RecipeEntry, RecipeInput };
export type RunBody = RecipeRunRequestInput;

const KEY = ['recipes'];

/** Those that can be used, the own ones first. */
export function useRecipes(): readonly RecipeEntry[] {
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: async () => (await call('GET /api/recipes')).recipes,
  });
  // One that came with the program and cannot work here is nobody's mistake to mend.
  const usable = (data ?? []).filter(({ shipped, problem }) => !shipped || problem === null);
  return usable.toSorted((a, b) => Number(a.shipped) - Number(b.shipped));
}

export const recipeTitle = ({ title, name }: RecipeEntry) => title ?? name;

/** Each output is a step on the source; a task that is ticked once is its own name. */
export function recipeOf(outputs: readonly Output[]): RecipeInput {
  const ids = new Set<string>();
  const idOf = (task: string) => {
    let id = task;
    for (let number = 2; ids.has(id); number++) id = `${task}-${number}`;
    ids.add(id);
    return id;
  };
  return { steps: outputs.map(({ task, params }) => ({ id: idOf(task), task, params })) };
}

/** "Für die Website" → "fur-die-website" */
export function nameOf(title: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 64) || 'recipe';
}

export async function saveRecipe(title: string, outputs: readonly Output[]): Promise<boolean> {
  const done = await tell(
    call('PUT /api/recipes/{name}', {
      path: { name: nameOf(title) },
      body: { title, ...recipeOf(outputs) },
    }),
  );
  if (done) toast(`Kept as the recipe “${title}”.`);
  return done;
}

export function dropRecipe(name: string): Promise<boolean> {
  return tell(call('DELETE /api/recipes/{name}', { path: { name } }));
}

async function tell(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    await queryClient.invalidateQueries({ queryKey: KEY });
    return true;
  } catch (error) {
    toast(error instanceof Failed ? [error.message, error.next].join(' ') : String(error), { tone: 'bad' });
    return false;
  }
}
