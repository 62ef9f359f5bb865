/** What is wrong with a value, in one sentence, and a value that would do. The server has the last word. */
import type { FieldSchema } from '../../api/types';
import { grouped } from '../../text/numbers';
import { parseMediaTime } from '../../text/time';
import { fieldKind, kindsOf } from './field-kind';
import { parseBitRate, parseBytes } from './quantities';

export interface Mistake {
  message: string;
  /** A value to take with one click. */
  fix?: unknown;
}

export function checkField(schema: FieldSchema, value: unknown, required: boolean): Mistake | null {
  if (value === undefined || value === '') return required ? { message: 'This is needed.' } : null;
  switch (fieldKind(schema)) {
    case 'bytes':
      return checkQuantity(value, parseBytes, schema, 'Write a size such as 10 MB.');
    case 'bitrate':
      return checkQuantity(value, parseBitRate, schema, 'Write a bit rate such as 2 Mb/s.');
    case 'time':
      return typeof value === 'string' && parseMediaTime(value, 100) === null
        ? { message: 'Write 00:01:02.5, seconds, or a share such as 50%.' }
        : null;
    case 'slider':
    case 'number':
      return checkNumber(value, schema);
    case 'text':
      return checkText(value, schema);
    case 'json':
    case 'options':
      return typeof value === 'object' ? null : { message: 'This is no valid JSON.' };
    case 'files':
    case 'list':
      return checkCount(value, schema);
    default:
      return null;
  }
}

function checkQuantity(
  value: unknown,
  parse: (text: string) => number | null,
  schema: FieldSchema,
  wrong: string,
): Mistake | null {
  const number = typeof value === 'number' ? value : parse(String(value));
  return number === null ? { message: wrong } : checkRange(number, schema);
}

function checkNumber(value: unknown, schema: FieldSchema): Mistake | null {
  if (typeof value !== 'number' || Number.isNaN(value)) return { message: 'Write a number.' };
  if (schema.type === 'integer' && !Number.isInteger(value)) {
    return { message: 'Write a whole number.', fix: Math.round(value) };
  }
  return checkRange(value, schema);
}

function checkRange(
  value: number,
  { minimum, maximum, exclusiveMinimum, unit = '' }: FieldSchema,
): Mistake | null {
  const low = minimum ?? exclusiveMinimum ?? Number.NEGATIVE_INFINITY;
  const high = maximum ?? Number.POSITIVE_INFINITY;
  const below = exclusiveMinimum === undefined ? value < low : value <= low;
  if (!below && value <= high) return null;
  const show = (limit: number) => (Math.abs(limit) >= 1e6 ? grouped(limit) : String(limit).replace('-', '−'));
  const range = Number.isFinite(high)
    ? `Ask for ${show(low)} to ${grouped(high)}${unit.length < 10 && unit ? ` ${unit}` : ''}.`
    : `Ask for more than ${show(low)}.`;
  const fix = below ? (minimum ?? undefined) : high;
  return { message: range, fix: typeof value === 'number' ? fix : undefined };
}

function checkText(value: unknown, schema: FieldSchema): Mistake | null {
  const text = String(value);
  const patterns = (schema.anyOf ?? [schema])
    .map(({ pattern }) => pattern)
    .filter((one) => one !== undefined);
  if (typeof value === 'number' && (kindsOf(schema).has('number') || kindsOf(schema).has('integer')))
    return null;
  if (patterns.length > 0 && !patterns.some((pattern) => new RegExp(pattern, 'u').test(text))) {
    const [example] = schema.examples ?? [];
    return {
      message: `This is not written as it must be${example === undefined ? '' : `; such as ${String(example)}`}.`,
    };
  }
  if (schema.format === 'uri' && !URL.canParse(text))
    return { message: 'Write a whole address, with https://.' };
  if (schema.maxLength !== undefined && text.length > schema.maxLength)
    return { message: `At most ${grouped(schema.maxLength)} characters.` };
  return null;
}

function checkCount(
  value: unknown,
  { minItems = 0, maxItems = Number.POSITIVE_INFINITY }: FieldSchema,
): Mistake | null {
  if (!Array.isArray(value)) return { message: 'This is no list.' };
  if (value.length < minItems) return { message: `At least ${minItems} are needed.` };
  return value.length > maxItems ? { message: `At most ${grouped(maxItems)}.` } : null;
}
