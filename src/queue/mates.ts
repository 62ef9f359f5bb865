/** The answer of a claim that may have brought more than one job. */
import type { Claim } from './port.ts';

/** The first with the others as its mates; null when there is none. */
export function withMates([first, ...mates]: Claim[]): Claim | null {
  if (first === undefined) return null;
  return mates.length === 0 ? first : { ...first, mates };
}
