/** Facts about a source, from its headers and as many packets as FFmpeg needs to tell them. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  AV_CHANNEL_ORDER_UNSPEC,
  AV_CODEC_PROP_LOSSLESS,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVFMT_TS_DISCONT,
  AVMEDIA_TYPE_ATTACHMENT,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import {
  avChannelLayoutDefault,
  avChannelLayoutDescribe,
  avGetCodecName,
  avGetPixFmtName,
  avGetSampleFmtName,
  type ChannelLayout,
  Codec,
  type CodecParameters,
  type FormatContext,
  type Stream,
} from 'node-av/lib';
import type {
  AudioStreamFacts,
  FormatFacts,
  Ratio,
  SourceFacts,
  StreamFacts,
  VideoStreamFacts,
} from '../core/facts.ts';
import { readChapters, readPrograms } from './chapters/index.ts';
import { installLog, MICROSECONDS, optionalSeconds } from './ffmpeg.ts';
import {
  bitDepthOf,
  chromaLocationName,
  colorPrimariesName,
  colorRangeName,
  colorSpaceName,
  colorTransferName,
  dispositionNames,
  fieldOrderName,
  profileName,
} from './names.ts';
import { describeSideData, displayTransform } from './side-data.ts';
import { openSource } from './source.ts';
import { titleOf } from './track-title.ts';

/** Throws `unsupported_media`. */
export async function probe(path: string): Promise<SourceFacts> {
  using source = await openSource(path);
  return await describeSource(source.format, path);
}

export async function describeSource(format: FormatContext, path: string): Promise<SourceFacts> {
  const streams = format.streams.map(streamFacts);
  const still = isStill(format);
  return {
    name: basename(path),
    size_bytes: (await stat(path)).size,
    still_image: still,
    format: formatFacts(format, streams),
    streams,
    chapters: await readChapters(format, installLog),
    programs: await readPrograms(format, installLog),
  };
}

/** One picture, not a video: an image file, or AVIF and HEIF, which are MP4 without a duration. */
function isStill(format: FormatContext): boolean {
  const name = format.iformat?.name ?? '';
  if (name === 'image2' || name.endsWith('_pipe')) return true;
  const [only] = format.streams;
  return name.startsWith('mov') && format.nbStreams >= 1 && only?.nbFrames === 1n && only.duration <= 0n;
}

function formatFacts(format: FormatContext, streams: StreamFacts[]): FormatFacts {
  const start = optionalSeconds(format.startTime, MICROSECONDS);
  const duration = optionalSeconds(format.duration, MICROSECONDS);
  return {
    name: format.iformat?.name ?? 'unknown',
    long_name: format.iformat?.longName ?? 'unknown',
    start_time_s: start,
    duration_s: duration !== null && duration > 0 ? duration : null,
    bit_rate: positive(Number(format.bitRate)),
    tags: format.metadata?.getAll() ?? {},
    zero_s: zeroOf(format, streams, start),
  };
}

/**
 * Where 0:00 is. MPEG transport and program streams begin at any clock value: there the first picture (or
 * sound) is 0:00. Elsewhere the timeline itself counts; a start below zero is encoder priming that no player
 * shows, and a start above zero is skipped by players.
 */
function zeroOf(format: FormatContext, streams: StreamFacts[], start: number | null): number {
  if ((Number(format.iformat?.flags ?? 0) & AVFMT_TS_DISCONT) !== 0) {
    const video = streams.find((s) => s.kind === 'video' && !s.attached_picture);
    return video?.start_time_s ?? start ?? 0;
  }
  return Math.max(0, start ?? 0);
}

function streamFacts(stream: Stream): StreamFacts {
  const parameters = stream.codecpar;
  const decoder = Codec.findDecoder(parameters.codecId);
  const tags = stream.metadata?.getAll() ?? {};
  const start = optionalSeconds(stream.startTime, stream.timeBase);
  const common = {
    index: stream.index,
    id: stream.id,
    codec: avGetCodecName(parameters.codecId),
    codec_long_name: decoder?.longName ?? null,
    codec_tag: parameters.codecTagString,
    profile: profileName(parameters.codecId, parameters.profile),
    time_base: ratio(stream.timeBase),
    start_time_s: start,
    duration_s: positive(optionalSeconds(stream.duration, stream.timeBase)) ?? durationFromTags(tags, start),
    bit_rate: positive(Number(parameters.bitRate)) ?? positive(Number(tags.BPS ?? 0)),
    frame_count: positive(Number(stream.nbFrames)),
    language: tags.language && tags.language !== 'und' ? tags.language : null,
    title: titleOf(tags),
    disposition: dispositionNames(stream.disposition),
    tags,
    side_data: describeSideData(parameters.getAllCodedSideData()),
  };
  switch (parameters.codecType) {
    case AVMEDIA_TYPE_VIDEO:
      return { ...common, kind: 'video', ...pictureFacts(stream) };
    case AVMEDIA_TYPE_AUDIO:
      return { ...common, kind: 'audio', ...soundFacts(stream) };
    case AVMEDIA_TYPE_SUBTITLE:
      return { ...common, kind: 'subtitle' };
    case AVMEDIA_TYPE_ATTACHMENT:
      return { ...common, kind: 'attachment' };
    default:
      return { ...common, kind: 'data' };
  }
}

type Own<S> = Omit<S, keyof Extract<StreamFacts, { kind: 'data' | 'attachment' | 'subtitle' }>>;

function pictureFacts(stream: Stream): Own<VideoStreamFacts> {
  const parameters = stream.codecpar;
  const { width, height } = parameters;
  const sar = sampleAspect(stream);
  const matrix = parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  const { rotation, flipped } =
    matrix && matrix.length >= 36 ? displayTransform(matrix) : { rotation: 0, flipped: false };
  const stretched = sar.value === null ? width : Math.round(width * sar.value);
  const upright = rotation % 180 === 0;
  const pixelFormat = avGetPixFmtName(parameters.format as Parameters<typeof avGetPixFmtName>[0]);
  return {
    width,
    height,
    display_width: upright ? stretched : height,
    display_height: upright ? height : stretched,
    sample_aspect_ratio: sar,
    rotation,
    flipped,
    avg_frame_rate: ratio(stream.avgFrameRate),
    real_frame_rate: ratio(stream.rFrameRate),
    pixel_format: pixelFormat,
    bit_depth: positive(parameters.bitsPerRawSample) ?? bitDepthOf(pixelFormat),
    level: parameters.level > 0 ? parameters.level : null,
    color_range: colorRangeName(parameters.colorRange),
    color_space: colorSpaceName(parameters.colorSpace),
    color_transfer: colorTransferName(parameters.colorTrc),
    color_primaries: colorPrimariesName(parameters.colorPrimaries),
    chroma_location: chromaLocationName(parameters.chromaLocation),
    field_order: fieldOrderName(Number(parameters.toJSON().fieldOrder ?? 0)),
    has_b_frames: parameters.videoDelay > 0,
    hdr: hdrKind(stream),
    attached_picture: (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) !== 0,
  };
}

/** The container's aspect wins over the codec's, as in players. Unknown (0:1) means square. */
function sampleAspect(stream: Stream): Ratio {
  for (const sar of [stream.sampleAspectRatio, stream.codecpar.sampleAspectRatio]) {
    if (sar.num > 0 && sar.den > 0) return ratio(sar);
  }
  return { num: 1, den: 1, value: 1 };
}

function hdrKind(stream: Stream): string | null {
  const parameters = stream.codecpar;
  const types = new Set(describeSideData(parameters.getAllCodedSideData()).map((entry) => entry.type));
  if (types.has('dovi_configuration')) return 'dolby_vision';
  const transfer = colorTransferName(parameters.colorTrc);
  if (transfer === 'smpte2084') return types.has('dynamic_hdr10_plus') ? 'hdr10+' : 'hdr10';
  return transfer === 'arib-std-b67' ? 'hlg' : null;
}

function soundFacts(stream: Stream): Own<AudioStreamFacts> {
  const parameters = stream.codecpar;
  return {
    sample_rate: parameters.sampleRate,
    channels: parameters.channels,
    channel_layout: layoutName(parameters.channelLayout),
    sample_format: avGetSampleFmtName(parameters.format as Parameters<typeof avGetSampleFmtName>[0]),
    bit_depth: positive(parameters.bitsPerRawSample) ?? codedDepth(parameters),
  };
}

/**
 * Bits of a sample as the container states them, of sound that is kept sample by sample. Containers state some
 * for lossy codecs as well, 16 in MP4 and 32 in Matroska, where it means nothing.
 */
function codedDepth(parameters: CodecParameters): number | null {
  const keepsSamples =
    (parameters.codecProperties & AV_CODEC_PROP_LOSSLESS) !== 0 ||
    avGetCodecName(parameters.codecId)?.startsWith('pcm_');
  return keepsSamples ? positive(parameters.bitsPerCodedSample) : null;
}

/** Files that leave the layout open get the usual one of their channel count, as FFmpeg's own tools assume. */
function layoutName(layout: ChannelLayout): string | null {
  const known = layout.order === AV_CHANNEL_ORDER_UNSPEC ? avChannelLayoutDefault(layout.nbChannels) : layout;
  return avChannelLayoutDescribe(known);
}

function ratio({ num, den }: { num: number; den: number }): Ratio {
  return { num, den, value: den === 0 ? null : num / den };
}

function positive(value: number | null): number | null {
  return value !== null && Number.isFinite(value) && value > 0 ? value : null;
}

/** Matroska keeps the end of a track in a tag, as "00:01:02.500000000". */
function durationFromTags(tags: Record<string, string>, start: number | null): number | null {
  const match = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(tags.DURATION ?? tags['DURATION-eng'] ?? '');
  if (!match) return null;
  const end = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
  return positive(end - Math.max(0, start ?? 0));
}
