/** Matroska and WebM (RFC 9559): one segment of elements. */
import { elementHeader, elements, uintOf } from '../chapters/matroska/ebml.ts';
import { ID } from '../chapters/matroska/elements.ts';
import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import type { FileBytes } from './bytes.ts';

const EBML_HEADER = 0x1a45dfa3;
const CUES = 0x1c53bb6b;
/** The table of contents is short. */
const SEEK_HEAD_BYTES = 4096;

interface Place {
  id: number;
  /** Where the content begins. */
  from: number;
  /** Null while the writer did not know it, as in live streams. */
  size: number | null;
}

async function elementAt(bytes: FileBytes, at: number): Promise<Place | null> {
  const found = elementHeader(await bytes.at(at, 12));
  return found && { id: found.id, from: at + found.header, size: found.size };
}

async function segmentOf(bytes: FileBytes): Promise<Place | null> {
  for (let at = 0; at < bytes.size; ) {
    const found = await elementAt(bytes, at);
    if (found?.id === ID.segment) return found;
    if (!found || found.size === null || (found.id !== EBML_HEADER && found.id !== ID.void)) return null;
    at = found.from + found.size;
  }
  return null;
}

export async function matroskaExtent(bytes: FileBytes): Promise<Extent> {
  const segment = await segmentOf(bytes);
  return segment?.size ? { announced_bytes: segment.from + segment.size, open_end: null } : UNKNOWN_EXTENT;
}

/** The index of a Matroska file is its `Cues` element, found by the table of contents or by walking. */
export async function hasCues(bytes: FileBytes): Promise<boolean> {
  const segment = await segmentOf(bytes);
  if (!segment) return false;
  for (let at = segment.from; at < bytes.size; ) {
    const found = await elementAt(bytes, at);
    if (!found) return false;
    if (found.id === CUES) return found.size !== null && found.from + found.size <= bytes.size;
    if (found.id === ID.seekHead && (await seekHeadFindsCues(bytes, segment, found))) return true;
    if (found.size === null) return false;
    at = found.from + found.size;
  }
  return false;
}

async function seekHeadFindsCues(bytes: FileBytes, segment: Place, { from, size }: Place): Promise<boolean> {
  const content = await bytes.at(from, Math.min(size ?? 0, SEEK_HEAD_BYTES));
  for (const { id, content: seek } of elements(content)) {
    if (id !== ID.seek) continue;
    const fields = new Map([...elements(seek)].map((field) => [field.id, field.content]));
    const position = fields.get(ID.seekPosition);
    if (uintOf(fields.get(ID.seekId) ?? Buffer.alloc(0)) !== CUES || !position) continue;
    const cues = await elementAt(bytes, segment.from + uintOf(position));
    return cues?.id === CUES && cues.size !== null && cues.from + cues.size <= bytes.size;
  }
  return false;
}
