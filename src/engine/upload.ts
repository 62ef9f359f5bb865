/** Pictures from plain memory onto a device, for encoders that take no others. */
import {
  avcodecFindBestPixFmtOfList,
  avGetPixFmtFromName,
  avIsHardwarePixelFormat,
  type Codec,
  type CodecContext,
  Frame,
  HardwareFramesContext,
} from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { type DeviceContexts, deviceInputOf, type PixelFormat } from './device.ts';
import { describe, must } from './ffmpeg.ts';

/** What the hardware of all makers reads: 4:2:0 in two planes, of 8 bits and of 10. */
const EIGHT_BITS = 'nv12';
const TEN_BITS = 'p010le';
/** Codecs whose encoders in hardware have a profile of 10 bits. */
const DEEP = /^(hevc|av1|vp9)_/;

/** Formats that an encoder can be given from plain memory, uploaded where need be; empty when it does not say. */
export function memoryFormats(codec: Codec): PixelFormat[] {
  if (!deviceInputOf(codec))
    return (codec.pixelFormats ?? []).filter((format) => !avIsHardwarePixelFormat(format));
  const names = DEEP.test(codec.name ?? '') ? ([EIGHT_BITS, TEN_BITS] as const) : ([EIGHT_BITS] as const);
  return names.map((name) => avGetPixFmtFromName(name));
}

export function bestFormat(formats: readonly PixelFormat[], wanted: PixelFormat): PixelFormat {
  return formats.includes(wanted) ? wanted : avcodecFindBestPixFmtOfList([...formats], wanted);
}

export class Upload implements Disposable {
  readonly #pool: HardwareFramesContext;
  readonly #there = new Frame();

  constructor(pool: HardwareFramesContext) {
    this.#pool = pool;
    this.#there.alloc();
  }

  /**
   * Null for an encoder that takes pictures from plain memory. Otherwise the context, which says what these are
   * like, is told of the device instead. Throws `encoder_unavailable`.
   */
  static forEncoder(context: CodecContext, codec: Codec, devices: DeviceContexts | undefined): Upload | null {
    const input = deviceInputOf(codec);
    if (!input) return null;
    if (!devices) throw unavailable(codec, 'none is set up here');
    const pool = new HardwareFramesContext();
    try {
      // The pool exists once it is allocated: what is set earlier is lost without a word.
      pool.alloc(devices.open(input.type));
      pool.format = input.pixelFormat;
      pool.swFormat = context.pixelFormat;
      pool.width = context.width;
      pool.height = context.height;
      const code = pool.init();
      if (code < 0) throw unavailable(codec, `it refuses such pictures: ${describe(code)}`);
    } catch (error) {
      pool.free();
      if (error instanceof MillError && error.facts?.encoder === undefined)
        throw unavailable(codec, lowered(error.message));
      throw error;
    }
    context.pixelFormat = input.pixelFormat;
    context.hwFramesCtx = pool;
    return new Upload(pool);
  }

  /** The same picture on the device, until the next one comes. */
  take(frame: Frame): Frame {
    const there = this.#there;
    there.unref();
    must(this.#pool.getBuffer(there, 0), 'get room on the device');
    must(frame.hwframeTransferDataSync(there, 0), 'bring a picture onto the device');
    must(there.copyProps(frame), 'describe a picture on the device');
    return there;
  }

  [Symbol.dispose](): void {
    this.#there.free();
    this.#pool.free();
  }
}

function unavailable(codec: Codec, why: string): MillError {
  return new MillError(
    'encoder_unavailable',
    `The encoder ${codec.name} needs a hardware device, and ${why.replace(/\.$/, '')}.`,
    { facts: { encoder: codec.name } },
  );
}

const lowered = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
