/** Options of one encoder by FFmpeg's own table, for those who write them. */
import {
  AV_OPT_FLAG_ENCODING_PARAM,
  AV_OPT_TYPE_BOOL,
  AV_OPT_TYPE_CONST,
  AV_OPT_TYPE_FLAGS,
  AV_OPT_TYPE_STRING,
} from 'node-av/constants';
import { CodecContext } from 'node-av/lib';
import { forbiddenOption } from '../core/option-policy.ts';
import { findEncoder } from './encoder.ts';
import { optionRange } from './option-range.ts';

export interface EncoderOption {
  name: string;
  /** FFmpeg's own words; empty where it has none. */
  help: string;
  /** What it takes, in words; empty when anything. */
  takes: string;
  /** Words that it knows. */
  values: string[];
  /** Null when it is left to the encoder. */
  default: string | number | null;
}

/** More of them is a list of the world's languages or the like. */
const MOST_VALUES = 64;

/** Throws `encoder_unavailable`. Those that a job may not set are left out. */
export function encoderOptions(name: string): EncoderOption[] {
  const codec = findEncoder(name);
  const context = new CodecContext();
  context.allocContext3(codec);
  try {
    const table = codec.getOptions();
    return table
      .filter(({ type, flags }) => type !== AV_OPT_TYPE_CONST && (flags & AV_OPT_FLAG_ENCODING_PARAM) !== 0)
      .flatMap((option) => {
        const { name: own } = option;
        if (!own || forbiddenOption({ [own]: 1 })) return [];
        const values =
          option.type === AV_OPT_TYPE_BOOL
            ? ['true', 'false']
            : table
                .filter(
                  ({ type, unit }) => type === AV_OPT_TYPE_CONST && unit !== null && unit === option.unit,
                )
                .flatMap((entry) => entry.name ?? []);
        const set = (option as { default?: unknown }).default;
        const isPlain =
          typeof set === 'number' ? option.type !== AV_OPT_TYPE_FLAGS && Number.isFinite(set) : false;
        return [
          {
            name: own,
            help: option.help ?? '',
            takes: optionRange(codec, context, own),
            values: values.slice(0, MOST_VALUES),
            default:
              isPlain || (option.type === AV_OPT_TYPE_STRING && typeof set === 'string')
                ? (set as string | number)
                : null,
          },
        ];
      });
  } finally {
    context.freeContext();
  }
}
