/** What a checker is, and the little language that checks are written in. */
import { basename } from 'node:path';
import type { Caller } from './caller.ts';
import type { Entry } from './manifest.ts';

export interface CheckContext {
  entry: Entry;
  /** All files of the manifest, for checks that need two. */
  entries: Entry[];
  /** Runs a job on the entry's file (or on another input) and gives its report; a failed job fails the check. */
  run(task: string, params?: Record<string, unknown>, extension?: string): Promise<Success>;
  caller: Caller;
  /** Records what was found. A problem fails the check. */
  equal(what: string, found: unknown, wanted: unknown): void;
  near(what: string, found: unknown, wanted: number, tolerance: number): void;
  problem(text: string): void;
  /** A word on what was found, for the table. */
  note(text: string): void;
}

export interface Success {
  data: Record<string, unknown>;
  /** The file or folder that the job wrote. */
  output: string;
  warnings: string[];
}

export interface Checker {
  /** Shown in the table. */
  name: string;
  /** The job that is checked; where it does not exist, the check is left out. */
  task: string;
  /** The kind of truth in the manifest that it checks, if it is one. */
  truth?: string;
  /** A parameter that the job must have for this check. */
  parameter?: string;
  /** Expensive: only with `--full`. */
  full?: boolean;
  applies(entry: Entry): boolean;
  run(context: CheckContext): Promise<void>;
}

export interface Row {
  file: string;
  task: string;
  check: string;
  outcome: 'passed' | 'failed' | 'left out';
  detail: string;
}

/** A truth of the manifest, checked by one job. */
export function truthChecker<T>(
  kind: string,
  task: string,
  run: (context: CheckContext, truth: T) => Promise<void>,
  more: Partial<Checker> = {},
): Checker {
  return {
    name: kind,
    truth: kind,
    task,
    applies: ({ truth }) => kind in truth,
    run: (context) => run(context, context.entry.truth[kind] as T),
    ...more,
  };
}

class JobFailed extends Error {}

/** Runs one checker on one file. Never throws. */
export async function runCheck(
  checker: Checker,
  entry: Entry,
  entries: Entry[],
  caller: Caller,
): Promise<Row> {
  const row = { file: entry.file, task: checker.task, check: checker.name };
  if (!caller.knows(checker.task)) return { ...row, outcome: 'left out', detail: 'no such task' };
  if (checker.parameter && !caller.knows(checker.task, checker.parameter))
    return { ...row, outcome: 'left out', detail: `no such parameter: ${checker.parameter}` };
  const problems: string[] = [];
  const notes: string[] = [];
  const context: CheckContext = {
    entry,
    entries,
    caller,
    async run(task, params, extension) {
      const result = await caller.call(task, entry.path, params, extension);
      if (!result.ok) throw new JobFailed(`${task}: ${result.failure.code}: ${result.failure.detail}`);
      return result;
    },
    equal(what, found, wanted) {
      const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
      if (a !== b) problems.push(`${what} is ${a}, not ${b}`);
    },
    near(what, found, wanted, tolerance) {
      const close = typeof found === 'number' && Math.abs(found - wanted) <= tolerance;
      if (!close) problems.push(`${what} is ${JSON.stringify(found)}, not ${wanted} ± ${tolerance}`);
    },
    problem: (text) => problems.push(text),
    note: (text) => notes.push(text),
  };
  try {
    await checker.run(context);
  } catch (error) {
    problems.push(error instanceof JobFailed ? error.message : describeError(error));
  }
  const outcome = problems.length === 0 ? 'passed' : 'failed';
  return { ...row, outcome, detail: (problems.length > 0 ? problems : notes).join('; ') };
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error.stack?.split('\n').find((line) => line.includes('/test/'));
  return `${error.message}${place ? ` (${basename(place.trim())}` : ''}`;
}
