/** Which control a property of a JSON Schema gets. Looks at the schema and its hints, never at the task. */
import type { FieldSchema } from '../../api/types';

export type FieldKind =
  | 'boolean'
  | 'segments'
  | 'steps'
  | 'select'
  | 'bytes'
  | 'bitrate'
  | 'time'
  | 'slider'
  | 'number'
  | 'colour'
  | 'file'
  | 'files'
  | 'options'
  | 'list'
  | 'text'
  | 'json';

/** Choices up to this many stand side by side. */
const MOST_SEGMENTS = 4;
/** Ranges wider than this cannot be hit with a slider. */
const SLIDER_STEPS = 400;

export function kindsOf(schema: FieldSchema): Set<string> {
  const options = schema.anyOf ?? schema.oneOf ?? [schema];
  return new Set(
    options
      .flatMap((option) => option.type ?? (option.enum ? 'string' : []))
      .filter((type) => type !== 'null'),
  );
}

export function choicesOf(schema: FieldSchema): unknown[] | null {
  const options = schema.anyOf ?? schema.oneOf ?? [schema];
  if (options.some((option) => !option.enum && option.const === undefined && option.type !== 'null'))
    return null;
  return options.flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
}

export function fieldKind(schema: FieldSchema): FieldKind {
  const kinds = kindsOf(schema);
  if (schema.format === 'input-path') return 'file';
  if (kinds.has('boolean') && kinds.size === 1) return 'boolean';
  const choices = choicesOf(schema);
  if (choices && schema.ordered && choices.length > MOST_SEGMENTS) return 'steps';
  if (choices) return choices.length <= MOST_SEGMENTS && choices.join('').length < 40 ? 'segments' : 'select';
  if (schema.format === 'color' || schema.format === 'colour') return 'colour';
  if (kinds.has('array')) return refersToFiles(itemsOf(schema)) ? 'files' : 'list';
  if (kinds.has('object')) return schema.additionalProperties === undefined ? 'json' : 'options';
  // Those that take only numbers are plain numbers.
  if (kinds.has('string') && schema.unit === 'bytes') return 'bytes';
  if (kinds.has('string') && schema.unit === 'bits/s') return 'bitrate';
  if (kinds.has('string') && schema.unit === 'seconds') return 'time';
  if (kinds.has('string')) return 'text';
  return isSlidable(schema) ? 'slider' : 'number';
}

function isSlidable({ type, minimum, maximum }: FieldSchema): boolean {
  if (minimum === undefined || maximum === undefined) return false;
  return type === 'integer' ? maximum - minimum <= SLIDER_STEPS : maximum - minimum <= SLIDER_STEPS / 4;
}

export function itemsOf(schema: FieldSchema): FieldSchema | undefined {
  return schema.items ?? schema.anyOf?.find((one) => one.items)?.items;
}

function refersToFiles(items: FieldSchema | undefined): boolean {
  return items?.format === 'input-path' || (items?.anyOf ?? []).some(({ format }) => format === 'input-path');
}

/** Further columns of an array of files: gain, delay, pan. */
export function columnsOf(schema: FieldSchema): { path: string | null; columns: [string, FieldSchema][] } {
  const object = itemsOf(schema)?.anyOf?.find(({ properties }) => properties);
  const all = Object.entries(object?.properties ?? {});
  return {
    path: all.find(([, { format }]) => format === 'input-path')?.[0] ?? null,
    columns: all.filter(([, { format }]) => format !== 'input-path'),
  };
}
