/** Which plans on one source are served by one read; the engine does the others beside it, each in its own. */
import type { MediaPlan, PlannedOutput } from '../plan.ts';

/** By plan: does it take part in the read that goes through whole streams? */
export function takesPart(plans: readonly MediaPlan[]): boolean[] {
  const decoded = new Set(plans.flatMap(({ outputs }) => outputs.flatMap(picturesDecoded)));
  return plans.map(({ outputs }) => outputs.some((output) => isServed(output, decoded)));
}

function isServed(output: PlannedOutput, decoded: ReadonlySet<number>): boolean {
  switch (output.kind) {
    case 'media':
    case 'animation':
    case 'waveform':
    case 'scenes':
      return true;
    case 'loudness':
      return 'stream' in output.of;
    case 'images':
      // Where all pictures are decoded anyway, they ride along; else each is sought.
      return decoded.has(output.stream);
    default:
      return false;
  }
}

function picturesDecoded(output: PlannedOutput): number[] {
  if (output.kind === 'media') {
    return output.tracks.flatMap(({ kind, stream }) => (kind === 'video' ? [stream] : []));
  }
  return output.kind === 'scenes' ? [output.stream] : [];
}
