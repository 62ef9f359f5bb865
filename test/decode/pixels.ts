/** Pixels of native frames as plain bytes. */
import type { AVPixelFormat, AVSampleFormat } from 'node-av/constants';
import { avGetPixFmtFromName, avGetPixFmtName, Frame, SoftwareScaleContext } from 'node-av/lib';
import { check, found } from './native.ts';

export interface Size {
  width: number;
  height: number;
}

/** Converts (and scales, bicubic) a frame; the buffer holds the planes one after the other, without padding. */
export function convert(frame: Frame, pixelFormat: string, size: Size = frame): Buffer {
  const scaler = new SoftwareScaleContext();
  const out = new Frame();
  try {
    scaler.allocContext();
    out.alloc();
    out.format = avGetPixFmtFromName(pixelFormat) as AVPixelFormat | AVSampleFormat;
    out.width = size.width;
    out.height = size.height;
    check(out.getBuffer(), 'memory for a picture');
    check(scaler.scaleFrameSync(out, frame), `converting to ${pixelFormat}`);
    return Buffer.from(out.toBuffer());
  } finally {
    out.free();
    scaler.freeContext();
  }
}

const YUV = /^(?:yuv[aj]?|nv|gray)\d*/;
const DEPTH = /p(\d+)le$|gray(\d+)le$/;

/**
 * Luma as it is coded, 8 bits a pixel (deeper pictures lose their lowest bits); of RGB pictures, limited-range
 * luma. `size` scales first.
 */
export function lumaOf(frame: Frame, size: Size | null = null): Buffer {
  const name = avGetPixFmtName(frame.format as AVPixelFormat) ?? '';
  const depth = DEPTH.exec(name);
  const bits = Number(depth?.[1] ?? depth?.[2] ?? 8);
  if (size || !YUV.test(name)) {
    const wanted = size ?? { width: frame.width, height: frame.height };
    const target = name.startsWith('yuvj') ? 'yuvj420p' : 'yuv420p';
    const even = { width: wanted.width + (wanted.width % 2), height: wanted.height + (wanted.height % 2) };
    return cropped(convert(frame, target, even), even.width, wanted);
  }
  const plane = found(frame.data?.[0], 'a plane of luma');
  const stride = found(frame.linesize[0], 'a stride');
  if (bits === 8) return cropped(plane, stride, frame);
  const luma = Buffer.alloc(frame.width * frame.height);
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++)
      luma[y * frame.width + x] = plane.readUInt16LE(y * stride + x * 2) >> (bits - 8);
  }
  return luma;
}

function cropped(plane: Buffer, stride: number, { width, height }: Size): Buffer {
  const luma = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) plane.copy(luma, y * width, y * stride, y * stride + width);
  return luma;
}
