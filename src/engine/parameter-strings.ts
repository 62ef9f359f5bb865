/**
 * Options such as `x265-params` are strings of keys for the library behind an encoder. FFmpeg only mumbles when the
 * library does not know a key or refuses its value: the encoder is opened once for a listener before the work begins.
 */
import { avGetPixFmtFromName, Rational } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { PARAMETER_STRINGS } from '../core/option-policy.ts';
import type { CodecOptions, VideoTrack } from '../core/plan.ts';
import { openEncoder } from './encoder.ts';
import { takeLog } from './ffmpeg.ts';

const COMPLAINT = /^(?:Unknown option|Invalid value for|Error parsing option)\b/i;
/** Small, and large enough for every library. */
const TRIAL_SIZE = 128;

/** Throws `invalid_params` with the library's own words. */
export async function checkParameterStrings(track: VideoTrack): Promise<void> {
  for (const { encoder, options } of [track, ...(track.fallback ?? [])]) {
    const strings = Object.keys(options).filter((name) => PARAMETER_STRINGS.has(name));
    if (strings.length === 0) continue;
    await takeLog();
    tryOpening(encoder, quietly(options));
    const complaint = (await takeLog())
      .map(({ text }) => text.replace(/^\[[^\]]*\]\s*/, ''))
      .find((text) => COMPLAINT.test(text));
    if (complaint === undefined) continue;
    throw new MillError('invalid_params', `"options.${strings[0]}": ${encoder} says: ${complaint}.`, {
      facts: { problems: [{ field: `options.${strings[0]}`, message: complaint }] },
    });
  }
}

/** FFmpeg complains all the same; x265 would tell the job's log of an encoder that nobody uses. */
function quietly(options: CodecOptions): CodecOptions {
  const given = options['x265-params'];
  return given === undefined ? options : { ...options, 'x265-params': `log-level=none:${given}` };
}

/** When it does not open, the real opening will tell why, with the real picture. */
function tryOpening(name: string, options: CodecOptions): void {
  try {
    using _ = openEncoder({
      name,
      options,
      globalHeader: true,
      configure(context, codec) {
        context.width = TRIAL_SIZE;
        context.height = TRIAL_SIZE;
        context.pixelFormat = codec.pixelFormats?.[0] ?? avGetPixFmtFromName('yuv420p');
        context.timeBase = new Rational(1, 25);
        context.framerate = new Rational(25, 1);
        context.threadCount = 1;
      },
    });
  } catch (error) {
    if (!(error instanceof MillError)) throw error;
  }
}
