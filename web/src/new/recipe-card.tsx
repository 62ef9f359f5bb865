/** A recipe that was chosen: its steps, and what each is made from. */
import type { Task } from '../api/types';
import { plural } from '../text/numbers';
import { type RecipeEntry, recipeTitle } from './recipes';

interface Props {
  recipe: RecipeEntry;
  tasks: ReadonlyMap<string, Task>;
  /** Makes outputs of its steps, where all are made from the source. */
  edit: (() => void) | null;
  clear(): void;
}

export function RecipeCard({ recipe, tasks, edit, clear }: Props) {
  const { steps, description, version, shipped } = recipe;
  return (
    <section className="panel" aria-label={`Recipe ${recipeTitle(recipe)}`}>
      <div className="panel-head">
        <h2>{recipeTitle(recipe)}</h2>
        <code className="truncate font-normal text-text-2">
          {recipe.name}
          {shipped ? '' : `@${version}`}
        </code>
        <span className="flex-1" />
        {edit && (
          <button type="button" className="link font-normal" onClick={edit}>
            Change its outputs
          </button>
        )}
        <button type="button" className="link font-normal" onClick={clear}>
          Leave out
        </button>
      </div>
      {description && <p className="px-4 pt-3 text-text-2">{description}</p>}
      <ol className="flex flex-col gap-2 p-4" aria-label={plural(steps.length, 'step')}>
        {steps.map(({ id, task, from }) => (
          <li key={id} className="flex items-baseline gap-3">
            <span className="min-w-0 flex-1 truncate">{tasks.get(task)?.title ?? task}</span>
            <code className="truncate text-text-3">{id}</code>
            <span className="t12 w-[120px] flex-none truncate text-text-2">
              {from === 'source' ? 'from the source' : `from ${from}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
