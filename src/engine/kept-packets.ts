/**
 * What a decoder was fed since the last place it can be begun at again: a key frame that was handed out, and with it
 * everything shown before. FFmpeg shares the bytes of packets, so keeping one costs what it holds and no copy.
 */
import { AV_PKT_FLAG_KEY } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';

/** Ten seconds between key frames at 50 megabits a second. */
const MOST_BYTES = 64 * 1024 * 1024;

export class KeptPackets implements Disposable {
  readonly #most: number;
  #packets: Packet[] = [];
  #bytes = 0;
  #shown: bigint[] = [];
  #whole = true;
  /** Key frames that were not handed out yet. */
  readonly #keys = new Map<bigint, Packet>();

  constructor(mostBytes = MOST_BYTES) {
    this.#most = mostBytes;
  }

  /** There are more than may be kept. */
  get tooMany(): boolean {
    return this.#bytes > this.#most;
  }

  /** Nothing was given up yet: they begin where the stream does. */
  get whole(): boolean {
    return this.#whole;
  }

  get packets(): readonly Packet[] {
    return this.#packets;
  }

  /** Timestamps of the frames handed out since the first packet; that of the key frame is the first. */
  get shown(): readonly bigint[] {
    return this.#shown;
  }

  add(packet: Packet): void {
    const kept = packet.clone();
    if (!kept) throw new MillError('out_of_memory', 'There is no memory left for the packets of the source.');
    this.#packets.push(kept);
    this.#bytes += kept.size;
    if ((kept.flags & AV_PKT_FLAG_KEY) !== 0) this.#keys.set(kept.pts, kept);
  }

  /** Frames come in the order they are shown: with a key frame all that is shown before it is done. */
  handedOut(pts: bigint): void {
    this.#shown.push(pts);
    const key = this.#keys.get(pts);
    if (!key) return;
    const past = this.#packets.splice(0, this.#packets.indexOf(key));
    if (past.length > 0) this.#whole = false;
    for (const packet of past) this.#drop(packet);
    this.#keys.delete(pts);
    this.#shown = [pts];
  }

  #drop(packet: Packet): void {
    this.#bytes -= packet.size;
    if (this.#keys.get(packet.pts) === packet) this.#keys.delete(packet.pts);
    packet.free();
  }

  [Symbol.dispose](): void {
    for (const packet of this.#packets) packet.free();
    this.#packets = [];
    this.#keys.clear();
  }
}
