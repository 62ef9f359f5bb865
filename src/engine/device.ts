/** Devices as FFmpeg has them: each is opened once, by whoever needs it first, for decoding and encoding alike. */
import { AV_CODEC_HW_CONFIG_METHOD_HW_FRAMES_CTX, type AVHWDeviceType } from 'node-av/constants';
import { avIsHardwarePixelFormat, type Codec, type CodecContext, HardwareDeviceContext } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { describe } from './ffmpeg.ts';

export type PixelFormat = CodecContext['pixelFormat'];

/** Disposed of with the read that it serves; what still refers to a device keeps it alive for itself. */
export class DeviceContexts implements Disposable {
  readonly #known = new Map<AVHWDeviceType, HardwareDeviceContext | MillError>();

  /** Throws `encoder_unavailable` with FFmpeg's reason; again for whoever asks again, without another try. */
  open(type: AVHWDeviceType): HardwareDeviceContext {
    const known = this.#known.get(type) ?? tryToOpen(type);
    this.#known.set(type, known);
    if (known instanceof MillError) throw known;
    return known;
  }

  [Symbol.dispose](): void {
    for (const device of this.#known.values()) if (!(device instanceof MillError)) device.free();
    this.#known.clear();
  }
}

function tryToOpen(type: AVHWDeviceType): HardwareDeviceContext | MillError {
  const device = new HardwareDeviceContext();
  const code = device.create(type, null, null);
  if (code >= 0) return device;
  const name = HardwareDeviceContext.getTypeName(type);
  return new MillError('encoder_unavailable', `No ${name} device could be opened: ${describe(code)}.`);
}

/** What an encoder takes that takes only pictures which lie on its device already. */
export interface DeviceInput {
  type: AVHWDeviceType;
  /** Of pictures on the device. */
  pixelFormat: PixelFormat;
}

/** Null for an encoder that takes pictures from plain memory, if only among others. */
export function deviceInputOf(codec: Codec): DeviceInput | null {
  const formats = codec.pixelFormats ?? [];
  if (formats.length === 0 || !formats.every((format) => avIsHardwarePixelFormat(format))) return null;
  for (let index = 0; ; index++) {
    const config = codec.getHwConfig(index);
    if (!config) return null;
    if ((config.methods & AV_CODEC_HW_CONFIG_METHOD_HW_FRAMES_CTX) === 0) continue;
    return { type: config.deviceType, pixelFormat: config.pixFmt };
  }
}
