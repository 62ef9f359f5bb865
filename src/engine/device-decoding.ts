/** Which streams of a read are decoded on a device, and how FFmpeg does it. */
import {
  AV_HWDEVICE_TYPE_CUDA,
  AV_HWDEVICE_TYPE_D3D11VA,
  AV_HWDEVICE_TYPE_VAAPI,
  AV_HWDEVICE_TYPE_VIDEOTOOLBOX,
  AV_HWDEVICE_TYPE_VULKAN,
  type AVHWDeviceType,
} from 'node-av/constants';
import { Codec, type Frame, type Stream } from 'node-av/lib';
import { type DeviceKind, decodedOn, decoderName } from '../core/devices.ts';
import { MillError } from '../core/errors.ts';
import type { PlannedOutput } from '../core/plan.ts';
import type { PlanContext } from './context.ts';
import { type Decoder, StreamDecoder } from './decoder.ts';
import type { DeviceContexts } from './device.ts';
import { type DecodingDevice, DeviceDecoder } from './device-decoder.ts';
import { describe, takeLog } from './ffmpeg.ts';

/** What the decoders of a device are reached by: the maker's own interface, or that of the system. */
const OF_THE_SYSTEM = process.platform === 'win32' ? AV_HWDEVICE_TYPE_D3D11VA : AV_HWDEVICE_TYPE_VAAPI;
const DECODER_INTERFACES: Record<DeviceKind, AVHWDeviceType | null> = {
  nvenc: AV_HWDEVICE_TYPE_CUDA,
  qsv: OF_THE_SYSTEM,
  amf: OF_THE_SYSTEM,
  vaapi: AV_HWDEVICE_TYPE_VAAPI,
  videotoolbox: AV_HWDEVICE_TYPE_VIDEOTOOLBOX,
  vulkan: AV_HWDEVICE_TYPE_VULKAN,
  v4l2m2m: null,
};

/** The decoder of a stream, where it is not to be the usual one. */
export type ChooseDecoder = (stream: Stream, software: () => Decoder) => Decoder | null;

export function chooseDecoder(
  outputs: readonly PlannedOutput[],
  contexts: readonly PlanContext[],
  hardware: DeviceContexts,
): ChooseDecoder {
  const granted = contexts.flatMap(({ decodeOn }) => decodeOn ?? []);
  return (stream, software) => {
    const { index } = stream;
    const facts = contexts[0]?.facts.streams[index];
    const kind = decodedOn(facts, outputs, granted);
    const device = kind && decodingDevice(stream, facts?.codec ?? '', kind, hardware);
    if (!device) return null;
    return new DeviceDecoder({
      device,
      software,
      leaves: (why) =>
        void tell(contexts, `Stream ${index} is decoded in software and not on ${device.name}: ${why}`),
    });
  };
}

/** With FFmpeg's reason, which is nobody else's afterwards. */
async function tell(contexts: readonly PlanContext[], text: string): Promise<void> {
  const said = (await takeLog()).findLast(({ error }) => error);
  for (const { log } of contexts) log('info', said ? `${text} (${said.text}).` : `${text}.`);
}

/** Null where the kind decodes nothing. */
export function decodingDevice(
  stream: Stream,
  codec: string,
  kind: DeviceKind,
  hardware: DeviceContexts,
): DecodingDevice | null {
  const type = DECODER_INTERFACES[kind];
  if (type === null) return null;
  let decoder: StreamDecoder | null = null;
  return {
    name: decoderName(kind),
    open() {
      const context = hardware.open(type);
      // One thread: the work is not done here, and more would only hold more pictures.
      decoder = new StreamDecoder(stream, { threads: 1, device: { context, codec: ownDecoder(codec) } });
      return decoder;
    },
    fetch(from, to) {
      // FFmpeg cuts pictures on a device at the right and the bottom only.
      return fetchPicture(from, to) ?? (isUncut(to, decoder) ? null : 'its pictures are cropped');
    },
  };
}

/** Of several decoders it is FFmpeg's own that drives devices, and that has the name of the codec. */
function ownDecoder(name: string): Codec {
  const codec = Codec.findDecoderByName(name as Parameters<typeof Codec.findDecoderByName>[0]);
  if (codec) return codec;
  throw new MillError('unsupported_media', `No decoder of ${name} drives devices.`);
}

/** Into plain memory, with all that is known of it; why not, or null. */
export function fetchPicture(from: Frame, to: Frame): string | null {
  if (!from.isHwFrame()) return 'the device does not take it';
  to.unref();
  const fetched = from.hwframeTransferDataSync(to, 0);
  if (fetched < 0) return `a picture could not be fetched (${describe(fetched)})`;
  const described = to.copyProps(from);
  return described < 0 ? `a picture could not be described (${describe(described)})` : null;
}

function isUncut({ width, height }: Frame, decoder: StreamDecoder | null): boolean {
  return width === decoder?.context.width && height === decoder.context.height;
}
