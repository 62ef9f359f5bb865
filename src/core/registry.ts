/** The set of jobs, and the one place where the params of a request are checked. */
import { z } from 'zod';
import { MillError } from './errors.ts';
import { type AnyJob, JOB_GROUPS, type JobGroup, type OutputTarget } from './job.ts';
import { nearest } from './nearest.ts';

export type Params = Record<string, unknown>;

export interface Registry {
  readonly jobs: readonly AnyJob[];
  /** Throws `unknown_task`, naming the nearest one. */
  get(task: string): AnyJob;
  /** Checks params without changing them: defaults are filled in where the job runs. Throws `invalid_params`. */
  check(task: string, params: unknown): Params;
  /** Checked and transformed params, as the job's own code gets them. */
  parse(task: string, params: unknown): Params;
}

export function createRegistry(jobs: readonly AnyJob[]): Registry {
  const byName = new Map(jobs.map((job) => [job.name, job]));

  function get(task: string): AnyJob {
    const job = byName.get(task);
    if (job) return job;
    const close = nearest(task, byName.keys());
    throw new MillError(
      'unknown_task',
      `There is no task "${task}".${close ? ` Did you mean "${close}"?` : ''}`,
      {
        facts: { task, nearest: close },
      },
    );
  }

  function parse(task: string, params: unknown): Params {
    const job = get(task);
    const result = job.params.strict().safeParse(params ?? {});
    if (result.success) return result.data;
    throw invalidParams(job, result.error);
  }

  return {
    jobs,
    get,
    parse,
    check(task, params) {
      parse(task, params);
      return (params ?? {}) as Params;
    },
  };
}

/** One sentence that names every wrong field, what is allowed, and the nearest known key. */
function invalidParams(job: AnyJob, error: z.ZodError): MillError {
  const forbidden = error.issues.find(
    (issue) => issue.code === 'custom' && issue.params?.error === 'forbidden_option',
  );
  if (forbidden?.code === 'custom') {
    return new MillError('forbidden_option', `${forbidden.message}.`, {
      facts: { task: job.name, option: forbidden.params?.option },
    });
  }
  const problems = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(job, issue) : [wrongValue(issue)],
  );
  return new MillError('invalid_params', problems.map((p) => p.message).join(' '), {
    facts: { task: job.name, problems },
  });
}

interface Problem {
  field: string;
  message: string;
  /** The known key that was probably meant. */
  nearest: string | null;
}

function unknownKeys(job: AnyJob, { path, keys }: z.core.$ZodIssueUnrecognizedKeys): Problem[] {
  const known = path.length === 0 ? Object.keys(job.params.shape) : null;
  return keys.map((key) => {
    const field = [...path, key].join('.');
    const close = known && nearest(key, known);
    const hint = close
      ? ` Did you mean "${close}"?`
      : known === null
        ? ''
        : known.length > 0
          ? ` Known are: ${known.join(', ')}.`
          : ' This task takes none.';
    return { field, message: `"${field}" is not a parameter of ${job.name}.${hint}`, nearest: close };
  });
}

function wrongValue(issue: z.core.$ZodIssue): Problem {
  const field = issue.path.join('.') || 'params';
  return { field, message: `"${field}": ${issueMessage(issue)}.`, nearest: null };
}

function issueMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && /received undefined$/.test(issue.message)) return 'is required';
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') return unionMessage(issue);
  if (issue.code === 'invalid_key' && issue.issues[0]) return issueMessage(issue.issues[0]);
  return issue.message.replace(/^Invalid (input|option): /, '').replace(/\.$/, '');
}

/** What is wrong with it as the type it was given as; when that is none of them, which types there are. */
function unionMessage(union: z.core.$ZodIssueInvalidUnion): string {
  const issues = firstIssues(union);
  const meant = issues.filter(({ code, path }) => code !== 'invalid_type' || path.length > 0);
  if (meant.length > 0) {
    const parts = meant.map((issue) => [...issue.path, issueMessage(issue)].join(' '));
    return [...new Set(parts)].join(' or ');
  }
  const types = issues.flatMap((issue) => (issue.code === 'invalid_type' ? [issue.expected] : []));
  const received = /, received .*$/.exec(issues[0]?.message ?? '')?.[0] ?? '';
  return types.length > 0 ? `expected ${[...new Set(types)].join(' or ')}${received}` : union.message;
}

/** The first problem with each of the options, unions among them taken apart. */
function firstIssues(union: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  return union.errors.flatMap(([first]) => {
    if (!first) return [];
    return first.code === 'invalid_union' && first.path.length === 0 ? firstIssues(first) : [first];
  });
}

/** Params that name further input files, as [path of the field, reference]. */
export function inputReferences(job: AnyJob, params: Params): string[] {
  const references: string[] = [];
  mapInputs(job, params, (reference) => {
    references.push(reference);
    return reference;
  });
  return references;
}

/** The same params with every reference to an input file replaced. */
export function mapInputs(job: AnyJob, params: Params, replace: (reference: string) => string): Params {
  return mapValue(job.params, params, replace) as Params;
}

function mapValue(schema: z.core.$ZodType, value: unknown, replace: (reference: string) => string): unknown {
  if (value === undefined || value === null) return value;
  if (typeof value === 'string') return isInputPath(schema) ? replace(value) : value;
  const inner = unwrap(schema);
  if (Array.isArray(value)) {
    return inner instanceof z.ZodArray ? value.map((item) => mapValue(inner.element, item, replace)) : value;
  }
  if (typeof value !== 'object') return value;
  const shapes = inner instanceof z.ZodUnion ? inner.options.map(unwrap) : [inner];
  const shape = shapes.find((option): option is z.ZodObject => option instanceof z.ZodObject)?.shape;
  if (!shape) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      shape[key] ? mapValue(shape[key], item, replace) : item,
    ]),
  );
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

function isInputPath(schema: z.core.$ZodType): boolean {
  if (
    schema instanceof z.ZodType &&
    (schema.meta() as { format?: string } | undefined)?.format === 'input-path'
  )
    return true;
  const inner = unwrap(schema);
  if (inner !== schema) return isInputPath(inner);
  return inner instanceof z.ZodUnion && inner.options.some(isInputPath);
}

/** JSON Schema of a task's params, as people send them; hints of the fields included. */
export function paramsJsonSchema(job: AnyJob): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(job.params.strict(), {
    io: 'input',
    unrepresentable: 'any',
  });
  return schema;
}

export interface TaskDescription {
  name: string;
  title: string;
  description: string;
  params: Record<string, unknown>;
  input: AnyJob['input'];
  output: AnyJob['output'];
  example: AnyJob['example'];
}

/** What `GET /api/tasks` and `mediamill tasks` answer. */
export function describeTasks(registry: Registry): Record<JobGroup, TaskDescription[]> {
  const groups = Object.fromEntries(JOB_GROUPS.map((group) => [group, [] as TaskDescription[]]));
  for (const job of registry.jobs) groups[job.group]?.push(describeTask(job));
  return groups as Record<JobGroup, TaskDescription[]>;
}

export function describeTask(job: AnyJob): TaskDescription {
  const { name, title, description, input, output, example } = job;
  return { name, title, description, params: paramsJsonSchema(job), input, output, example };
}

/** Extension of a path, lower case with its dot; empty when there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot).toLowerCase() : '';
}

/** Checks the name of an output against what the job can write. Throws `unsupported_output`. */
export function outputTarget(job: AnyJob, path: string): OutputTarget {
  const name = path.replace(/\/+$/, '').split('/').pop() ?? '';
  const extension = job.output.kind === 'file' ? extensionOf(path) : '';
  const { extensions } = job.output;
  if (job.output.kind === 'file' && extensions.length > 0 && !extensions.includes(extension)) {
    throw new MillError(
      'unsupported_output',
      `${job.name} cannot write ${extension ? `"${extension}"` : 'a file without an extension'}. Use ${extensions.join(', ')}.`,
      { facts: { extension, allowed: extensions } },
    );
  }
  return { name, extension };
}

/** Extension for an output nobody named. `params` are checked, as people sent them. */
export function defaultExtension(job: AnyJob, input: string | null, params: Params = {}): string {
  const { extensions, prefer, extensionFor } = job.output;
  const given = job.params.strict().safeParse(params);
  const asked = (given.success && extensionFor?.(given.data, input)) || null;
  if (asked !== null) return asked;
  const own = input === null ? '' : extensionOf(input);
  if (prefer === 'input' && extensions.includes(own)) return own;
  return extensions[0] ?? own;
}
