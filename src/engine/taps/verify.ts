/** Takes everything of every stream and keeps nothing: what matters is what decoding shows. */
import type { SourceFacts } from '../../core/facts.ts';
import type { OutputResult, StreamVerdict } from '../../core/plan.ts';
import type { StreamReading } from '../pass.ts';
import type { Appetite, Tap } from './tap.ts';

export class VerifyTap implements Tap {
  readonly wants = new Map<number, Appetite>();

  constructor(facts: SourceFacts) {
    for (const stream of facts.streams) {
      const decoded = stream.kind === 'audio' || stream.kind === 'video';
      this.wants.set(stream.index, decoded ? 'frames' : 'packets');
    }
  }

  finish(): Promise<OutputResult> {
    return Promise.reject(new TypeError('A verification is judged from the readings.'));
  }

  [Symbol.dispose](): void {}
}

/** One verdict a stream. */
export function judge(facts: SourceFacts, readings: readonly StreamReading[]): StreamVerdict[] {
  return readings.flatMap((reading) => {
    const stream = facts.streams[reading.stream];
    if (!stream) return [];
    const found = (reading.end_s ?? 0) - (reading.first_s ?? 0);
    const announced = stream.kind === 'video' && stream.attached_picture ? null : stream.duration_s;
    const missing = announced === null ? 0 : Math.max(0, announced - found);
    return [
      {
        index: stream.index,
        kind: stream.kind,
        codec: stream.codec,
        packets: reading.packets,
        frames: reading.frames,
        errors: reading.errors,
        first_error_at_s: reading.first_error_s === null ? null : reading.first_error_s - facts.format.zero_s,
        missing_tail_s: missing > 0.1 ? missing : 0,
        out_of_order: reading.out_of_order,
      },
    ];
  });
}
