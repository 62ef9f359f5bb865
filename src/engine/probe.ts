import { MillError } from '../core/errors.ts';
import type { SourceFacts } from '../core/facts.ts';

export async function probe(_path: string, _signal: AbortSignal): Promise<SourceFacts> {
  throw new MillError('internal', 'not yet');
}
