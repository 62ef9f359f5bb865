/** What a file says of its streams, read with FFmpeg and nothing of ours. */
import {
  AV_NOPTS_VALUE,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
} from 'node-av/constants';
import {
  avChannelLayoutDescribe,
  avGetCodecName,
  avGetPixFmtName,
  avGetSampleFmtName,
  type Stream,
} from 'node-av/lib';
import { DISPOSITIONS, MATRICES, PRIMARIES, RANGES, TRANSFERS } from './names.ts';
import { kindOf, openSource, type StreamKind } from './source.ts';
import type { Fraction } from './video.ts';

export interface StreamSummary {
  index: number;
  kind: StreamKind;
  codec: string;
  /** Four-character code. */
  tag: string | null;
  profile: number;
  time_base: Fraction;
  start_s: number | null;
  duration_s: number | null;
  bit_rate: number;
  /** As the container says it; 0 when it does not. */
  frames: number;
  language: string | null;
  title: string | null;
  tags: Record<string, string>;
  disposition: string[];
  video: VideoSummary | null;
  audio: AudioSummary | null;
}

export interface VideoSummary {
  width: number;
  height: number;
  pixelFormat: string;
  sar: Fraction;
  /** Clockwise degrees the picture must be turned by: 0, 90, 180 or 270. */
  rotation: number;
  fps: { average: Fraction; real: Fraction };
  color: { primaries: string | null; transfer: string | null; matrix: string | null; range: string | null };
  /** From the stream's side data. */
  hdr: { mastering: Buffer | null; light: { maxCll: number; maxFall: number } | null };
}

export interface AudioSummary {
  rate: number;
  channels: number;
  layout: string;
  sampleFormat: string | null;
  bits: number;
}

export interface FileSummary {
  /** Demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  format: string;
  start_s: number | null;
  duration_s: number | null;
  tags: Record<string, string>;
  streams: StreamSummary[];
}

export function streamsOf(path: string): FileSummary {
  const source = openSource(path);
  try {
    const { format } = source;
    return {
      format: format.iformat?.name ?? '?',
      start_s: micros(format.startTime),
      duration_s: micros(format.duration),
      tags: format.metadata?.getAll() ?? {},
      streams: source.streams.map(summary),
    };
  } finally {
    source.close();
  }
}

/** The container's duration in seconds. Throws when it has none. */
export function duration(path: string): number {
  const { duration_s } = streamsOf(path);
  if (duration_s === null) throw new Error(`${path} has no duration`);
  return duration_s;
}

const micros = (value: bigint) => (value === AV_NOPTS_VALUE ? null : Number(value) / 1e6);
const fraction = ({ num, den }: Fraction): Fraction => ({ num, den });

function summary(stream: Stream): StreamSummary {
  const { codecpar, timeBase } = stream;
  const kind = kindOf(stream);
  const tags = stream.metadata?.getAll() ?? {};
  const seconds = (value: bigint) =>
    value === AV_NOPTS_VALUE ? null : (Number(value) * timeBase.num) / timeBase.den;
  return {
    index: stream.index,
    kind,
    codec: avGetCodecName(codecpar.codecId) ?? '?',
    tag: codecpar.codecTagString,
    profile: codecpar.profile,
    time_base: fraction(timeBase),
    start_s: seconds(stream.startTime),
    duration_s: seconds(stream.duration),
    bit_rate: Number(codecpar.bitRate),
    frames: Number(stream.nbFrames),
    language: tags.language ?? null,
    title: tags.title ?? null,
    tags,
    disposition: Object.entries(DISPOSITIONS)
      .filter(([bit]) => (stream.disposition as number) & Number(bit))
      .map(([, name]) => name),
    video: kind === 'video' ? videoSummary(stream) : null,
    audio: kind === 'audio' ? audioSummary(stream) : null,
  };
}

function videoSummary({ codecpar, avgFrameRate, rFrameRate }: Stream): VideoSummary {
  const light = codecpar.getCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL);
  return {
    width: codecpar.width,
    height: codecpar.height,
    pixelFormat: avGetPixFmtName(codecpar.format as never) ?? '?',
    sar: fraction(codecpar.sampleAspectRatio),
    rotation: rotationOf(codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX)),
    fps: { average: fraction(avgFrameRate), real: fraction(rFrameRate) },
    color: {
      primaries: PRIMARIES[codecpar.colorPrimaries] ?? null,
      transfer: TRANSFERS[codecpar.colorTrc] ?? null,
      matrix: MATRICES[codecpar.colorSpace] ?? null,
      range: RANGES[codecpar.colorRange] ?? null,
    },
    hdr: {
      mastering: codecpar.getCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
      light: light && { maxCll: light.readUInt32LE(0), maxFall: light.readUInt32LE(4) },
    },
  };
}

/** Clockwise degrees of a display matrix (16.16 fixed point, first two rows turn). */
function rotationOf(matrix: Buffer | null): number {
  if (!matrix) return 0;
  const degrees = (Math.atan2(matrix.readInt32LE(4), matrix.readInt32LE(0)) * 180) / Math.PI;
  return (Math.round(degrees) + 360) % 360;
}

function audioSummary({ codecpar }: Stream): AudioSummary {
  return {
    rate: codecpar.sampleRate,
    channels: codecpar.channelLayout.nbChannels,
    layout: avChannelLayoutDescribe(codecpar.channelLayout) ?? '?',
    sampleFormat: avGetSampleFmtName(codecpar.format as never),
    bits: codecpar.bitsPerRawSample || codecpar.bitsPerCodedSample,
  };
}
