/** ASF (WMA, WMV): an object of properties in the header tells the size of the file. */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

const FILE_PROPERTIES = Buffer.from('a1dcab8c47a9cf118ee400c00c205365', 'hex');
/** Bytes from the identifier to the size, and to the flags. */
const TO_SIZE = 40;
const TO_FLAGS = 88;
const BROADCAST = 1;
const HEADER_BYTES = 65_536;

export async function asfExtent(bytes: FileBytes): Promise<Extent> {
  const header = await bytes.at(0, HEADER_BYTES);
  const at = header.indexOf(FILE_PROPERTIES);
  if (at < 0 || at + TO_FLAGS + 4 > header.length) return UNKNOWN_EXTENT;
  const live = (header.readUInt32LE(at + TO_FLAGS) & BROADCAST) !== 0;
  return live
    ? UNKNOWN_EXTENT
    : { announced_bytes: Number(header.readBigUInt64LE(at + TO_SIZE)), open_end: null };
}
