/**
 * Decoding on a device for as long as nothing is wrong. At the first complaint, be it about the stream or of the
 * driver, the same packets are decoded again in software from the last place that is known to be good, and so is all
 * that follows: a device can refuse a stream, stumble in the middle of it or be lost, and no frame is.
 */
import { AV_PKT_FLAG_CORRUPT } from 'node-av/constants';
import { Frame, type Packet } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import type { Decoder } from './decoder.ts';
import { hasTime } from './ffmpeg.ts';
import { KeptPackets } from './kept-packets.ts';

/** A stream on a device. */
export interface DecodingDevice {
  /** For people, such as `nvdec`. */
  readonly name: string;
  /** Throws a MillError when there is no such decoder. */
  open(): Decoder;
  /** Brings a decoded picture into plain memory, with all that is known of it; why not, or null. */
  fetch(from: Frame, to: Frame): string | null;
}

export interface DeviceDecoderOptions {
  device: DecodingDevice;
  software(): Decoder;
  /** Hears why it goes on in software. */
  leaves(why: string): void;
  kept?: KeptPackets;
}

export class DeviceDecoder implements Decoder {
  readonly #device: DecodingDevice;
  readonly #openSoftware: DeviceDecoderOptions['software'];
  readonly #leaves: DeviceDecoderOptions['leaves'];
  readonly #kept: KeptPackets;
  readonly #fetched = new Frame();
  /** Null before the first packet, and once software has taken over. */
  #there: Decoder | null = null;
  #software: Decoder | null = null;
  /** Timestamps of frames that the device gave and software will give again. */
  #again: bigint[] = [];
  /** The first of them has come: what is not among them is new. */
  #met = false;
  /** Complaints about what belongs to the time before the key frame; null until that is met. */
  #passed: number | null = null;
  frames = 0;

  constructor({ device, software, leaves, kept = new KeptPackets() }: DeviceDecoderOptions) {
    this.#device = device;
    this.#openSoftware = software;
    this.#leaves = leaves;
    this.#kept = kept;
    this.#fetched.alloc();
  }

  /** Software alone can tell what is damaged. */
  get errors(): number {
    return this.#software && this.#passed !== null ? this.#software.errors - this.#passed : 0;
  }

  decode(packet: Packet | null, visit: (frame: Frame) => void): void {
    if (this.#software) {
      this.#decodeHere(this.#software, packet, visit);
      return;
    }
    if (packet) this.#kept.add(packet);
    const trouble = this.#obstacle(packet) ?? this.#decodeThere(packet, visit);
    if (trouble !== null) this.#leave(trouble, packet === null, visit);
  }

  /** What a device should not even be asked to do. */
  #obstacle(packet: Packet | null): string | null {
    if (this.#kept.tooMany) return 'its key frames are too far apart';
    if (packet && !hasTime(packet.pts)) return 'it has packets without a timestamp';
    return packet && (packet.flags & AV_PKT_FLAG_CORRUPT) !== 0 ? 'it is damaged' : null;
  }

  /** What went wrong; null when nothing did. Frames that came before that were handed out. */
  #decodeThere(packet: Packet | null, visit: (frame: Frame) => void): string | null {
    let trouble: string | null = null;
    try {
      this.#there ??= this.#device.open();
    } catch (error) {
      if (error instanceof MillError) return error.message.replace(/\.$/, '');
      throw error;
    }
    const there = this.#there;
    there.decode(packet, (frame) => {
      trouble ??= there.errors > 0 ? 'the decoder complained' : this.#device.fetch(frame, this.#fetched);
      if (trouble !== null) return;
      const { pts } = this.#fetched;
      this.frames++;
      visit(this.#fetched);
      this.#fetched.unref();
      this.#kept.handedOut(pts);
    });
    return trouble ?? (there.errors > 0 ? 'the decoder complained' : null);
  }

  /** Goes on in software, from where everything is known to be well. */
  #leave(why: string, ended: boolean, visit: (frame: Frame) => void): void {
    this.#leaves(why);
    this.#there?.[Symbol.dispose]();
    this.#there = null;
    this.#again = [...this.#kept.shown];
    this.#passed = this.#kept.whole ? 0 : null;
    const software = this.#openSoftware();
    this.#software = software;
    for (const packet of this.#kept.packets) this.#decodeHere(software, packet, visit);
    this.#kept[Symbol.dispose]();
    if (ended) this.#decodeHere(software, null, visit);
  }

  #decodeHere(software: Decoder, packet: Packet | null, visit: (frame: Frame) => void): void {
    software.decode(packet, (frame) => {
      if (this.#isKnown(frame.pts)) return;
      this.frames++;
      visit(frame);
    });
    if (packet === null && this.#again.length > 0) throw this.#disagreement();
  }

  /** Whether the device gave it already. */
  #isKnown(pts: bigint): boolean {
    const [due] = this.#again;
    if (due === undefined) return false;
    if (pts === due) {
      this.#met = true;
      this.#passed ??= this.#software?.errors ?? 0;
      this.#again.shift();
      return true;
    }
    // What is shown before the key frame belongs to those before.
    if (!this.#met) return true;
    throw this.#disagreement();
  }

  /** Nobody can tell where to go on. */
  #disagreement(): MillError {
    return new MillError(
      'engine_failed',
      `Decoding on ${this.#device.name} broke off, and in software other frames come out of the same packets: switch hardware decoding off for this input.`,
    );
  }

  [Symbol.dispose](): void {
    this.#there?.[Symbol.dispose]();
    this.#software?.[Symbol.dispose]();
    this.#kept[Symbol.dispose]();
    this.#fetched.free();
  }
}
