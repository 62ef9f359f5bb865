/**
 * MP4 and QuickTime tell how long a track is by the decoding times of its samples (`stts`) and by those only. Where
 * frames are stored in another order than they are shown and their distances vary, the sum is not the length of what
 * is shown. The last sample makes good for the difference: nothing is decoded after it, so its decoding time is free.
 */
import type { Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';

export class SampleTable implements Disposable {
  readonly #write: (packet: Packet) => void;
  #held: Packet | null = null;
  #firstDts: bigint | null = null;
  #firstPts: bigint | null = null;
  #end = 0n;

  constructor(write: (packet: Packet) => void) {
    this.#write = write;
  }

  /** Packets in the order of decoding, all with timestamps and durations; the latest waits for the next. */
  add(packet: Packet): void {
    const { pts, dts, duration } = packet;
    this.#firstDts ??= dts;
    if (this.#firstPts === null || pts < this.#firstPts) this.#firstPts = pts;
    if (pts + duration > this.#end) this.#end = pts + duration;
    const next = packet.clone();
    if (!next) throw new MillError('out_of_memory');
    this.#flush();
    this.#held = next;
  }

  /** Writes the last packet so that the decoding times span as much as the frames are shown. */
  end(): void {
    const last = this.#held;
    if (last && this.#firstDts !== null && this.#firstPts !== null) {
      const delay = this.#firstPts - this.#firstDts;
      const end = this.#end - delay;
      // Not further than what keeps the frame from being shown beyond the end.
      if (last.dts + last.duration < end) {
        if (last.pts - delay > last.dts) last.dts = last.pts - delay;
        last.duration = end - last.dts;
      }
    }
    this.#flush();
  }

  #flush(): void {
    const packet = this.#held;
    this.#held = null;
    if (!packet) return;
    try {
      this.#write(packet);
    } finally {
      packet.free();
    }
  }

  [Symbol.dispose](): void {
    this.#held?.free();
    this.#held = null;
  }
}
