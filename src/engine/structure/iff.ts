/** RIFF (WAVE, AVI) and IFF (AIFF): chunks of a name, a size and a content. */

import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

/** Writers that cannot seek back leave 0 or all ones. */
const UNSET = 0xffff_fff0;

interface Chunk {
  id: string;
  /** Where the content begins. */
  from: number;
  size: number;
}

async function chunkAt(bytes: FileBytes, at: number): Promise<Chunk | null> {
  const header = await bytes.at(at, 8);
  if (header.length < 8) return null;
  return { id: header.toString('latin1', 0, 4), from: at + 8, size: header.readUInt32LE(4) };
}

/** Contents have an even number of bytes. */
const next = ({ from, size }: Chunk): number => from + size + (size % 2);

export async function riffExtent(bytes: FileBytes): Promise<Extent> {
  const head = await bytes.at(0, 28);
  if (head.toString('latin1', 0, 4) === 'RF64') return rf64Extent(head);
  let end = 0;
  // OpenDML goes on in further RIFF chunks when one is full.
  for (;;) {
    const chunk = await chunkAt(bytes, end);
    if (chunk?.id !== 'RIFF') break;
    if (chunk.size === 0 || chunk.size >= UNSET) return UNKNOWN_EXTENT;
    end = chunk.from + chunk.size;
    if (next(chunk) < bytes.size) end = next(chunk);
  }
  return end === 0 ? UNKNOWN_EXTENT : { announced_bytes: end, open_end: null };
}

/** EBU Tech 3306: a chunk `ds64` in front holds the size in 64 bits. */
function rf64Extent(head: Buffer): Extent {
  if (head.length < 28 || head.toString('latin1', 12, 16) !== 'ds64') return UNKNOWN_EXTENT;
  return { announced_bytes: Number(head.readBigUInt64LE(20)) + 8, open_end: null };
}

export async function aiffExtent(bytes: FileBytes): Promise<Extent> {
  const head = await bytes.at(0, 8);
  if (head.length < 8 || head.toString('latin1', 0, 4) !== 'FORM') return UNKNOWN_EXTENT;
  const size = head.readUInt32BE(4);
  return size === 0 || size >= UNSET ? UNKNOWN_EXTENT : { announced_bytes: size + 8, open_end: null };
}

/** An old index behind the pictures (`idx1`), or the one of OpenDML in their headers (`indx`). */
export async function aviHasIndex(bytes: FileBytes): Promise<boolean> {
  const riff = await chunkAt(bytes, 0);
  const end = riff ? Math.min(bytes.size, next(riff)) : 0;
  for (let at = 12; at < end; ) {
    const chunk = await chunkAt(bytes, at);
    if (!chunk) break;
    if (chunk.id === 'idx1') return chunk.from + chunk.size <= bytes.size;
    if (chunk.id === 'LIST') {
      const content = await bytes.at(chunk.from, Math.min(chunk.size, 65_536));
      if (content.toString('latin1', 0, 4) === 'hdrl' && content.includes('indx')) return true;
    }
    at = next(chunk);
  }
  return false;
}
