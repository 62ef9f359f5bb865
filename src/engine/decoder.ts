/** One stream's packets into frames. Damage is counted and passed over, as players do. */
import { AV_FRAME_FLAG_CORRUPT, AVERROR_ENOMEM } from 'node-av/constants';
import {
  Codec,
  CodecContext,
  Frame,
  type HardwareDeviceContext,
  type Packet,
  type Stream,
} from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { again, ended, hasTime, must } from './ffmpeg.ts';
import { isRefusedDecoder } from './source.ts';

export interface DecoderOptions {
  threads: number;
  /** AVCodecContext options, such as `skip_loop_filter: 'all'` for analysis only. */
  options?: Record<string, string>;
  /** Decodes there; default in software. Where the device refuses the stream, frames may lie in plain memory. */
  device?: { context: HardwareDeviceContext; codec: Codec };
}

/**
 * Threads of a decoder where decoding is the work: FFmpeg's own choice of one more than there are cores, because one
 * is always being waited for (libavcodec/pthread.c).
 */
export const decodingThreads = (cores: number): number => (cores > 1 ? cores + 1 : 1);

/** Packets of one stream in, frames out. */
export interface Decoder extends Disposable {
  /** Frames that came out. */
  readonly frames: number;
  /** Packets the decoder refused, and frames it marked as damaged. */
  readonly errors: number;
  /**
   * Feeds one packet (null at the end) and hands out each frame that is ready. The frame is reused: whoever
   * keeps it takes a reference.
   */
  decode(packet: Packet | null, visit: (frame: Frame) => void): void;
  /** Frames nobody refers to are left out while on, where the decoder knows how (AVDISCARD_NONREF). */
  skipUnreferenced?(skip: boolean): void;
}

export class StreamDecoder implements Decoder {
  readonly stream: Stream;
  readonly context: CodecContext;
  frames = 0;
  errors = 0;
  readonly #onDevice: boolean;
  #frame = new Frame();
  #skipping = false;
  /** Decoding timestamps of packets that have no others; frames take them in the order they are shown. */
  readonly #order: bigint[] = [];

  constructor(stream: Stream, { threads, options = {}, device }: DecoderOptions) {
    this.stream = stream;
    this.#onDevice = device !== undefined;
    const codec = device?.codec ?? Codec.findDecoder(stream.codecpar.codecId);
    if (!codec || isRefusedDecoder(codec)) {
      throw new MillError(
        'unsupported_media',
        `Stream ${stream.index} has a codec that cannot be decoded here.`,
      );
    }
    this.context = new CodecContext();
    this.context.allocContext3(codec);
    this.#frame.alloc();
    must(this.context.parametersToContext(stream.codecpar), 'read the parameters of the stream');
    this.context.pktTimebase = stream.timeBase;
    this.context.threadCount = threads;
    // FFmpeg's own choice of a pixel format prefers that of the device.
    if (device) this.context.hwDeviceCtx = device.context;
    for (const [name, value] of Object.entries(options))
      must(this.context.setOption(name, value), `set ${name}`);
    must(this.context.open2Sync(codec, null), `open the decoder ${codec.name}`);
  }

  decode(packet: Packet | null, visit: (frame: Frame) => void): void {
    if (packet && !hasTime(packet.pts) && hasTime(packet.dts)) this.#order.push(packet.dts);
    for (;;) {
      const sent = this.context.sendPacketSync(packet);
      if (again(sent)) {
        if (this.#drain(visit) === 0) return;
        continue;
      }
      if (sent < 0 && !ended(sent)) this.#damaged(sent);
      break;
    }
    this.#drain(visit);
  }

  skipUnreferenced(skip: boolean): void {
    if (skip === this.#skipping) return;
    this.#skipping = skip;
    this.context.setOption('skip_frame', skip ? 'noref' : 'default');
  }

  /** Forgets what is in flight, after a seek. */
  flush(): void {
    this.context.flushBuffers();
    this.#order.length = 0;
  }

  #drain(visit: (frame: Frame) => void): number {
    let count = 0;
    for (;;) {
      const received = this.context.receiveFrameSync(this.#frame);
      if (again(received) || ended(received)) return count;
      if (received < 0) {
        this.#damaged(received);
        return count;
      }
      count++;
      const frame = this.#frame;
      if ((frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0 || frame.decodeErrorFlags !== 0) this.errors++;
      if (!hasTime(frame.pts)) frame.pts = this.#nextInOrder(frame);
      this.frames++;
      visit(frame);
      frame.unref();
    }
  }

  /** The earliest timestamp not yet given away, but for those that the decoder's delay shows to be without a frame. */
  #nextInOrder(frame: Frame): bigint {
    const order = this.#order;
    if (hasTime(frame.pktDts)) {
      const later = order.findIndex((dts) => dts > frame.pktDts);
      const due = later < 0 ? order.length : later;
      order.splice(0, Math.max(0, due - (this.context.hasBFrames + 1)));
    }
    return order.shift() ?? frame.bestEffortTimestamp;
  }

  #damaged(code: number): void {
    // A full device is not a full machine.
    if (code === AVERROR_ENOMEM && !this.#onDevice)
      throw new MillError('out_of_memory', 'The decoder ran out of memory.');
    this.errors++;
  }

  [Symbol.dispose](): void {
    this.#frame.free();
    this.context.freeContext();
  }
}
