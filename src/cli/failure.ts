/** Failures on the command line: a sentence on stderr, what to do about it, and the exit code. */
import { type ErrorCode, type Failure, toMillError } from '../core/errors.ts';
import { note, paint } from './output.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Codes that mean that the call was wrong, and that nothing was tried. */
const USAGE: readonly ErrorCode[] = [
  'invalid_request',
  'invalid_params',
  'invalid_config',
  'unknown_task',
  'invalid_recipe',
  'forbidden_option',
  'input_required',
];

export function exitCodeOf(code: ErrorCode): number {
  return USAGE.includes(code) ? EXIT_USAGE : EXIT_FAILED;
}

/** Prints the failure; answers its exit code. */
export function reportFailure(error: unknown): number {
  const failure = toMillError(error).toFailure();
  printFailure(failure);
  if (failure.code === 'internal' && error instanceof Error)
    note(paint('dim', `${error.stack}`, process.stderr));
  return exitCodeOf(failure.code);
}

/** Details of these already end in what to write instead. */
const SELF_EXPLAINING: readonly ErrorCode[] = ['invalid_request', 'invalid_params', 'invalid_config'];

/** `facts.next` is a better way out than that of the table, where whoever threw knows one. */
export function printFailure({ code, detail, next, facts }: Failure): void {
  note(
    `${paint('red', 'mediamill:', process.stderr)} ${detail} ${paint('dim', `(${code})`, process.stderr)}`,
  );
  if (!SELF_EXPLAINING.includes(code)) note(String(facts?.next ?? next));
}
