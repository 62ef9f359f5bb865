/** Tasks: recipes, what is chosen, what suits the file with its reason; what cannot work comes last. */
import { type RefObject, useState } from 'react';
import type { FileInfo, Task, TaskHint } from '../api/types';
import { plural } from '../text/numbers';
import { Keys } from '../ui/kbd';
import { shortReason, unfit } from './draft';
import type { Kind } from './local-facts';
import { dropRecipe, type RecipeEntry, recipeTitle, useRecipes } from './recipes';

const GROUPS: [group: string, title: string][] = [
  ['video', 'Video'],
  ['audio', 'Audio'],
  ['binary', 'Files'],
  ['acquisition', 'Get files'],
];

interface Props {
  tasks: readonly Task[];
  suggested: readonly TaskHint[];
  chosen: readonly string[];
  kind: Kind | 'none';
  info: FileInfo | undefined;
  field: RefObject<HTMLInputElement | null>;
  onToggle(task: string, params?: Record<string, unknown>): void;
  /** The recipe that was chosen in place of tasks. */
  recipe: RecipeEntry | null;
  onRecipe(recipe: RecipeEntry | null): void;
}

interface Entry {
  task: Task;
  reason: string;
  params?: Record<string, unknown>;
  off: boolean;
}

export function TaskPicker(props: Props) {
  const { tasks, suggested, chosen, kind, info, field, recipe, onToggle, onRecipe } = props;
  const [text, setText] = useState('');
  const [group, setGroup] = useState<string | null>(null);
  const entries = listed({ tasks, suggested, chosen, kind, info, text, group });
  return (
    <section className="panel" aria-label="What to make">
      <div className="panel-head">
        <h2 className="flex-1">What to make</h2>
        <label className="relative w-[128px] font-normal">
          <span className="unseen">Find a task</span>
          <input
            ref={field}
            type="search"
            className="field min-h-7 py-0.5 pr-7 [&::-webkit-search-cancel-button]:hidden"
            placeholder="Find a task"
            value={text}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') {
                event.preventDefault();
                setText('');
                event.currentTarget.blur();
              }
              const first = entries.find(({ off }) => !off);
              if (event.key === 'Enter' && first) {
                event.preventDefault();
                onToggle(first.task.name, first.params);
                setText('');
              }
            }}
          />
          <span
            className="pointer-events-none absolute top-1/2 right-1.5 -translate-y-1/2 max-tab:hidden"
            aria-hidden="true"
          >
            <Keys keys="t" />
          </span>
        </label>
      </div>
      {text === '' && kind !== 'none' && <Recipes chosen={recipe} onChoose={onRecipe} />}
      <ul className="max-h-[440px] overflow-auto">
        {entries.map(({ task, reason, params, off }) => (
          <li key={task.name} className="border-b border-line">
            <label
              className={`flex gap-3 px-4 py-2.5 ${off ? '' : 'cursor-pointer hover:bg-hover'} ${chosen.includes(task.name) ? 'bg-accent-soft hover:bg-accent-soft' : ''}`}
            >
              <input
                type="checkbox"
                className="check mt-0.5"
                checked={chosen.includes(task.name)}
                aria-disabled={off || undefined}
                onChange={() => {
                  if (!off || chosen.includes(task.name)) onToggle(task.name, params);
                }}
              />
              <span className="min-w-0">
                <span className={`block ${off ? 'text-text-2' : 'font-medium'}`}>{task.title}</span>
                <span className="t12 block text-text-2">{reason}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className="px-4 py-5 text-text-2">No task is called that.</p>}
      <div className="flex flex-wrap gap-1.5 p-3">
        {GROUPS.map(([key, title]) => {
          const count = tasks.filter((task) => task.group === key).length;
          if (count === 0) return null;
          return (
            <button
              key={key}
              type="button"
              aria-pressed={group === key}
              className="btn min-h-7 rounded-4 px-2 font-normal aria-pressed:border-control aria-pressed:bg-inset"
              onClick={() => setGroup(group === key ? null : key)}
            >
              {title} <span className="text-text-3">{count}</span>
            </button>
          );
        })}
      </div>
    </section>
  );
}

/** Own ones first; each is one choice in place of tasks. */
function Recipes({
  chosen,
  onChoose,
}: {
  chosen: RecipeEntry | null;
  onChoose(recipe: RecipeEntry | null): void;
}) {
  const recipes = useRecipes();
  const [all, setAll] = useState(false);
  // Those that come with the program are there for whoever looks for them.
  const shown = all ? recipes : recipes.filter(({ shipped, name }) => !shipped || name === chosen?.name);
  if (recipes.length === 0) return null;
  return (
    <section aria-label="Recipes" className="border-b border-line">
      <ul>
        {shown.map((recipe) => {
          const on = recipe.name === chosen?.name;
          return (
            <li
              key={recipe.name}
              className={`flex items-center gap-2 border-b border-line pr-4 ${on ? 'bg-accent-soft' : ''}`}
            >
              <label className="flex min-w-0 flex-1 cursor-pointer gap-3 py-2 pl-4">
                <input
                  type="checkbox"
                  className="check mt-0.5"
                  checked={on}
                  aria-disabled={recipe.problem !== null || undefined}
                  onChange={() => {
                    if (recipe.problem === null) onChoose(on ? null : recipe);
                  }}
                />
                <span className="min-w-0">
                  <span className="block truncate font-medium">{recipeTitle(recipe)}</span>
                  <span className="t12 block text-text-2">
                    {recipe.problem ?? `Recipe, ${plural(recipe.steps.length, 'output')}`}
                  </span>
                </span>
              </label>
              {!recipe.shipped && (
                <button
                  type="button"
                  className="link t12"
                  aria-label={`Forget ${recipeTitle(recipe)}`}
                  onClick={() => {
                    if (on) onChoose(null);
                    void dropRecipe(recipe.name);
                  }}
                >
                  Forget
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {shown.length < recipes.length && (
        <button type="button" className="link t12 px-4 py-2" onClick={() => setAll(true)}>
          Show {recipes.length - shown.length} {shown.length > 0 ? 'more ' : ''}recipes
        </button>
      )}
    </section>
  );
}

function listed({
  tasks,
  suggested,
  chosen,
  kind,
  info,
  text,
  group,
}: Omit<Props, 'field' | 'onToggle' | 'onRecipe' | 'recipe'> & {
  text: string;
  group: string | null;
}): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const hint = (task: Task) => suggested.find((one) => one.task === task.name);
  const entry = (task: Task): Entry => {
    const misfit = unfit(task, kind, info);
    return {
      task,
      reason: misfit ?? hint(task)?.reason ?? shortReason(task.description),
      params: hint(task)?.params,
      off: misfit !== null,
    };
  };
  const rank = (task: Task) => {
    if (unfit(task, kind, info)) return 1000;
    const place = suggested.findIndex((one) => one.task === task.name);
    return place < 0 ? 500 : place;
  };
  const wanted = tasks.filter((task) => {
    const found = words.every((word) =>
      `${task.name} ${task.title} ${task.description}`.toLowerCase().includes(word),
    );
    if (!found) return false;
    if (words.length > 0) return true;
    return group ? task.group === group : Boolean(hint(task)) || chosen.includes(task.name);
  });
  return wanted.toSorted((a, b) => rank(a) - rank(b)).map(entry);
}
