/**
 * A tap is what the engine builds for one planned output: it says what it wants of which stream, is handed
 * that in reading order, and makes its result at the end.
 */
import type { Frame, Packet } from 'node-av/lib';
import type { OutputResult } from '../../core/plan.ts';

/** How a tap reads a stream: `packets` as they are in the file, or decoded `frames`. */
export type Appetite = 'packets' | 'frames';

export interface Tap extends Disposable {
  /** By stream index. */
  readonly wants: ReadonlyMap<number, Appetite>;
  /** Both are lent for the call: a tap that keeps one takes a reference of its own. */
  packet?(packet: Packet, stream: number): void;
  frame?(frame: Frame, stream: number): void;
  /**
   * False when the picture of this packet may be left out; by default none may. Asked before each packet of a stream
   * whose frames are wanted; a frame that others are predicted from comes all the same.
   */
  needs?(packet: Packet): boolean;
  /** True when the tap needs nothing further; when all say so the read ends early. */
  readonly satisfied?: boolean;
  /** Everything was read. Throws when the output is not what was planned. */
  finish(): Promise<OutputResult>;
}
