/** Which codecs the devices of this machine decode: found by decoding on them what the test encodes made. */
import type { AVHWDeviceType } from 'node-av/constants';
import { CodecContext, Frame, type HardwareDeviceContext, type Packet } from 'node-av/lib';
import { DEVICE_KINDS, decoderName } from '../core/devices.ts';
import { MillError } from '../core/errors.ts';
import type { Devices } from './device.ts';
import { DECODER_INTERFACES, fetchPicture, ownDecoder } from './device-decoding.ts';
import { describe } from './ffmpeg.ts';

export interface DecoderReport {
  /** Such as `nvdec`. */
  name: string;
  /** Codecs that it decodes. */
  codecs: string[];
  /** Why there are none. */
  reason: string | null;
}

/** `samples` are the packets of a short stream, by the name of its codec. */
export function inspectDecoders(
  samples: ReadonlyMap<string, readonly Packet[]>,
  devices: Devices,
): DecoderReport[] {
  return DEVICE_KINDS.flatMap((kind) => {
    const type = DECODER_INTERFACES[kind];
    return type === null ? [] : [{ name: decoderName(kind), ...codecsOn(type, samples, devices) }];
  });
}

function codecsOn(
  type: AVHWDeviceType,
  samples: ReadonlyMap<string, readonly Packet[]>,
  devices: Devices,
): Pick<DecoderReport, 'codecs' | 'reason'> {
  const codecs: string[] = [];
  let reason: string | null = null;
  for (const [codec, packets] of samples) {
    try {
      const why = refusal(codec, packets, devices.open(type));
      if (why === null) codecs.push(codec);
      else reason ??= why;
    } catch (error) {
      if (!(error instanceof MillError)) throw error;
      reason ??= error.message.replace(/\.$/, '');
    }
  }
  return { codecs, reason: codecs.length > 0 ? null : reason };
}

/** Why the device does not decode it; null when it does. */
function refusal(name: string, packets: readonly Packet[], device: HardwareDeviceContext): string | null {
  const codec = ownDecoder(name);
  using context = new CodecContext();
  using there = new Frame();
  using here = new Frame();
  there.alloc();
  here.alloc();
  context.allocContext3(codec);
  context.hwDeviceCtx = device;
  context.threadCount = 1;
  const opened = context.open2Sync(codec, null);
  if (opened < 0) return describe(opened);
  for (const packet of [...packets, null]) {
    const sent = context.sendPacketSync(packet);
    if (sent < 0) return describe(sent);
    const received = context.receiveFrameSync(there);
    if (received >= 0) return fetchPicture(there, here);
  }
  return 'it gave no picture';
}
