/** What is going to be made: tasks and their params, for each kind of file. */
import type { FieldSchema, FileInfo, Task, TaskHint } from '../api/types';
import type { Submission } from '../jobs/command-text';
import { titleOf } from '../text/names';
import { checkField, type Mistake } from './fields/check';
import type { Kind } from './local-facts';
import type { Source } from './sources';

export interface Output {
  key: string;
  task: string;
  /** Only what differs from the defaults. */
  params: Record<string, unknown>;
  saveAs: string;
  open: boolean;
}

/** An output of a source; of none for a task that takes no file. */
export interface Plan {
  source: Source | null;
  output: Output;
}

export interface RunOptions {
  start: 'now' | 'later' | 'after';
  /** Local time of a datetime field. */
  at: string;
  after: string;
  attempts: number | null;
  priority: number | null;
  timeout: number | null;
}

export const DEFAULT_RUN: RunOptions = {
  start: 'now',
  at: '',
  after: '',
  attempts: null,
  priority: null,
  timeout: null,
};

let count = 0;

export function newOutput(task: string, params: Record<string, unknown> = {}): Output {
  return { key: `output-${++count}`, task, params, saveAs: '', open: true };
}

export type Mistakes = Record<string, Mistake>;

/** Wrong and missing fields of an output, by name. */
export function mistakesOf({ params }: Output, task: Task): Mistakes {
  const found: Mistakes = {};
  const properties = task.params.properties ?? {};
  for (const [name, schema] of Object.entries(properties)) {
    if (offBy(name, properties, params)) continue;
    const mistake = checkField(schema, params[name], task.params.required?.includes(name) ?? false);
    if (mistake) found[name] = mistake;
  }
  return found;
}

/** The field that is set and makes this one meaningless. */
export function offBy(
  name: string,
  properties: Record<string, FieldSchema>,
  params: Record<string, unknown>,
): string | null {
  if (params[name] !== undefined) return null;
  const excluders = Object.keys(properties).filter((other) => properties[other]?.excludes?.includes(name));
  return excluders.find((other) => params[other] !== undefined) ?? null;
}

export const fieldTitle = (name: string, schema: FieldSchema | undefined) => schema?.title ?? titleOf(name);

/** Can the task take such a file? The reason when it cannot. */
export function unfit(task: Task, kind: Kind | 'none', info: FileInfo | undefined): string | null {
  const said = info?.unsuitable?.find((hint) => hint.task === task.name);
  if (said) return said.reason;
  if (kind === 'none') return task.input.kind === 'none' || task.input.optional ? null : 'Needs a file.';
  if (task.input.kind === 'none') return null;
  if (task.input.kind !== 'media') return null;
  if (kind === 'other') return 'This file is neither video nor sound.';
  if (task.input.needs === 'video' && kind === 'audio') return 'This file has only sound.';
  if (task.input.needs === 'video' && kind === 'image') return 'This file is a still picture.';
  if (task.input.needs === 'audio' && kind === 'image') return 'This file has no sound.';
  return null;
}

/** Before the server has looked into the file: tasks of its own kind that need nothing else. */
const LIKELY = 5;

export function suggestions(
  tasks: readonly Task[],
  kind: Kind | 'none',
  info: FileInfo | undefined,
): TaskHint[] {
  if (info && info.suggestions.length > 0) return info.suggestions;
  const fits = (task: Task) => unfit(task, kind, info) === null && (task.params.required ?? []).length === 0;
  const own = (task: Task) => {
    if (kind === 'none') return task.input.kind === 'none';
    if (kind === 'video') return task.group === 'video';
    if (kind === 'audio') return task.group === 'audio';
    return task.input.kind !== 'none' && task.input.kind !== 'media';
  };
  const list =
    kind === 'none'
      ? tasks.filter((task) => unfit(task, kind, info) === null)
      : tasks.filter((task) => own(task) && fits(task));
  return list
    .slice(0, LIKELY)
    .map(({ name, title, description }) => ({ task: name, title, reason: shortReason(description) }));
}

export function shortReason(description: string): string {
  const sentence = /^[^.]*/.exec(description)?.[0] ?? description;
  return sentence.length > 70 ? `${sentence.slice(0, 68)}…` : sentence;
}

export function submissionOf(
  output: Output,
  task: Task | undefined,
  input: string | null,
  run: RunOptions,
): Submission {
  const takesInput = task?.input.kind !== 'none';
  return {
    task: output.task,
    ...(takesInput && input ? { input_path: input } : {}),
    ...(output.saveAs
      ? {
          output_path: /^\/?(data\/)?output\//.test(output.saveAs)
            ? output.saveAs
            : `output/${output.saveAs}`,
        }
      : {}),
    params: output.params,
    ...(run.start === 'later' && run.at ? { delay_ms: Math.max(0, Date.parse(run.at) - Date.now()) } : {}),
    ...(run.start === 'after' && run.after ? { depends_on: [run.after] } : {}),
    ...(run.attempts === null ? {} : { attempts: run.attempts }),
    ...(run.priority === null ? {} : { priority: run.priority }),
    ...(run.timeout === null ? {} : { timeout_seconds: run.timeout }),
  };
}
