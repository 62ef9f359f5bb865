/** Which FFmpeg this is, and which of its video encoders really work here: found by encoding with them. */
import { Codec, getFFmpegInfo } from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { DeviceContexts } from './device.ts';
import { decodingDevice } from './device-decoding.ts';
import { captureLog, explain } from './ffmpeg.ts';
import { type DecoderReport, inspectDecoders } from './inspect-decoders.ts';
import { Samples } from './trial-samples.ts';

export interface EncoderReport {
  name: string;
  works: boolean;
  /** Why not. */
  reason: string | null;
}

export interface EngineReport {
  ffmpeg_version: string;
  libraries: Record<string, string>;
  encoders: EncoderReport[];
  /** Of devices. */
  decoders: DecoderReport[];
}

/** What people ask for by name: the software encoders of today's codecs, and every hardware encoder of them. */
const NAMES = [
  'libx264',
  'libx265',
  'libsvtav1',
  'libvpx-vp9',
  'libvpx',
  'mpeg4',
  'aac',
  'libmp3lame',
  'libopus',
  'libvorbis',
  'flac',
  'h264_nvenc',
  'hevc_nvenc',
  'av1_nvenc',
  'h264_qsv',
  'hevc_qsv',
  'av1_qsv',
  'vp9_qsv',
  'h264_vaapi',
  'hevc_vaapi',
  'av1_vaapi',
  'vp9_vaapi',
  'h264_videotoolbox',
  'hevc_videotoolbox',
  'h264_amf',
  'hevc_amf',
  'av1_amf',
  'h264_v4l2m2m',
  'h264_vulkan',
  'hevc_vulkan',
  'av1_vulkan',
];

export async function inspectEngine(): Promise<EngineReport> {
  captureLog();
  const { version, libraries } = getFFmpegInfo();
  const encoders: EncoderReport[] = [];
  using devices = new DeviceContexts();
  using samples = new Samples();
  for (const name of NAMES) encoders.push(await tryEncoder(name, devices, samples));
  const decoders = inspectDecoders(samples, (stream, codec, kind) =>
    decodingDevice(stream, codec, kind, devices),
  );
  return { ffmpeg_version: version, libraries, encoders, decoders };
}

async function tryEncoder(name: string, devices: DeviceContexts, samples: Samples): Promise<EncoderReport> {
  try {
    const codec = Codec.findEncoderByName(name as Parameters<typeof Codec.findEncoderByName>[0]);
    if (!codec) return { name, works: false, reason: 'not in this build of FFmpeg' };
    // Sound needs no device: what is built in works.
    if (codec.pixelFormats === null && codec.sampleFormats !== null)
      return { name, works: true, reason: null };
    samples.encode(name, codec, devices);
    return { name, works: true, reason: null };
  } catch (error) {
    const known = await explain(error);
    const reason = known instanceof MillError ? known.message : String(known);
    return {
      name,
      works: false,
      reason: reason
        .replace(`The encoder ${name} could not be opened: `, '')
        .replace(`The encoder ${name} `, ''),
    };
  }
}
