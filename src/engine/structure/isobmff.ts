/** MP4 and MOV (ISO/IEC 14496-12): boxes one after the other. */
import { boxHeader } from '../chapters/mp4/boxes.ts';
import type { Extent } from './announced.ts';
import type { FileBytes } from './bytes.ts';

interface TopBox {
  type: string;
  at: number;
  /** Where it should end; the end of the file when it says "to the end". */
  end: number;
}

async function topBoxes(bytes: FileBytes): Promise<TopBox[]> {
  const boxes: TopBox[] = [];
  for (let at = 0; at < bytes.size; ) {
    const found = boxHeader(await bytes.at(at, 16));
    // What is no box at the end of a file does no harm to the boxes before it.
    if (!found || !/^[\x20-\x7e\xa9]{4}$/.test(found.type)) break;
    const end = found.size === 0 ? bytes.size : at + found.size;
    boxes.push({ type: found.type, at, end });
    at = end;
  }
  return boxes;
}

export async function isobmffExtent(bytes: FileBytes): Promise<Extent> {
  const last = (await topBoxes(bytes)).at(-1);
  return { announced_bytes: last?.end ?? null, open_end: null };
}

/** The index of an MP4 is its `moov` box; a fragmented one has its times in `moof` boxes. */
export async function moovPlace(bytes: FileBytes): Promise<'front' | 'end' | null> {
  const boxes = await topBoxes(bytes);
  const moov = boxes.find(({ type }) => type === 'moov');
  if (!moov || moov.end > bytes.size) return null;
  const media = boxes.find(({ type }) => type === 'mdat');
  return media && media.at < moov.at ? 'end' : 'front';
}
