/** Decoded video as plain data. */
import { avGetPixFmtName } from 'node-av/lib';
import { convert, lumaOf, type Size } from './pixels.ts';
import { type DecodeOptions, decodedFrames, kindOf, openSource } from './source.ts';

export interface Fraction {
  num: number;
  den: number;
}

/** A frame that is valid until the next one is asked for; call `luma` or `rgb` for copies that stay. */
export interface LiveFrame {
  /** 0 for the first frame that comes out. */
  index: number;
  pts: bigint;
  timeBase: Fraction;
  /** Timestamp in seconds on the container's timeline. */
  time_s: number;
  key: boolean;
  width: number;
  height: number;
  sar: Fraction;
  pixelFormat: string;
  /** 8 bits a pixel as coded, no padding; scaled (bicubic) when a size is given. */
  luma(size?: Size): Buffer;
  /** Red, green, blue of every pixel, by the colour tags of the frame. */
  rgb(): Buffer;
}

/** The frames of a video stream in the order of display. */
export async function* videoFrames(path: string, options: DecodeOptions = {}): AsyncGenerator<LiveFrame> {
  let index = 0;
  for await (const { frame, stream } of decodedFrames(path, 'video', options)) {
    const { num, den } = stream.timeBase;
    const pts = frame.bestEffortTimestamp;
    yield {
      index: index++,
      pts,
      timeBase: { num, den },
      time_s: (Number(pts) * num) / den,
      key: frame.keyFrame === 1,
      width: frame.width,
      height: frame.height,
      sar: { num: frame.sampleAspectRatio.num, den: frame.sampleAspectRatio.den },
      pixelFormat: avGetPixFmtName(frame.format as never) ?? '?',
      luma: (size) => lumaOf(frame, size ?? null),
      rgb: () => convert(frame, 'rgb24'),
    };
  }
}

export interface DecodedFrame extends Omit<LiveFrame, 'luma' | 'rgb'> {
  luma: Buffer;
  /** Empty unless asked for. */
  rgb: Buffer;
}

/** All frames with their luma in memory: for small files. */
export async function decodeVideo(
  path: string,
  options: DecodeOptions & { rgb?: boolean } = {},
): Promise<DecodedFrame[]> {
  const frames: DecodedFrame[] = [];
  for await (const frame of videoFrames(path, options)) {
    frames.push({ ...frame, luma: frame.luma(), rgb: options.rgb ? frame.rgb() : Buffer.alloc(0) });
  }
  return frames;
}

/** What `each` makes of every frame. */
export async function mapFrames<T>(
  path: string,
  each: (frame: LiveFrame) => T,
  options: DecodeOptions = {},
): Promise<T[]> {
  const results: T[] = [];
  for await (const frame of videoFrames(path, options)) results.push(each(frame));
  return results;
}

/** Number of frames that can be decoded. */
export async function frameCount(path: string, options: DecodeOptions = {}): Promise<number> {
  return (await mapFrames(path, () => null, options)).length;
}

export interface DecodeReport {
  stream: number;
  kind: 'video' | 'audio';
  frames: number;
  /** Damaged packets that the decoder refused. */
  errors: number;
}

/** Decodes every video and audio stream to its end. */
export async function decodeReport(path: string): Promise<DecodeReport[]> {
  const source = openSource(path);
  const kinds = source.streams.map(kindOf);
  source.close();
  const reports: DecodeReport[] = [];
  for (const [stream, kind] of kinds.entries()) {
    if (kind !== 'video' && kind !== 'audio') continue;
    const lenient = { errors: 0 };
    let frames = 0;
    for await (const _ of decodedFrames(path, kind, { stream, lenient })) frames++;
    reports.push({ stream, kind, frames, errors: lenient.errors });
  }
  return reports;
}
