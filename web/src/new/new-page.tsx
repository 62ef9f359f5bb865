/** From files to jobs. */
import { useNavigate } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { Failed } from '../api/client';
import { useKeys } from '../keys/keys';
import { plural } from '../text/numbers';
import { Keys } from '../ui/kbd';
import { ErrorNotice } from '../ui/notice';
import { chooseFiles } from './choose-files';
import { CommandPanel } from './command-panel';
import { DropCard } from './drop-card';
import { FilesCard } from './files-card';
import { obstacleOf, titlesByKind, withServer, wrongFields } from './obstacles';
import { countOf } from './orders';
import { OutputCard } from './output-card';
import { RecipeCard } from './recipe-card';
import { saveRecipe } from './recipes';
import { RunPanel } from './run-panel';
import { SaveRecipe } from './save-recipe';
import { SourceCard } from './source-card';
import { sayEnqueued, submitOrders } from './submit';
import { TaskPicker } from './task-picker';
import { leaveOut } from './uploads';
import { useDraft } from './use-draft';

export function NewPage() {
  const draft = useDraft();
  const { sources, list, kind, info, run, mistakes, byName, inGroup } = draft;
  const navigate = useNavigate();
  const [strict, setStrict] = useState(false);
  const [trouble, setTrouble] = useState<Failed | null>(null);
  const [busy, setBusy] = useState(false);
  const find = useRef<HTMLInputElement>(null);
  const noteId = useId();
  const wrong = wrongFields(draft);
  const { recipe, orders } = draft;
  const count = countOf(orders, recipe);
  const pending = count.later > 0;
  const obstacle = obstacleOf(draft);
  const [single] = list;
  const first = inGroup[0];
  const duration = info?.duration_s ?? first?.upload?.facts?.duration_s ?? null;

  // What is wrong was wrong with what stood there before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the draft takes the trouble back.
  useEffect(() => setTrouble(null), [list, sources.length]);

  async function runAll(): Promise<void> {
    if (busy) return;
    if (obstacle || wrong.length > 0) {
      setStrict(true);
      const field =
        wrong[0] &&
        document.querySelector<HTMLElement>(
          `[data-field="${CSS.escape(wrong[0].name)}"] :is(input,select,textarea,button)`,
        );
      field?.focus();
      return;
    }
    setBusy(true);
    try {
      const ids = await submitOrders(draft.orders);
      draft.clear();
      draft.forgetStored();
      if (ids.length === 1 && count.later === 0)
        void navigate({ to: '/jobs/$id', params: { id: ids[0] as string } });
      else {
        sayEnqueued(ids, count.later);
        void navigate({ to: '/jobs', search: {} });
      }
    } catch (error) {
      setTrouble(error instanceof Failed ? error : new Failed(0, { detail: String(error) }));
    } finally {
      setBusy(false);
    }
  }

  useKeys('New job', [
    { keys: 't', label: 'Find a task', hint: true, run: () => find.current?.focus() },
    { keys: 'o', label: 'Choose files', run: chooseFiles },
    { keys: 'Mod+Enter', label: 'Run', hint: true, always: true, run: () => void runAll() },
    ...draft.suggested.slice(0, 9).map(({ task, params }, index) => ({
      keys: `Alt+${index + 1}`,
      label: `Toggle ${byName.get(task)?.title ?? task}`,
      always: true,
      run: () => draft.toggle(task, params),
    })),
  ]);

  if (draft.tasksError) {
    return <ErrorNotice error={draft.tasksError} retry={() => void draft.refetch()} />;
  }
  const files = sources.length;
  const oneRead = files === 1 && recipe === null && orders.some((order) => order.runs('').length > 0);
  return (
    <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
      <div className="gutter mx-auto max-w-[1640px] pb-6">
        <div className="flex min-h-14 items-center gap-4 py-2">
          <h1 className="t16 font-semibold">New job</h1>
          <p className="min-w-0 flex-1 truncate text-text-2">
            {files > 0 &&
              `${plural(files, 'file')}, ${plural(recipe?.steps.length ?? list.length, 'output')}${oneRead ? ' from one read' : ''}`}
          </p>
          <button
            type="button"
            className="btn btn-quiet"
            onClick={() => {
              leaveOut(sources.flatMap(({ upload }) => upload?.key ?? []));
              draft.discard();
            }}
          >
            Discard{' '}
            <span className="max-tab:hidden">
              <Keys keys="Escape" />
            </span>
          </button>
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 tab:grid-cols-[minmax(260px,324px)_minmax(0,1fr)] peek:grid-cols-[324px_minmax(0,1fr)_332px]">
          <div className="flex flex-col gap-5">
            {files === 0 && <DropCard />}
            {files === 1 && sources[0] && (
              <SourceCard source={sources[0]} info={info} onFrame={draft.withParams} />
            )}
            {files > 1 && kind !== 'none' && (
              <FilesCard
                sources={sources}
                active={kind}
                choices={titlesByKind(draft)}
                misfits={draft.misfits}
                onChoose={draft.setKind}
              />
            )}
            <TaskPicker
              tasks={draft.tasks}
              suggested={draft.suggested}
              chosen={list.map(({ task }) => task)}
              kind={kind}
              info={info}
              field={find}
              onToggle={draft.toggle}
              recipe={recipe}
              onRecipe={draft.setRecipe}
            />
          </div>
          <div className="flex flex-col gap-3">
            {recipe ? (
              <RecipeCard
                recipe={recipe}
                tasks={byName}
                edit={
                  recipe.steps.every(({ from }) => from === 'source')
                    ? () => void draft.editRecipe(recipe)
                    : null
                }
                clear={() => draft.setRecipe(null)}
              />
            ) : list.length === 0 ? (
              <div className="panel px-6 py-12 text-center text-text-2">
                {files > 0
                  ? 'Tick what to make of it on the left.'
                  : 'Choose a file, or tick a task that needs none.'}
              </div>
            ) : (
              <div className="panel">
                {list.map((output, index) => {
                  const task = byName.get(output.task);
                  return task ? (
                    <OutputCard
                      key={output.key}
                      output={output}
                      task={task}
                      mistakes={withServer(mistakes.get(output.key) ?? {}, trouble)}
                      strict={strict || trouble !== null}
                      duration={duration}
                      sourceBytes={first?.size ?? info?.size_bytes ?? null}
                      onChange={(next) => draft.setList(list.with(index, next))}
                    />
                  ) : (
                    <p key={output.key} className="p-4 text-text-2">
                      This server has no task “{output.task}”.
                    </p>
                  );
                })}
              </div>
            )}
            {list.length > 1 && !recipe && kind !== 'none' && (
              <SaveRecipe save={(name) => saveRecipe(name, list)} />
            )}
          </div>
          <div className="flex flex-col gap-5 tab:max-peek:col-span-2">
            <section className="panel" aria-label="Run">
              <h2 className="panel-head max-tab:hidden">Run</h2>
              <div className="py-2">
                <RunPanel
                  run={run}
                  named={
                    single &&
                    !recipe &&
                    list.length === 1 &&
                    files <= 1 &&
                    byName.get(single.task)?.output.kind !== 'none'
                      ? single
                      : null
                  }
                  extensions={(single && byName.get(single.task)?.output.extensions) ?? []}
                  onChange={draft.setRun}
                  onName={(saveAs) => single && draft.setList([{ ...single, saveAs }])}
                />
              </div>
              <div className="border-t border-line p-4 max-tab:fixed max-tab:inset-x-0 max-tab:bottom-[calc(56px+env(safe-area-inset-bottom))] max-tab:z-20 max-tab:flex max-tab:items-center max-tab:gap-3 max-tab:bg-bg max-tab:px-4 max-tab:py-2">
                <div
                  id={noteId}
                  role="status"
                  className="tab:pb-2 max-tab:max-w-[45%] max-tab:text-[12px] empty:hidden"
                >
                  {trouble ? (
                    <p className="flex gap-2 text-failed">
                      <CircleAlert size={16} className="flex-none" aria-hidden="true" />
                      <span>
                        {trouble.message} {trouble.next}
                      </span>
                    </p>
                  ) : strict && wrong.length > 0 ? (
                    <p className="flex gap-2 text-failed">
                      <CircleAlert size={16} className="flex-none" aria-hidden="true" />
                      <span>
                        Fix {plural(wrong.length, 'option')}:{' '}
                        <code>{wrong.map(({ name }) => name).join(', ')}</code>
                      </span>
                    </p>
                  ) : (
                    obstacle && <p className="text-text-2">{obstacle}</p>
                  )}
                </div>
                <button
                  type="button"
                  className="btn btn-primary w-full"
                  aria-disabled={obstacle !== null || busy || undefined}
                  aria-describedby={noteId}
                  onClick={() => void runAll()}
                >
                  {count.all > 1 ? `Run ${count.all} jobs` : pending ? 'Run' : 'Run job'}
                  {pending ? ' when uploaded' : ''}
                  <span className="max-tab:hidden">
                    <Keys keys="Mod+Enter" />
                  </span>
                </button>
              </div>
            </section>
            {orders.length > 0 && <CommandPanel orders={orders} />}
          </div>
        </div>
        <div className="h-16 tab:hidden" />
      </div>
    </div>
  );
}
