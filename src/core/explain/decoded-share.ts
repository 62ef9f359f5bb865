/** How much of a source a set of plans decodes, before any of it is decoded. */
import type { SourceFacts, StreamFacts } from '../facts.ts';
import type { MediaPlan, PlannedOutput } from '../plan.ts';
import { lengthOf } from '../suggestions/summary.ts';

export interface StreamShare {
  stream: number;
  kind: 'video' | 'audio';
  codec: string | null;
  /** 0…1 of its frames. */
  share: number;
}

/** Every video and audio stream of the source. What several outputs decode is decoded once. */
export function decodedShares(facts: SourceFacts, plans: readonly MediaPlan[]): StreamShare[] {
  const outputs = plans.flatMap((plan) => plan.outputs);
  return facts.streams.flatMap((stream) => {
    const { index, kind, codec } = stream;
    if (kind !== 'video' && kind !== 'audio') return [];
    const shares = outputs.map((output) => shareOf(output, stream, facts));
    // Single pictures are picked one by one; whole streams are gone through together.
    const whole = shares.includes(1);
    const share = whole
      ? 1
      : Math.min(
          1,
          shares.reduce((sum, one) => sum + one, 0),
        );
    return [{ stream: index, kind, codec, share }];
  });
}

function shareOf(output: PlannedOutput, stream: StreamFacts, facts: SourceFacts): number {
  const { index } = stream;
  switch (output.kind) {
    case 'media':
      return output.tracks.some(
        ({ kind, stream: of }) => of === index && (kind === 'video' || kind === 'audio'),
      )
        ? 1
        : 0;
    case 'images': {
      if (output.stream !== index) return 0;
      const { choose } = output;
      const count = 'count' in choose ? choose.count : choose.times_s.length;
      return Math.min(1, count / (framesOf(stream, facts) ?? Number.POSITIVE_INFINITY));
    }
    case 'animation': {
      const length = lengthOf(facts);
      if (output.stream !== index || !length) return output.stream === index ? 1 : 0;
      return Math.max(0, Math.min(1, output.duration_s / length, 1 - output.start_s / length));
    }
    case 'waveform':
    case 'scenes':
      return output.stream === index ? 1 : 0;
    case 'loudness':
      return 'stream' in output.of && output.of.stream === index ? 1 : 0;
    case 'verify':
      return 1;
    case 'mix':
      return stream.kind === 'audio' ? 1 : 0;
    case 'facts':
      return 0;
  }
}

function framesOf(stream: StreamFacts, facts: SourceFacts): number | null {
  if (stream.frame_count) return stream.frame_count;
  if (stream.kind !== 'video') return null;
  if (facts.still_image) return 1;
  const rate = stream.avg_frame_rate.value ?? stream.real_frame_rate.value;
  const length = stream.duration_s ?? lengthOf(facts);
  return rate && length ? Math.max(1, rate * length) : null;
}
