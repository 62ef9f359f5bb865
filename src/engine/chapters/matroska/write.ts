/** Appends `Chapters` to the segment of a Matroska or WebM file and announces it in the seek head. */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ChapterFacts } from '../../../core/facts.ts';
import { readAt, writeAt } from '../file.ts';
import { inOrder } from '../timeline.ts';
import {
  type Element,
  element,
  elementHeader,
  elementId,
  elementSize,
  elements,
  maxSize,
  uint,
  uintOf,
} from './ebml.ts';
import { chaptersElement, chapterTagsElement, ID } from './elements.ts';

/** The longest header: four bytes of identifier, eight of length. */
const HEADER_BYTES = 12;
/** Elements before the first cluster are few and small, except attached fonts and pictures, which are skipped. */
const MAX_INFO_BYTES = 1 << 20;

interface SeekEntry {
  id: number;
  /** From the beginning of the segment's content. */
  position: number;
}

interface Segment extends Element {
  /** Where the element, and where its content begins in the file. */
  at: number;
  content: number;
  /** The seek head with the void behind it. */
  seekHead: { at: number; bytes: number; checked: boolean; entries: SeekEntry[] };
  duration_s: number | null;
}

/** False when the file was not finished by a muxer: no seek head, no room in it, or something behind the segment. */
export async function writeMatroskaChapters(
  file: FileHandle,
  chapters: readonly ChapterFacts[],
): Promise<boolean> {
  const { size: end } = await file.stat();
  const segment = await readSegment(file, end);
  if (!segment) return false;
  const ordered = inOrder(chapters, segment.duration_s);
  const tags = chapterTagsElement(ordered);
  const added = tags ? [chaptersElement(ordered), tags] : [chaptersElement(ordered)];
  const size = end - segment.content + added.reduce((sum, bytes) => sum + bytes.length, 0);
  if (ordered.length === 0 || (segment.size !== null && size >= maxSize(segment.width))) return false;

  const old = segment.seekHead.entries.filter((entry) => entry.id === ID.chapters);
  const entries = segment.seekHead.entries.filter((entry) => entry.id !== ID.chapters);
  let position = end - segment.content;
  for (const bytes of added) {
    entries.push({ id: bytes.readUInt32BE(0), position });
    position += bytes.length;
  }
  const head = seekHead(entries, segment.seekHead);
  if (!head) return false;

  await writeAt(file, end, Buffer.concat(added));
  for (const entry of old) await blank(file, segment.content + entry.position);
  await writeAt(file, segment.seekHead.at, head);
  if (segment.size !== null) {
    await writeAt(file, segment.content - segment.width, elementSize(size, segment.width));
  }
  return true;
}

async function readSegment(file: FileHandle, end: number): Promise<Segment | null> {
  const ebml = elementHeader(await readAt(file, 0, HEADER_BYTES));
  if (!ebml || ebml.size === null) return null;
  const at = ebml.header + ebml.size;
  const segment = elementHeader(await readAt(file, at, HEADER_BYTES));
  if (segment?.id !== ID.segment) return null;
  const content = at + segment.header;
  // Appending works only while the segment is the last thing in the file.
  if (segment.size !== null && content + segment.size !== end) return null;

  let seek: Segment['seekHead'] | null = null;
  let duration_s: number | null = null;
  for (let next = content; next < end; ) {
    const found = elementHeader(await readAt(file, next, HEADER_BYTES));
    if (!found || found.size === null || found.id === ID.cluster) break;
    const total = found.header + found.size;
    if ((found.id === ID.seekHead || found.id === ID.info) && found.size <= MAX_INFO_BYTES) {
      const bytes = await readAt(file, next + found.header, found.size);
      if (found.id === ID.info) duration_s = durationOf(bytes);
      else seek ??= { at: next, bytes: total, ...seekEntries(bytes) };
    } else if (found.id === ID.void && seek && seek.at + seek.bytes === next) seek.bytes += total;
    next += total;
  }
  return seek && { ...segment, at, content, seekHead: seek, duration_s };
}

function seekEntries(bytes: Buffer): { checked: boolean; entries: SeekEntry[] } {
  const entries: SeekEntry[] = [];
  let checked = false;
  for (const { id, content } of elements(bytes)) {
    if (id === ID.crc32) checked = true;
    if (id !== ID.seek) continue;
    const fields = new Map([...elements(content)].map((field) => [field.id, uintOf(field.content)]));
    entries.push({ id: fields.get(ID.seekId) ?? 0, position: fields.get(ID.seekPosition) ?? 0 });
  }
  return { checked, entries };
}

/** The seek head and a void in exactly the room of the old ones; null when it is too small. */
function seekHead(entries: SeekEntry[], { bytes, checked }: Segment['seekHead']): Buffer | null {
  const seeks = Buffer.concat(
    entries.map((entry) =>
      element(ID.seek, element(ID.seekId, elementId(entry.id)), uint(ID.seekPosition, entry.position)),
    ),
  );
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(seeks));
  const head = checked ? element(ID.seekHead, element(ID.crc32, sum), seeks) : element(ID.seekHead, seeks);
  const left = bytes - head.length;
  if (left === 0) return head;
  return left >= 2 ? Buffer.concat([head, blankOf(left)]) : null;
}

/** Turns an element into a void of the same size. */
async function blank(file: FileHandle, at: number): Promise<void> {
  const old = elementHeader(await readAt(file, at, HEADER_BYTES));
  if (old?.id === ID.chapters && old.size !== null) await writeAt(file, at, blankOf(old.header + old.size));
}

/** A void element of exactly so many bytes, at least 2. */
function blankOf(bytes: number): Buffer {
  const width = bytes < 10 ? 1 : 8;
  const rest = bytes - 1 - width;
  return Buffer.concat([elementId(ID.void), elementSize(rest, width), Buffer.alloc(rest)]);
}

/** `Duration` is a float, in ticks of `TimestampScale` nanoseconds. */
function durationOf(info: Buffer): number | null {
  let scale = 1_000_000;
  let ticks = 0;
  for (const { id, content } of elements(info)) {
    if (id === ID.timestampScale) scale = uintOf(content);
    if (id === ID.duration) ticks = content.length === 8 ? content.readDoubleBE(0) : content.readFloatBE(0);
  }
  return ticks > 0 ? (ticks * scale) / 1e9 : null;
}
