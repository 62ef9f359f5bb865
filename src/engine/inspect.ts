/** Which FFmpeg this is, and which of its video encoders really work here: found by encoding with them. */
import {
  avGetPixFmtFromName,
  Codec,
  type CodecContext,
  Frame,
  getFFmpegInfo,
  type Packet,
  Rational,
} from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { Devices } from './device.ts';
import { openEncoder } from './encoder.ts';
import { captureLog, explain } from './ffmpeg.ts';
import { type DecoderReport, inspectDecoders } from './inspect-decoders.ts';
import { bestFormat, memoryFormats } from './upload.ts';

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

/** What is decoded as a trial, by the encoder that makes it. */
const SAMPLES: Record<string, string> = {
  libx264: 'h264',
  libx265: 'hevc',
  'libvpx-vp9': 'vp9',
  libsvtav1: 'av1',
};

/** Large enough for every hardware encoder. */
const TEST_SIZE = { width: 256, height: 256 };

export async function inspectEngine(): Promise<EngineReport> {
  captureLog();
  const { version, libraries } = getFFmpegInfo();
  const encoders: EncoderReport[] = [];
  using devices = new Devices();
  const samples = new Map<string, Packet[]>();
  for (const name of NAMES) {
    const packets: Packet[] = [];
    encoders.push(await tryEncoder(name, devices, packets));
    const codec = SAMPLES[name];
    if (codec && packets.length > 0) samples.set(codec, packets);
  }
  return { ffmpeg_version: version, libraries, encoders, decoders: inspectDecoders(samples, devices) };
}

async function tryEncoder(name: string, devices: Devices, made: Packet[]): Promise<EncoderReport> {
  try {
    const codec = Codec.findEncoderByName(name as Parameters<typeof Codec.findEncoderByName>[0]);
    if (!codec) return { name, works: false, reason: 'not in this build of FFmpeg' };
    // Sound needs no device: what is built in works.
    if (codec.pixelFormats === null && codec.sampleFormats !== null)
      return { name, works: true, reason: null };
    made.push(...encodeAPicture(name, codec, devices));
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

function encodeAPicture(name: string, codec: Codec, devices: Devices): Packet[] {
  const formats = memoryFormats(codec);
  const yuv = avGetPixFmtFromName('yuv420p');
  const format = formats.length > 0 ? bestFormat(formats, yuv) : yuv;
  using encoder = openEncoder({
    name,
    options: name === 'libx265' ? { 'x265-params': 'log-level=none' } : {},
    globalHeader: false,
    devices,
    configure: (context: CodecContext) => {
      context.width = TEST_SIZE.width;
      context.height = TEST_SIZE.height;
      context.pixelFormat = format;
      context.timeBase = new Rational(1, 25);
      context.framerate = new Rational(25, 1);
    },
  });
  using frame = new Frame();
  frame.alloc();
  frame.width = TEST_SIZE.width;
  frame.height = TEST_SIZE.height;
  frame.format = format;
  frame.getBuffer(0);
  const packets: Packet[] = [];
  const keep = (packet: Packet) => packets.push(packet.clone() as Packet);
  for (let pts = 0n; pts < 3n; pts++) {
    frame.pts = pts;
    encoder.encode(frame, keep);
  }
  encoder.encode(null, keep);
  if (packets.length === 0) throw new MillError('encoder_unavailable', 'it opened, but gave nothing');
  return packets;
}
