/**
 * Sizes of the fault tests. Small ones run with all other tests; `npm run test:faults -- --full` runs the sizes that
 * docs/reliability.md speaks of.
 */

export const FULL = process.env.TEST_FAULTS === 'full';

export function size(small: number, full: number): number {
  return FULL ? full : small;
}
