/** Entry of a process that prints the options of one encoder as JSON; null for one that this FFmpeg does not have. */
import { MillError } from '../core/errors.ts';
import { encoderOptions } from './encoder-options.ts';

function optionsOf(name: string) {
  try {
    return encoderOptions(name);
  } catch (error) {
    if (error instanceof MillError && error.code === 'encoder_unavailable') return null;
    throw error;
  }
}

process.stdout.write(`${JSON.stringify(optionsOf(process.argv[2] ?? ''))}\n`, () => process.exit(0));
