/** Decodes a whole source and says what is wrong with it; what is wrong is a verdict and not a failure. */
import type { SourceFacts, StreamFacts } from '../core/facts.ts';
import type { ContainerVerdict, OutputResult, StreamVerdict } from '../core/plan.ts';
import {
  announcedDuration,
  isTimed,
  jumpsIn,
  TOLERANCE_S,
  toleranceOf,
  warnOfJumps,
  wholeLength,
} from './completeness.ts';
import type { PlanContext } from './context.ts';
import type { StreamReading } from './pass.ts';
import { verifyThrough } from './read-through.ts';
import { readExtent } from './structure/extent.ts';
import { findIndex } from './structure/file-index.ts';

export async function verify(context: PlanContext): Promise<OutputResult> {
  const { facts, source } = context;
  const readings = await verifyThrough(context);
  return {
    kind: 'verify',
    streams: readings.flatMap((reading) => judgeStream(facts, reading)),
    ...judgeWhole(facts, readings),
    ...(await readExtent(source, facts)),
    index: await findIndex(source, facts),
    jumps: jumpsIn(readings),
    warnings: warnOfJumps(readings),
  };
}

function judgeStream(facts: SourceFacts, reading: StreamReading): StreamVerdict[] {
  const stream = facts.streams[reading.stream];
  if (!stream) return [];
  const found = (reading.end_s ?? 0) - (reading.first_s ?? 0);
  const announced = isTimed(stream) ? statedDuration(facts, stream) : null;
  const missing = announced === null ? 0 : announced - found;
  return [
    {
      index: stream.index,
      kind: stream.kind,
      codec: stream.codec,
      decoded: reading.decoded,
      packets: reading.packets,
      frames: reading.frames,
      errors: reading.errors,
      first_error_at_s: fromZero(facts, reading.first_error_s),
      found_s: found,
      missing_tail_s: missing > toleranceOf(stream) ? missing : 0,
      holes_s: reading.holes_s,
      first_hole_at_s: fromZero(facts, reading.first_hole_s),
      out_of_order: reading.out_of_order,
    },
  ];
}

/** An MP3 whose first frame counts the others begins after the silence that LAME puts in front; else it is a guess. */
function statedDuration(facts: SourceFacts, stream: StreamFacts): number | null {
  const counted = facts.format.name === 'mp3' && (stream.start_time_s ?? 0) > 0;
  return counted ? stream.duration_s : announcedDuration(facts, stream);
}

function fromZero({ format }: SourceFacts, at: number | null): number | null {
  return at === null ? null : Math.max(0, at - format.zero_s);
}

function judgeWhole(
  facts: SourceFacts,
  readings: readonly StreamReading[],
): Pick<ContainerVerdict, 'found_s' | 'missing_tail_s'> {
  const timed = readings.filter(({ stream }) => isTimed(facts.streams[stream]));
  const found = wholeLength(facts, timed);
  const announced = announcedDuration(facts, null);
  const missing = announced === null || timed.length === 0 ? 0 : announced - found;
  return { found_s: found, missing_tail_s: missing > 2 * TOLERANCE_S ? missing : 0 };
}
