/** Still and animated images as pixels. */
import { readFileSync } from 'node:fs';
import { avGetPixFmtName } from 'node-av/lib';
import { convert, lumaOf } from './pixels.ts';
import { decodedFrames, openSource, pickStream } from './source.ts';

export interface DecodedImage {
  width: number;
  height: number;
  /** FFmpeg's name of the stored pixels, such as `yuvj420p` or `rgba`. */
  pixelFormat: string;
  /** Red, green, blue, alpha of every pixel; alpha is not premultiplied, 255 where the file has none. */
  rgba: Buffer;
  luma: Buffer;
}

/** The first picture of a JPEG, PNG, WebP, GIF, … as it is stored: an EXIF orientation is not obeyed. */
export async function readImage(path: string): Promise<DecodedImage> {
  for await (const { frame } of decodedFrames(path, 'video')) {
    const { width, height } = frame;
    return {
      width,
      height,
      pixelFormat: avGetPixFmtName(frame.format as never) ?? '?',
      rgba: convert(frame, 'rgba'),
      luma: lumaOf(frame),
    };
  }
  throw new Error(`${path} has no picture`);
}

/** Red, green, blue, alpha at a place. */
export function pixel({ width, rgba }: DecodedImage, x: number, y: number): [number, number, number, number] {
  return [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)] as [number, number, number, number];
}

/** Mean colour of a rectangle, which lossy coding does not move much. */
export function meanColor(
  image: DecodedImage,
  area: { left: number; top: number; width: number; height: number },
): [number, number, number, number] {
  const sum: [number, number, number, number] = [0, 0, 0, 0];
  for (let y = area.top; y < area.top + area.height; y++) {
    for (let x = area.left; x < area.left + area.width; x++) {
      for (const [i, value] of pixel(image, x, y).entries()) sum[i] = (sum[i] as number) + value;
    }
  }
  const count = area.width * area.height;
  return sum.map((value) => value / count) as [number, number, number, number];
}

export interface Animation {
  width: number;
  height: number;
  frames: { time_s: number; duration_s: number; rgba: Buffer; luma: Buffer }[];
  /** How often it is played; 0 is for ever, null when the file does not say (once). */
  loops: number | null;
}

/** All pictures of an animated GIF, WebP or APNG, as they are shown. */
export async function readAnimation(path: string): Promise<Animation> {
  const source = openSource(path);
  const { num, den } = pickStream(source, 'video', null).timeBase;
  source.close();
  const frames: Animation['frames'] = [];
  let [width, height] = [0, 0];
  for await (const { frame } of decodedFrames(path, 'video')) {
    ({ width, height } = frame);
    const seconds = (ticks: bigint) => (Number(ticks) * num) / den;
    frames.push({
      time_s: seconds(frame.bestEffortTimestamp),
      duration_s: seconds(frame.duration),
      rgba: convert(frame, 'rgba'),
      luma: lumaOf(frame),
    });
  }
  return { width, height, frames, loops: loopsOf(readFileSync(path)) };
}

/** GIF: NETSCAPE2.0 extension (repetitions after the first). APNG: acTL. WebP: ANIM. */
function loopsOf(file: Buffer): number | null {
  const at = (mark: string) => file.indexOf(mark, 0, 'latin1');
  if (at('GIF8') === 0) {
    const mark = at('NETSCAPE2.0');
    if (mark < 0) return null;
    const repeats = file.readUInt16LE(mark + 13);
    return repeats === 0 ? 0 : repeats + 1;
  }
  if (at('acTL') > 0) return file.readUInt32BE(at('acTL') + 8);
  if (at('ANIM') > 0) return file.readUInt16LE(at('ANIM') + 12);
  return null;
}
