/** What keeps a draft from being run, in words. */
import type { Failed } from '../api/client';
import { fieldTitle } from './draft';
import type { useDraft } from './use-draft';

type Draft = ReturnType<typeof useDraft>;

export function obstacleOf({
  tasks,
  sources,
  plans,
  list,
  byName,
  misfits,
  recipe,
  run,
}: Draft): string | null {
  if (tasks.length === 0) return 'The tasks are being loaded.';
  if (recipe) {
    if (run.start === 'after') return 'A recipe cannot wait for a job. Choose another start.';
    return sources.length === 0 ? 'Choose a file for this recipe.' : null;
  }
  const needsFile = list.find(({ task }) => {
    const input = byName.get(task)?.input;
    return input && input.kind !== 'none' && !input.optional;
  });
  if (sources.length === 0 && needsFile) return 'Choose a file for this task.';
  if (plans.length === 0) return 'Choose what to make.';
  if (misfits.length > 0 && misfits.length === sources.length) return misfits[0]?.reason ?? null;
  return null;
}

export function wrongFields({ outputs, mistakes, byName }: Draft): { name: string; title: string }[] {
  return Object.values(outputs).flatMap((all) =>
    (all ?? []).flatMap(({ key, task }) =>
      Object.keys(mistakes.get(key) ?? {}).map((name) => ({
        name,
        title: fieldTitle(name, byName.get(task)?.params.properties?.[name]),
      })),
    ),
  );
}

/** What the server found, at the fields it names. */
export function withServer(own: Record<string, { message: string; fix?: unknown }>, trouble: Failed | null) {
  const found = { ...own };
  for (const { field, message } of trouble?.problems ?? []) {
    const parts = field.split('.');
    const name = (parts[0] === 'params' ? parts[1] : parts[0]) ?? field;
    found[name] ??= { message };
  }
  return found;
}

export function titlesByKind({ groups, outputs, byName }: Draft) {
  return Object.fromEntries(
    groups.map(([kind]) => [kind, (outputs[kind] ?? []).map(({ task }) => byName.get(task)?.title ?? task)]),
  );
}
