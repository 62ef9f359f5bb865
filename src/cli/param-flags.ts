/** Flags of a task's parameters, from its JSON Schema: `max_bytes` is `--max-bytes`. */
import { type Command, Option } from 'commander';
import type { AnyJob } from '../core/job.ts';
import { paramsJsonSchema } from '../core/registry.ts';

/** The parts of JSON Schema, with the hints of core/fields.ts, that flags and help are made of. */
export interface ParamSchema {
  type?: string | string[];
  anyOf?: ParamSchema[];
  enum?: unknown[];
  const?: unknown;
  items?: ParamSchema;
  properties?: Record<string, ParamSchema>;
  required?: string[];
  title?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  unit?: string;
  group?: string;
  format?: string;
  excludes?: string[];
  examples?: unknown[];
}

export interface ParamFlag {
  name: string;
  schema: ParamSchema;
  required: boolean;
}

export function paramsOf(job: AnyJob): ParamFlag[] {
  const { properties = {}, required = [] } = paramsJsonSchema(job) as ParamSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
  }));
}

/** Adds one flag for each parameter, under the heading of its group. */
export function addParamFlags(command: Command, job: AnyJob): void {
  for (const param of paramsOf(job)) {
    const flag = param.name.replaceAll('_', '-');
    const { schema } = param;
    const kinds = kindsOf(schema);
    const onlySwitch = kinds.has('boolean') && kinds.size === 1;
    const text = helpText(param);
    const heading = `Parameters${schema.group ? `, ${schema.group}` : ''}:`;
    const options = onlySwitch
      ? switches(flag, text, schema.default === true)
      : [
          new Option(`--${flag} <${placeholder(schema)}>`, text).argParser((value: string, before: unknown) =>
            readValue(value, before, schema),
          ),
        ];
    for (const option of options) command.addOption(option.helpGroup(heading));
  }
}

/** Both ways, of which the help shows the one that changes something. */
function switches(flag: string, text: string, on: boolean): Option[] {
  return [new Option(`--${flag}`, text).hideHelp(on), new Option(`--no-${flag}`, text).hideHelp(!on)];
}

/** The parameters that were given, from commander's options. */
export function givenParams(command: Command, job: AnyJob): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { name } of paramsOf(job)) {
    const option = camelCase(name);
    if (command.getOptionValueSource(option) === 'cli') given[name] = command.getOptionValue(option);
  }
  return given;
}

function camelCase(name: string): string {
  return name.replace(/[-_]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** JSON types a value may have; choices count as the type of their words. */
function kindsOf(schema: ParamSchema): Set<string> {
  if (schema.anyOf) return new Set(schema.anyOf.flatMap((option) => [...kindsOf(option)]));
  if (schema.enum) return new Set(schema.enum.map((word) => typeof word));
  if ('const' in schema) return new Set([typeof schema.const]);
  return new Set(schema.type === undefined ? [] : [schema.type].flat());
}

/** Text of a flag as the value its schema wants; what does not fit stays text, and the schema complains. */
function readValue(text: string, before: unknown, schema: ParamSchema): unknown {
  const kinds = kindsOf(schema);
  if (kinds.has('array')) {
    const items = /^\s*\[/.test(text) ? readJson(text) : null;
    const earlier = Array.isArray(before) ? before : [];
    if (Array.isArray(items)) return [...earlier, ...items];
    const item = schema.items ?? schema.anyOf?.find((option) => option.items)?.items ?? {};
    return [...earlier, ...text.split(',').map((part) => readValue(part.trim(), undefined, item))];
  }
  if (kinds.has('object') && /^\s*\{/.test(text)) return readJson(text) ?? text;
  if (kinds.has('string')) return text;
  if (kinds.has('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  if (kinds.has('number') || kinds.has('integer')) return readNumber(text);
  return readJson(text) ?? text;
}

function readNumber(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** More make the line of a flag too long. */
const MAX_SHOWN_WORDS = 6;

/** Words that may be given, `|` between them; else the unit or the type. */
function placeholder(schema: ParamSchema): string {
  const words = choices(schema);
  if (words.length > 0 && words.length <= MAX_SHOWN_WORDS) return words.join('|');
  if (schema.unit) return schema.unit;
  if (schema.format === 'input-path') return 'file';
  const kinds = kindsOf(schema);
  if (kinds.has('array')) return 'a,b,…';
  if (kinds.has('object')) return 'json';
  return kinds.has('number') || kinds.has('integer') ? 'number' : 'text';
}

export function choices(schema: ParamSchema): string[] {
  if (schema.enum) return schema.enum.map(String);
  if ('const' in schema) return [String(schema.const)];
  return schema.anyOf?.every((option) => option.enum || 'const' in option)
    ? schema.anyOf.flatMap(choices)
    : [];
}

/** What it does, then in brackets what may be given. */
export function helpText({ schema, required }: ParamFlag): string {
  const words = choices(schema);
  const facts = [
    required ? 'required' : '',
    rangeText(schema),
    // Fewer of them stand in the place of the value.
    words.length > MAX_SHOWN_WORDS ? `one of ${words.join(', ')}` : '',
    schema.default === undefined ? '' : `default ${shortJson(schema.default)}`,
    schema.examples?.length ? `such as ${schema.examples.map(shortJson).join(', ')}` : '',
  ].filter(Boolean);
  const what = schema.description ?? schema.title ?? '';
  return facts.length > 0 ? `${what} (${facts.join('; ')})`.trim() : what;
}

function rangeText({ minimum, maximum, type, unit }: ParamSchema): string {
  // zod writes the whole range of safe integers where a job gives none.
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low === undefined && high === undefined) return type === 'integer' ? 'a whole number' : '';
  const of = unit ? ` ${unit}` : '';
  if (high === undefined) return `${low} or more${of}`;
  return low === undefined ? `up to ${high}${of}` : `${low} to ${high}${of}`;
}

function shortJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
