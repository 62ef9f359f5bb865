/** Options of one encoder by FFmpeg's own table, for those who write them. */
import {
  AV_OPT_FLAG_AUDIO_PARAM,
  AV_OPT_FLAG_ENCODING_PARAM,
  AV_OPT_FLAG_VIDEO_PARAM,
  AV_OPT_TYPE_BOOL,
  AV_OPT_TYPE_CONST,
  AV_OPT_TYPE_FLAGS,
} from 'node-av/constants';
import { CodecContext } from 'node-av/lib';
import type { EncoderOption } from '../core/encoder-option.ts';
import { forbiddenOption } from '../core/option-policy.ts';
import { findEncoder } from './encoder.ts';
import { optionRange } from './option-range.ts';

/** More of them is a list of the world's languages or the like. */
const MOST_VALUES = 64;

/** Throws `encoder_unavailable`. The encoder's own come first; those that a job may not set are left out. */
export function encoderOptions(name: string): EncoderOption[] {
  const codec = findEncoder(name);
  const context = new CodecContext();
  context.allocContext3(codec);
  try {
    const table: Row[] = [...codec.getOptions(), ...context.listOptions()];
    const wanted =
      AV_OPT_FLAG_ENCODING_PARAM |
      (codec.pixelFormats === null && codec.sampleFormats !== null
        ? AV_OPT_FLAG_AUDIO_PARAM
        : AV_OPT_FLAG_VIDEO_PARAM);
    const known = new Map<string, EncoderOption>();
    for (const row of table) {
      const { name: own, type, flags } = row;
      if (!own || type === AV_OPT_TYPE_CONST || (flags & wanted) !== wanted) continue;
      if (known.has(own) || forbiddenOption({ [own]: 1 })) continue;
      const takes = optionRange(codec, context, own);
      known.set(own, {
        name: own,
        help: row.help ?? '',
        takes,
        values: wordsOf(row, table),
        default: usual(row),
      });
    }
    return [...known.values()];
  } finally {
    context.freeContext();
  }
}

interface Row {
  name: string | null;
  help?: string | null;
  type: number;
  unit: string | null;
  flags: number;
  default?: unknown;
}

function wordsOf({ type, unit }: Row, table: readonly Row[]): string[] {
  if (type === AV_OPT_TYPE_BOOL) return ['true', 'false'];
  if (unit === null) return [];
  const words = table.filter((row) => row.type === AV_OPT_TYPE_CONST && row.unit === unit);
  return [...new Set(words.flatMap(({ name }) => name ?? []))].slice(0, MOST_VALUES);
}

function usual({ type, default: set }: Row): string | number | null {
  if (type === AV_OPT_TYPE_BOOL || type === AV_OPT_TYPE_FLAGS) return null;
  if (typeof set === 'string') return set;
  // Many encoders say -1 for "as I see fit".
  return typeof set === 'number' && Number.isFinite(set) && set !== -1 ? set : null;
}
