/** The draft of the new job: sources, outputs for each kind of file, and how it runs. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { call } from '../api/client';
import { jobNow, useFileInfo, useTasks } from '../api/queries';
import type { Task } from '../api/types';
import { toast } from '../ui/toast';
import {
  DEFAULT_RUN,
  type Mistakes,
  mistakesOf,
  newOutput,
  type Output,
  type Plan,
  type RunOptions,
  submissionOf,
  suggestions,
  unfit,
} from './draft';
import type { Kind } from './local-facts';
import { ordersOf } from './orders';
import type { RecipeEntry } from './recipes';
import { groupsOf, type Source, sourcesOf } from './sources';
import { useUploads } from './uploads';

type Group = Kind | 'none';

export function useDraft() {
  const { task, from, input, params, output, timeout } = useSearch({ from: '/new' });
  const { data: tasks = [], error: tasksError, refetch } = useTasks();
  const uploads = useUploads();
  const navigate = useNavigate();
  const [stored, setStored] = useState<string | null>(input ?? null);
  const [outputs, setOutputs] = useState<Partial<Record<Group, Output[]>>>({});
  const [run, setRun] = useState<RunOptions>(DEFAULT_RUN);
  const [chosenKind, setKind] = useState<Kind | null>(null);
  const sources = useMemo(() => sourcesOf(uploads, stored), [uploads, stored]);
  const groups = groupsOf(sources);
  const kind: Group = groups.find(([one]) => one === chosenKind)?.[0] ?? groups[0]?.[0] ?? 'none';
  const inGroup = sources.filter((source) => source.kind === kind);
  const first = inGroup[0];
  const { data: info } = useFileInfo(first?.upload?.file_id ?? null, first?.path ?? null);
  const byName = useMemo(() => new Map(tasks.map((one) => [one.name, one])), [tasks]);
  const suggested = useMemo(() => suggestions(tasks, kind, info), [tasks, kind, info]);
  const list = outputs[kind] ?? [];

  // A task in the address, or a job that is to be run again with other params.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each address.
  useEffect(() => {
    if (!task && !from) return;
    const given = safeParse(params);
    if (!from) {
      const target = task as string;
      setOutputs((before) => ({ ...before, [kind]: [newOutput(target, given)] }));
      return;
    }
    let left = false;
    jobNow(from).then(
      (job) => {
        if (left) return;
        const source = sourcesOf([], job.input_path)[0];
        setStored(job.input_path);
        setOutputs((before) => ({
          ...before,
          [source?.kind ?? 'none']: [
            {
              ...newOutput(
                task ?? job.task,
                params !== undefined || (task && task !== job.task) ? given : job.params,
              ),
              saveAs: output ?? '',
            },
          ],
        }));
        if (timeout) setRun((before) => ({ ...before, timeout }));
      },
      (error: Error) => {
        if (!left) toast(`The job to begin with: ${error.message}`, { tone: 'bad' });
      },
    );
    return () => {
      left = true;
    };
  }, [task, from, params]);

  // What was ticked before there was a file is meant for the file.
  useEffect(() => {
    if (kind === 'none') return;
    setOutputs((before) =>
      before.none?.length && !before[kind]?.length ? { ...before, none: [], [kind]: before.none } : before,
    );
  }, [kind]);

  const [recipe, setRecipe] = useState<RecipeEntry | null>(null);
  const setList = (next: Output[]) => setOutputs((before) => ({ ...before, [kind]: next }));
  const toggle = (name: string, given?: Record<string, unknown>) => {
    setRecipe(null);
    setList(
      list.some((one) => one.task === name)
        ? list.filter((one) => one.task !== name)
        : [...list.map((one) => ({ ...one, open: false })), newOutput(name, given)],
    );
  };
  /** Its steps as outputs, where all are made from the source. */
  const editRecipe = async ({ name }: RecipeEntry) => {
    const { recipe: known } = await call('GET /api/recipes/{name}', { path: { name } });
    setRecipe(null);
    setList(known.steps.map(({ task, params: given }) => ({ ...newOutput(task, given), open: false })));
  };

  /** The task with these params besides its own; ticked when it was not. */
  const withParams = (name: string, given: Record<string, unknown>) => {
    setRecipe(null);
    const index = list.findIndex((one) => one.task === name);
    const known = list[index];
    const next = known
      ? { ...known, open: true, params: { ...known.params, ...given } }
      : newOutput(name, given);
    setList(known ? list.with(index, next) : [...list.map((one) => ({ ...one, open: false })), next]);
  };

  const plans = recipe ? [] : plansOf(sources, outputs, byName);
  const submission = (plan: Plan, path: string | null) =>
    submissionOf(plan.output, byName.get(plan.output.task), path, run);
  const orders = ordersOf({
    sources,
    plans,
    recipe,
    byName,
    run,
    submissionOf: submission,
    options: submissionOf(newOutput(''), undefined, null, run),
  });
  const mistakes = new Map<string, Mistakes>(
    (recipe ? [] : Object.values(outputs)).flatMap((all) =>
      (all ?? []).flatMap((one) => {
        const definition = byName.get(one.task);
        return definition ? [[one.key, mistakesOf(one, definition)] as const] : [];
      }),
    ),
  );
  return {
    tasks,
    tasksError,
    refetch,
    byName,
    sources,
    groups,
    kind,
    setKind,
    inGroup,
    info,
    suggested,
    list,
    outputs,
    setList,
    toggle,
    withParams,
    run,
    setRun,
    mistakes,
    plans,
    misfits: misfitsOf(sources, outputs, byName),
    discard: () => void navigate({ to: '/jobs', search: {} }),
    forgetStored: () => setStored(null),
    clear: () => {
      setOutputs({});
      setRecipe(null);
    },
    recipe,
    setRecipe,
    editRecipe,
    orders,
  };
}

/** Each source with each output of its kind; tasks that take no file once. */
function plansOf(
  sources: Source[],
  outputs: Partial<Record<Group, Output[]>>,
  tasks: Map<string, Task>,
): Plan[] {
  if (sources.length === 0) return (outputs.none ?? []).map((output) => ({ source: null, output }));
  const alone = new Set<string>();
  return sources.flatMap((source) =>
    (outputs[source.kind] ?? []).flatMap((output): Plan[] => {
      if (tasks.get(output.task)?.input.kind !== 'none') return [{ source, output }];
      if (alone.has(output.key)) return [];
      alone.add(output.key);
      return [{ source: null, output }];
    }),
  );
}

function misfitsOf(sources: Source[], outputs: Partial<Record<Group, Output[]>>, tasks: Map<string, Task>) {
  return sources.flatMap((source) => {
    for (const { task } of outputs[source.kind] ?? []) {
      const definition = tasks.get(task);
      const reason = definition && unfit(definition, source.kind, undefined);
      if (reason) return [{ source, reason }];
    }
    return [];
  });
}

function safeParse(text: string | undefined): Record<string, unknown> {
  try {
    const value = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
