/** Ogg (RFC 3533): pages; the last one of each stream is marked. */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

/** A page has at most so many bytes; two of them surely hold the beginning of the last. */
const LARGEST_PAGE = 27 + 255 + 255 * 255;
const HEADER = 27;
const END_OF_STREAM = 4;

export async function oggExtent(bytes: FileBytes): Promise<Extent> {
  const from = Math.max(0, bytes.size - 2 * LARGEST_PAGE);
  const tail = await bytes.at(from, bytes.size - from);
  const last = lastPage(tail);
  if (!last) return UNKNOWN_EXTENT;
  const end = from + last.end;
  return {
    announced_bytes: end,
    open_end: end === bytes.size && !last.marked ? 'its last page is not marked as the last' : null,
  };
}

/** The last page on a chain of pages: "OggS" alone may be part of a picture or of sound. */
function lastPage(tail: Buffer): { end: number; marked: boolean } | null {
  for (let at = tail.indexOf('OggS'); at >= 0; at = tail.indexOf('OggS', at + 1)) {
    const chain = follow(tail, at);
    if (chain) return chain;
  }
  return null;
}

function follow(tail: Buffer, start: number): { end: number; marked: boolean } | null {
  let last: { end: number; marked: boolean } | null = null;
  for (let at = start; at < tail.length; ) {
    if (!'OggS'.startsWith(tail.toString('latin1', at, at + 4))) return null;
    const segments = tail[at + HEADER - 1];
    // Cut within the header: it wanted at least that.
    if (segments === undefined || at + HEADER + segments > tail.length)
      return { end: at + HEADER + (segments ?? 0) + 1, marked: false };
    const lengths = tail.subarray(at + HEADER, at + HEADER + segments);
    const end = at + HEADER + segments + lengths.reduce((sum, length) => sum + length, 0);
    last = { end, marked: ((tail[at + 5] as number) & END_OF_STREAM) !== 0 };
    at = end;
  }
  return last;
}
