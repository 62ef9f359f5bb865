/**
 * The child's view of an input whose bytes are elsewhere: asks its parent for blocks of it, each once, and for more at
 * a time the longer a read goes on without a jump.
 */
import type { MediaPlan } from '../core/plan.ts';

/** What a single look costs: the header of most containers fits. */
const BLOCK_BYTES = 128 * 1024;
/** The most that is asked for ahead of a read that goes straight on. */
const MOST_AHEAD_BYTES = 1024 * 1024;

export type AskForBytes = (start: number, end: number) => Promise<void>;

export interface BytesOnDemand {
  /** Bytes from `start` up to, not including, `end`. */
  need(start: number, end: number): Promise<void>;
  /** Everything that has not come yet. */
  all(): Promise<void>;
}

export function bytesOnDemand(size: number, ask: AskForBytes): BytesOnDemand {
  const present = new Uint8Array(Math.ceil(size / BLOCK_BYTES));
  let ahead = 1;
  let next = -1;

  /** Blocks from `first` up to, not including, `end`, in as few questions as there are gaps. */
  async function load(first: number, end: number): Promise<void> {
    for (let block = first; block < end; block++) {
      if (present[block]) continue;
      let after = block + 1;
      while (after < end && !present[after]) after++;
      await ask(block * BLOCK_BYTES, Math.min(after * BLOCK_BYTES, size));
      present.fill(1, block, after);
      block = after;
    }
  }

  return {
    async need(start, end) {
      const first = Math.floor(start / BLOCK_BYTES);
      const last = Math.ceil(Math.min(end, size) / BLOCK_BYTES);
      let missing = first;
      while (missing < last && present[missing]) missing++;
      if (missing >= last) return;
      ahead = missing === next ? Math.min(ahead * 2, MOST_AHEAD_BYTES / BLOCK_BYTES) : 1;
      const until = Math.min(Math.max(last, missing + ahead), present.length);
      next = until;
      await load(missing, until);
    },
    all: () => load(0, present.length),
  };
}

/** May a plan be carried out with a few reads here and there, or does it go over the whole source anyway? */
export function readsHereAndThere({ outputs }: MediaPlan): boolean {
  return outputs.every(
    (output) => output.kind === 'facts' || (output.kind === 'images' && output.choose.kind !== 'spread'),
  );
}
