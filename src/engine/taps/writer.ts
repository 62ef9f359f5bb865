/** What makes one track of a media file out of packets or frames of a stream. */
import type { Frame, Packet } from 'node-av/lib';
import type { MuxTrack } from '../muxer.ts';

export interface TrackWriter extends Disposable {
  readonly track: MuxTrack;
  /** Encoder name, `copy`, or the format that text was rewritten in. */
  readonly codec: string;
  /** Frames that were encoded. */
  readonly frames: number;
  readonly warnings: readonly string[];
  /** Lent for the call, as are frames. */
  packet?(packet: Packet): void;
  frame?(frame: Frame): void;
  /** Everything was read. */
  end?(): void;
}
