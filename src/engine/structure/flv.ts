/** FLV: tags, each followed by its own size. */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

const TAG_HEADER = 11;
const TAG_TYPES: ReadonlySet<number> = new Set([8, 9, 18]);

/** The last four bytes lead back to the head of the last tag, if the file ends with a whole one. */
export async function flvExtent(bytes: FileBytes): Promise<Extent> {
  const back = await bytes.at(bytes.size - 4, 4);
  if (back.length < 4) return UNKNOWN_EXTENT;
  const size = back.readUInt32BE(0);
  const at = bytes.size - 4 - size;
  const head = at > 0 && size > TAG_HEADER ? await bytes.at(at, TAG_HEADER) : Buffer.alloc(0);
  const whole =
    head.length === TAG_HEADER &&
    TAG_TYPES.has((head[0] as number) & 0x1f) &&
    head.readUIntBE(1, 3) + TAG_HEADER === size;
  return { announced_bytes: null, open_end: whole ? null : 'it does not end with a whole tag' };
}
