/** `run` and `enqueue` take a task in the same two forms: as one JSON request, or by name with flags. */
import { Argument, type Command } from 'commander';
import { MillError } from '../core/errors.ts';
import type { AnyJob } from '../core/job.ts';
import { nearest } from '../core/nearest.ts';
import { createRegistry, type Registry } from '../core/registry.ts';
import { jobs } from '../jobs/index.gen.ts';
import { addParamFlags, givenParams } from './param-flags.ts';

export interface TaskRequest {
  task: string;
  input_path: string | null;
  output_path: string | null;
  params: Record<string, unknown>;
}

/** As JSON, a request may carry the fields of `POST /api/enqueue` as well. */
export type JsonRequest = TaskRequest & Record<string, unknown>;

export function registry(): Registry {
  return createRegistry(jobs);
}

export interface TaskHandlers {
  /** `read` throws what is wrong with the text. */
  json(read: () => JsonRequest, command: Command): Promise<void>;
  task(request: TaskRequest, command: Command): Promise<void>;
  /** Another way to say what to do, by options alone; without it a task or a request must be given. */
  alone?(command: Command): Promise<void>;
  /** What the paths are, for the help. */
  inputHelp: string;
  outputHelp: string;
  /** Fields that a JSON request may have beside those of {@link TaskRequest}. */
  fields: readonly string[];
}

/** Adds the JSON form to `command` and a subcommand for each task. */
export function addTaskForms(command: Command, handlers: TaskHandlers): void {
  command
    .argument(
      handlers.alone ? '[task|json]' : '<task|json>',
      'name of a task, or a request: {"task": …, "input_path": …, "output_path": …, "params": {}}',
    )
    .usage('[options] TASK INPUT [OUTPUT] [parameters]   or   [options] JSON')
    .commandsGroup('Tasks:')
    .configureHelp({ ...command.configureHelp(), subcommandTerm: (sub) => sub.name() })
    .allowExcessArguments()
    .action((text: string | undefined) => {
      if (text === undefined) return handlers.alone?.(command);
      // Tasks are commands of their own: this word is none, whatever follows it.
      if (!text.trimStart().startsWith('{')) registry().get(text);
      if (command.args.length > 1) wrong(`A JSON request stands alone; what is "${command.args[1]}"?`);
      return handlers.json(() => readRequest(text, handlers.fields), command);
    });
  for (const job of registry().jobs) {
    const sub = command.command(job.name).summary(job.title).description(job.description);
    sub.configureHelp({ ...sub.configureHelp(), showGlobalOptions: true });
    for (const argument of pathArguments(job, handlers)) sub.addArgument(argument);
    addParamFlags(sub, job);
    sub.addHelpText('after', `\nExample:\n  ${exampleCall(job, command.name())}`);
    sub.action((...args: unknown[]) => handlers.task(readPaths(job, args, sub), sub));
  }
}

/** In place of an input that the task can do without. */
export const NO_INPUT = '-';

function pathArguments(job: AnyJob, { inputHelp, outputHelp }: TaskHandlers): Argument[] {
  const { input, output } = job;
  const args: Argument[] = [];
  if (input.kind !== 'none') {
    args.push(new Argument('<input>', input.optional ? `${inputHelp}; ${NO_INPUT} for none` : inputHelp));
  }
  if (output.kind !== 'none') args.push(new Argument('[output]', outputHelp));
  return args;
}

function readPaths(job: AnyJob, args: unknown[], command: Command): TaskRequest {
  const paths = args.slice(0, command.registeredArguments.length) as (string | undefined)[];
  const input = job.input.kind === 'none' ? null : (paths.shift() ?? null);
  return {
    task: job.name,
    input_path: job.input.optional && input === NO_INPUT ? null : input,
    output_path: paths.shift() ?? null,
    params: givenParams(command, job),
  };
}

const STRINGS = ['task', 'input_path', 'output_path'] as const;

/** Throws `invalid_request`, naming the field. */
function readRequest(text: string, fields: readonly string[]): JsonRequest {
  const request = parseRequest(text);
  const known = [...STRINGS, 'params', ...fields];
  for (const key of Object.keys(request)) {
    if (known.includes(key)) continue;
    const close = nearest(key, known);
    wrong(`"${key}" is no field of the request.${close ? ` Did you mean "${close}"?` : ''}`);
  }
  for (const key of STRINGS) {
    const value = request[key] ?? null;
    if (value !== null && typeof value !== 'string') wrong(`"${key}" of the request must be a string.`);
  }
  if (!request.task) wrong('The request must name a "task".');
  const params = request.params ?? {};
  if (typeof params !== 'object' || Array.isArray(params))
    wrong('"params" of the request must be an object.');
  return {
    ...request,
    task: request.task ?? '',
    // An empty path is how the reference says that there is none.
    input_path: request.input_path || null,
    output_path: request.output_path || null,
    params,
  };
}

function parseRequest(text: string): Partial<JsonRequest> {
  try {
    return JSON.parse(text);
  } catch (error) {
    return wrong(`The request is not valid JSON: ${(error as Error).message}.`);
  }
}

function wrong(message: string): never {
  throw new MillError('invalid_request', message);
}

/** How a person would try a task out. */
export function usualVerb(job: AnyJob): 'run' | 'enqueue' {
  return job.queueOnly ? 'enqueue' : 'run';
}

/** The example of a job as a call; `run` works on files of the caller, not on those of a storage. */
export function exampleCall(job: AnyJob, verb: string): string {
  const { input_path: input, output_path: output, params } = job.example;
  const here = (text: string) => (verb === 'run' ? text.replace(/\/data\/(input|output)\//g, '') : text);
  const flags = Object.entries(params as Record<string, unknown>).map(([name, value]) => {
    const flag = `--${name.replaceAll('_', '-')}`;
    if (value === true) return flag;
    if (value === false) return `--no-${flag.slice(2)}`;
    return `${flag} ${shellWord(here(flagText(value)))}`;
  });
  const paths = [input ?? (job.input.optional ? NO_INPUT : undefined), output];
  const words = paths.flatMap((path) => (path === undefined ? [] : [shellWord(here(path))]));
  return ['mediamill', verb, job.name, ...words, ...flags].join(' ');
}

/** Lists of plain words are shorter with commas. */
function flagText(value: unknown): string {
  if (typeof value === 'string') return value;
  const plain =
    Array.isArray(value) && value.every((item) => /^[^,[{]+$/.test(String(item)) && typeof item !== 'object');
  return plain ? value.join(',') : JSON.stringify(value);
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
