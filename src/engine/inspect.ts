/** Which FFmpeg this is, and which of its video encoders really work here: found by encoding with them. */
import {
  avGetPixFmtFromName,
  avIsHardwarePixelFormat,
  Codec,
  type CodecContext,
  Frame,
  getFFmpegInfo,
  Rational,
} from 'node-av/lib';
import { MillError } from '../core/errors.ts';
import { openEncoder } from './encoder.ts';
import { captureLog, explain } from './ffmpeg.ts';

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
];

/** Large enough for every hardware encoder. */
const TEST_SIZE = { width: 256, height: 256 };

export async function inspectEngine(): Promise<EngineReport> {
  captureLog();
  const { version, libraries } = getFFmpegInfo();
  const encoders: EncoderReport[] = [];
  for (const name of NAMES) encoders.push(await tryEncoder(name));
  return { ffmpeg_version: version, libraries, encoders };
}

async function tryEncoder(name: string): Promise<EncoderReport> {
  try {
    const codec = Codec.findEncoderByName(name as Parameters<typeof Codec.findEncoderByName>[0]);
    if (!codec) return { name, works: false, reason: 'not in this build of FFmpeg' };
    // Sound needs no device: what is built in works.
    if (codec.pixelFormats === null && codec.sampleFormats !== null)
      return { name, works: true, reason: null };
    encodeOnePicture(name, codec);
    return { name, works: true, reason: null };
  } catch (error) {
    const known = await explain(error);
    const reason = known instanceof MillError ? known.message : String(known);
    return { name, works: false, reason: reason.replace(`The encoder ${name} could not be opened: `, '') };
  }
}

function encodeOnePicture(name: string, codec: Codec): void {
  const formats = codec.pixelFormats ?? [];
  const software = formats.filter((format) => !avIsHardwarePixelFormat(format));
  const yuv = avGetPixFmtFromName('yuv420p');
  const format = software.includes(yuv) ? yuv : software[0];
  if (formats.length > 0 && format === undefined)
    throw new MillError('encoder_unavailable', 'needs a hardware device, and none is set up here');
  using encoder = openEncoder({
    name,
    options: name === 'libx265' ? { 'x265-params': 'log-level=none' } : {},
    globalHeader: false,
    configure: (context: CodecContext) => {
      context.width = TEST_SIZE.width;
      context.height = TEST_SIZE.height;
      context.pixelFormat = format ?? yuv;
      context.timeBase = new Rational(1, 25);
      context.framerate = new Rational(25, 1);
    },
  });
  using frame = new Frame();
  frame.alloc();
  frame.width = TEST_SIZE.width;
  frame.height = TEST_SIZE.height;
  frame.format = format ?? yuv;
  frame.getBuffer(0);
  let packets = 0;
  for (let pts = 0n; pts < 3n; pts++) {
    frame.pts = pts;
    encoder.encode(frame, () => packets++);
  }
  encoder.encode(null, () => packets++);
  if (packets === 0) throw new MillError('encoder_unavailable', 'it opened, but gave nothing');
}
