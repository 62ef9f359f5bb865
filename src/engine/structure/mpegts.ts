/** MPEG transport streams: packets of one size. */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

const SYNC = 0x47;
/** Plain, with a timestamp in front (M2TS), with error correction behind. */
const SIZES = [188, 192, 204];
const PROBED_PACKETS = 5;

/** A last packet that is not whole was cut. */
export async function mpegtsExtent(bytes: FileBytes): Promise<Extent> {
  const head = await bytes.at(0, 204 * (PROBED_PACKETS + 1));
  for (const size of SIZES) {
    for (let offset = 0; offset < size; offset++) {
      const synced = Array.from({ length: PROBED_PACKETS }, (_, n) => head[offset + n * size]);
      if (!synced.every((byte) => byte === SYNC)) continue;
      // The timestamp of M2TS stands before the sync byte.
      const begin = size === 192 ? offset - 4 : offset;
      const packets = Math.ceil((bytes.size - begin) / size);
      return { announced_bytes: begin + packets * size, open_end: null };
    }
  }
  return UNKNOWN_EXTENT;
}
