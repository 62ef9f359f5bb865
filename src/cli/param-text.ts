/** What the parameters of a task are, in words, for `mediamill tasks NAME` and the reference page. */
import type { AnyJob } from '../core/job.ts';
import { choices, type ParamFlag, type ParamSchema, paramsOf } from './param-flags.ts';

export interface ParamText {
  /** Fields of the objects in a list are named as `input_files[].gain_db`. */
  name: string;
  /** `number`, `list of times`, `choice` of the words in `allowed`, … */
  type: string;
  required: boolean;
  /** As it would be written in JSON, text without quotes; null for none, or one that the description explains. */
  default: string | null;
  /** The words or the range that may be given; empty when the type says all. */
  allowed: string;
  unit: string;
  description: string;
  /** Parameters it cannot be given together with. */
  excludes: readonly string[];
  examples: readonly string[];
}

export function describeParams(job: AnyJob): ParamText[] {
  return paramsOf(job).flatMap((param) => [describeParam(param), ...describeItems(param)]);
}

function describeParam({ name, schema, required }: ParamFlag): ParamText {
  const type = typeText(schema);
  const empty = JSON.stringify(schema.default) === '{}';
  return {
    name,
    type,
    required,
    default: schema.default === undefined || empty ? null : plainJson(schema.default),
    allowed: allowedText(schema),
    unit: type === 'time' ? '' : (schema.unit ?? ''),
    description: [schema.title, schema.description].filter(Boolean).join('. '),
    excludes: schema.excludes ?? [],
    examples: (schema.examples ?? []).map(plainJson),
  };
}

/** The fields of the objects that a list may hold. */
function describeItems({ name, schema }: ParamFlag): ParamText[] {
  const object = optionsOf(schema.items ?? {}).find(({ properties }) => properties);
  return Object.entries(object?.properties ?? {}).map(([field, inner]) =>
    describeParam({
      name: `${name}[].${field}`,
      schema: inner,
      required: object?.required?.includes(field) ?? false,
    }),
  );
}

function optionsOf(schema: ParamSchema): ParamSchema[] {
  return schema.anyOf ?? [schema];
}

/** Numbers that may also be written as text, by their units. */
const TEXT_NUMBERS: Record<string, string> = { bytes: 'size', 'bits/s': 'bit rate', seconds: 'time' };

const NOTES: Record<string, string> = {
  size: 'A size is a number of bytes, or text such as "10MB" (10,000,000) or "10MiB" (10,485,760).',
  'bit rate': 'A bit rate is a number of bits per second, or text such as "2M" or "128k".',
  time: 'A time is a number of seconds, or text such as "00:01:02.5" or "50%" of the duration.',
};

/** How values are written of the types that are not plain JSON. */
export function typeNotes(params: readonly ParamText[]): string[] {
  return Object.entries(NOTES).flatMap(([type, note]) =>
    params.some((param) => param.type.includes(type)) ? [note] : [],
  );
}

const TYPES: Record<string, string> = { integer: 'whole number', string: 'text', boolean: 'true or false' };

function typeText(schema: ParamSchema): string {
  if (choices(schema).length > 0) return 'choice';
  if (schema.items) return `list of ${typesOf(schema.items).map(pluralOf).join(' or ')}`;
  return typesOf(schema).join(' or ');
}

function typesOf(schema: ParamSchema): string[] {
  if (schema.format === 'input-path') return ['file'];
  const types = optionsOf(schema).flatMap((option) => {
    if (option.format === 'input-path') return ['file'];
    return [option.type ?? 'any'].flat().map((type) => TYPES[type] ?? type);
  });
  const textNumber = types.length > 1 && types.includes('number') && TEXT_NUMBERS[schema.unit ?? ''];
  return textNumber ? [textNumber] : [...new Set(types)];
}

const pluralOf = (type: string) => (type === 'text' ? 'texts' : `${type}s`);

function allowedText(schema: ParamSchema): string {
  const words = choices(schema);
  if (words.length > 0) return words.join(', ');
  if (schema.minItems !== undefined || schema.maxItems !== undefined) {
    return `${rangeText(schema.minItems, schema.maxItems)} of them`;
  }
  const range = optionsOf(schema).find(({ minimum, maximum }) => minimum ?? maximum);
  const { minimum, maximum, exclusiveMinimum } = schema.anyOf && range ? { ...range, ...schema } : schema;
  if (exclusiveMinimum !== undefined) return `more than ${exclusiveMinimum}, up to ${maximum}`;
  return rangeText(minimum, maximum, schema.unit);
}

function rangeText(low?: number, high?: number, unit = ''): string {
  const text = (value: number) => shortNumber(value, SHORT_UNITS[unit] ?? []);
  // zod writes the whole range of safe integers where a job gives none.
  const from = low !== undefined && low > Number.MIN_SAFE_INTEGER;
  const to = high !== undefined && high < Number.MAX_SAFE_INTEGER;
  if (from && to) return `${text(low)} to ${text(high)}`;
  if (from) return `${text(low)} or more`;
  return to ? `up to ${text(high)}` : '';
}

/** What large numbers of a unit may be written with, the largest first. */
const SHORT_UNITS: Record<string, [suffix: string, factor: number][]> = {
  bytes: [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
  ],
  'bits/s': [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ],
};

function shortNumber(value: number, units: [string, number][]): string {
  const unit = units.find(([, factor]) => value >= factor && value % factor === 0);
  return unit ? `${value / unit[1]}${unit[0]}` : String(value);
}

function plainJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
