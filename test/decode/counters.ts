/** Reads the numbers of a counter video (see `counterVideo`) back. */
import { readCounter } from '../fixtures/media/counter.ts';
import { type QuarterTurns, turnPlane } from '../fixtures/media/picture.ts';
import type { DecodeOptions } from './source.ts';
import { mapFrames } from './video.ts';

export interface CountedFrame {
  /** Null when no number can be read. */
  number: number | null;
  time_s: number;
}

/** Number and time of every frame; `rotation` turns the decoded pictures clockwise first. */
export function countedFrames(
  path: string,
  options: DecodeOptions & { rotation?: QuarterTurns } = {},
): Promise<CountedFrame[]> {
  const { rotation = 0 } = options;
  return mapFrames(
    path,
    (frame) => {
      const { width, height, time_s } = frame;
      const luma = rotation === 0 ? frame.luma() : turnPlane(frame.luma(), width, height, rotation);
      const size = rotation % 180 === 0 ? { width, height } : { width: height, height: width };
      return { number: readCounter({ ...size, luma }), time_s };
    },
    options,
  );
}
