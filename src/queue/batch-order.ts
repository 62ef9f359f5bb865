/** The order in which the jobs of a batch can be stored: what another one names by its `ref` comes first. */
import { MillError } from '../core/errors.ts';
import type { NewJob } from './port.ts';

/**
 * Indexes into `jobs`, parents before children, otherwise in the order given. Throws `invalid_request` for a ref that
 * is there twice, and for jobs that wait for each other in a circle.
 */
export function batchOrder(jobs: readonly NewJob[]): number[] {
  const byRef = new Map<string, number>();
  for (const [index, { ref }] of jobs.entries()) {
    if (ref === undefined) continue;
    if (byRef.has(ref)) throw invalid(`Two jobs of the batch have the ref "${ref}".`, { field: 'ref', ref });
    byRef.set(ref, index);
  }
  if (byRef.size === 0) return [...jobs.keys()];

  const order: number[] = [];
  const state = new Map<number, 'open' | 'done'>();
  for (const start of jobs.keys()) {
    if (state.has(start)) continue;
    // By hand, not by recursion: a batch may be one long chain.
    const path = [{ index: start, left: parentsOf(start) }];
    state.set(start, 'open');
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const parent = top.left.shift();
      if (parent === undefined) {
        state.set(top.index, 'done');
        order.push(top.index);
        path.pop();
      } else if (state.get(parent) === 'open') {
        const from = path.findIndex(({ index }) => index === parent);
        throw circle(path.slice(from).map(({ index }) => jobs[index]?.ref as string));
      } else if (!state.has(parent)) {
        state.set(parent, 'open');
        path.push({ index: parent, left: parentsOf(parent) });
      }
    }
  }
  return order;

  function parentsOf(index: number): number[] {
    return (jobs[index]?.depends_on ?? []).flatMap((name) => byRef.get(name) ?? []);
  }
}

function circle(refs: string[]): MillError {
  const way = [...refs, refs[0]].map((ref) => `"${ref}"`).join(' → ');
  const what =
    refs.length === 1 ? 'A job of the batch waits for itself' : 'Jobs of the batch wait for each other';
  return invalid(`${what}: ${way}.`, { field: 'depends_on', circle: refs });
}

function invalid(detail: string, facts: Record<string, unknown>): MillError {
  return new MillError('invalid_request', detail, { facts });
}
