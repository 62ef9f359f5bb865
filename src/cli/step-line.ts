/** What there is to say of a step of a recipe when it has ended. */
import type { Failure } from '../core/errors.ts';
import { note, paint, print } from './output.ts';
import { duration, size } from './wording.ts';

export interface EndedStep {
  id: string;
  /** Null unless it failed. */
  error: Pick<Failure, 'code' | 'detail'> | null;
  canceled?: boolean;
  message: string | null;
  output_path: string | null;
  /** Null where it is not known. */
  output_size_bytes: number | null;
  seconds: number | null;
  warnings?: readonly string[];
}

export function printStep(step: EndedStep): void {
  const { id, error } = step;
  if (error) note(`${paint('red', '✗', process.stderr)} ${id}  ${error.detail} (${error.code})`);
  else if (step.canceled) note(`${paint('dim', '–', process.stderr)} ${id}  canceled`);
  else printMade(step);
}

function printMade(step: EndedStep): void {
  const { id, message, output_path: path, output_size_bytes: bytes, seconds } = step;
  print(`${paint('green', '✓')} ${id}  ${message ?? ''}`);
  if (path) {
    const facts = [
      path,
      ...(bytes === null ? [] : [size(bytes)]),
      ...(seconds === null ? [] : [`in ${duration(seconds)}`]),
    ];
    print(paint('dim', `  ${facts.join('  ')}`));
  }
  for (const warning of step.warnings ?? [])
    note(`  ${paint('yellow', 'warning:', process.stderr)} ${warning}`);
}
