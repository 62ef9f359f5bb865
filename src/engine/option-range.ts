/** What an encoder's option takes, in words, by the encoder's own table and that of all codecs. */
import {
  AV_OPT_FLAG_ENCODING_PARAM,
  AV_OPT_TYPE_BOOL,
  AV_OPT_TYPE_CONST,
  AV_OPT_TYPE_DOUBLE,
  AV_OPT_TYPE_FLAGS,
  AV_OPT_TYPE_FLOAT,
  AV_OPT_TYPE_INT,
  AV_OPT_TYPE_INT64,
  AV_OPT_TYPE_UINT,
  AV_OPT_TYPE_UINT64,
} from 'node-av/constants';
import type { Codec, CodecContext } from 'node-av/lib';
import { nearest } from '../core/nearest.ts';

const NUMBERS: ReadonlySet<number> = new Set([
  AV_OPT_TYPE_INT,
  AV_OPT_TYPE_INT64,
  AV_OPT_TYPE_UINT,
  AV_OPT_TYPE_UINT64,
  AV_OPT_TYPE_FLOAT,
  AV_OPT_TYPE_DOUBLE,
]);
/** Beyond these a limit is that of the type and not of the option. */
const UNLIMITED = 2 ** 31 - 1;
/** More names than this help nobody. */
const MOST_NAMES = 24;

interface Entry {
  name: string | null;
  type: number;
  min: number;
  max: number;
  unit: string | null;
  flags: number;
}

function tableOf(codec: Codec, context: CodecContext): Entry[] {
  const common = context.listOptions().map(({ name, type, min, max, unit, flags }) => ({
    name,
    type,
    min,
    max,
    unit,
    flags,
  }));
  return [...codec.getOptions(), ...common];
}

/** Such as `a number from 0 to 69`; empty when there is nothing to say. */
export function optionRange(codec: Codec, context: CodecContext, name: string): string {
  const table = tableOf(codec, context);
  const option = table.find((entry) => entry.name === name && entry.type !== AV_OPT_TYPE_CONST);
  if (!option) return '';
  const names = table
    .filter(({ type, unit }) => type === AV_OPT_TYPE_CONST && unit !== null && unit === option.unit)
    .flatMap((entry) => entry.name ?? [])
    .slice(0, MOST_NAMES);
  if (option.type === AV_OPT_TYPE_BOOL) return 'true or false';
  if (option.type === AV_OPT_TYPE_FLAGS) return `one or more of ${names.join(', ')}, joined by "+"`;
  if (!NUMBERS.has(option.type)) return '';
  const number = numberRange(option);
  return names.length > 0 ? `${number}, or one of ${names.join(', ')}` : number;
}

function numberRange({ min, max, type }: Entry): string {
  const kind = type === AV_OPT_TYPE_FLOAT || type === AV_OPT_TYPE_DOUBLE ? 'a number' : 'a whole number';
  if (min <= -UNLIMITED && max >= UNLIMITED) return kind;
  if (max >= UNLIMITED) return `${kind} of at least ${min}`;
  return min <= -UNLIMITED ? `${kind} of at most ${max}` : `${kind} from ${min} to ${max}`;
}

/** The option of this encoder that was probably meant. */
export function nearestOption(codec: Codec, context: CodecContext, name: string): string | null {
  const known = tableOf(codec, context).filter(
    ({ type, flags }) => type !== AV_OPT_TYPE_CONST && (flags & AV_OPT_FLAG_ENCODING_PARAM) !== 0,
  );
  return nearest(
    name,
    known.flatMap((entry) => entry.name ?? []),
  );
}
