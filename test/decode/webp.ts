/** Animated WebP as its container tells it (RFC 9649): FFmpeg decodes only the first picture. */
import { readFileSync } from 'node:fs';

export interface WebpAnimation {
  width: number;
  height: number;
  /** How often it is played; 0 is for ever. */
  loops: number;
  durations_ms: number[];
  /** The first picture as a WebP file of its own, which FFmpeg does decode. */
  first: Buffer;
}

export function webpAnimation(path: string): WebpAnimation {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP')
    throw new Error(`${path} is no WebP`);
  if (file.readUInt32LE(4) + 8 !== file.length) throw new Error(`${path} does not have the size it says`);
  const found: WebpAnimation = { width: 0, height: 0, loops: -1, durations_ms: [], first: Buffer.alloc(0) };
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    const type = file.toString('latin1', at, at + 4);
    if (type === 'VP8X') {
      found.width = body.readUIntLE(4, 3) + 1;
      found.height = body.readUIntLE(7, 3) + 1;
    }
    if (type === 'ANIM') found.loops = body.readUInt16LE(4);
    if (type === 'ANMF') {
      found.durations_ms.push(body.readUIntLE(12, 3));
      if (found.durations_ms.length === 1) found.first = stillOf(body.subarray(16));
    }
    at += 8 + size + (size % 2);
  }
  return found;
}

/** The chunks of a picture behind a RIFF header; alpha is left out. */
function stillOf(chunks: Buffer): Buffer {
  const start = chunks.toString('latin1', 0, 4) === 'ALPH' ? 8 + chunks.readUInt32LE(4) : 0;
  const picture = chunks.subarray(start + (start % 2));
  const header = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  header.writeUInt32LE(picture.length + 4, 4);
  return Buffer.concat([header, picture]);
}
