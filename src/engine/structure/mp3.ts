/** MP3: a first frame that holds no sound may say how many bytes and frames follow (Xing, Info, VBRI). */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

const ID3_HEADER = 10;
/** Some encoders count an ID3v1 tag although it is none of theirs, and somebody may have taken it away. */
const ID3V1 = 128;
const HAS_FRAMES = 1;
const HAS_BYTES = 2;
/** Where the tag may be in its frame: behind the header, the checksum and the side information. */
const FRAME_BYTES = 256;

export async function mp3Extent(bytes: FileBytes): Promise<Extent> {
  const head = await bytes.at(0, ID3_HEADER);
  const begin = head.toString('latin1', 0, 3) === 'ID3' ? ID3_HEADER + synchsafe(head) : 0;
  const frame = await bytes.at(begin, FRAME_BYTES);
  const stated = xingBytes(frame) ?? vbriBytes(frame);
  if (stated === null) return UNKNOWN_EXTENT;
  const end = begin + stated;
  const missing = end - bytes.size;
  const doubtful = missing > 0 && missing <= ID3V1;
  return {
    announced_bytes: doubtful ? null : end,
    open_end: doubtful ? `its header announces ${missing} bytes more` : null,
  };
}

function xingBytes(frame: Buffer): number | null {
  const at = Math.max(frame.indexOf('Xing'), frame.indexOf('Info'));
  if (at < 0 || at + 16 > frame.length) return null;
  const flags = frame.readUInt32BE(at + 4);
  if ((flags & HAS_BYTES) === 0) return null;
  const stated = frame.readUInt32BE(at + ((flags & HAS_FRAMES) === 0 ? 8 : 12));
  return stated > 0 ? stated : null;
}

function vbriBytes(frame: Buffer): number | null {
  const at = frame.indexOf('VBRI');
  return at < 0 || at + 14 > frame.length ? null : frame.readUInt32BE(at + 10);
}

/** ID3v2 writes sizes in seven bits a byte. */
function synchsafe(head: Buffer): number {
  return [6, 7, 8, 9].reduce((size, at) => size * 128 + ((head[at] ?? 0) & 0x7f), 0);
}
