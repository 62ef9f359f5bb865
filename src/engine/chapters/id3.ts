/**
 * Chapters in MP3 files: `CHAP` frames and a `CTOC` frame that lists them ("ID3v2 Chapter Frame Addendum").
 * Times are milliseconds in 32 bits.
 */
import type { FileHandle } from 'node:fs/promises';
import type { ChapterFacts } from '../../core/facts.ts';
import { openGap, readAt, writeAt } from './file.ts';
import { inOrder } from './timeline.ts';

const HEADER_BYTES = 10;
/** The size of a tag has 28 bits. */
const MAX_TAG_BYTES = 2 ** 28 - 1;
/** `CTOC` counts in one byte. */
const MAX_LISTED = 255;
/** "Use the time, not a position in the file." */
const NO_OFFSET = 0xffff_ffff;
const MAX_TIME_MS = 0xffff_fffe;

interface Tag {
  /** 3 or 4. */
  version: number;
  /** Frames to keep. */
  frames: Buffer;
  /** Bytes of the whole tag in the file; 0 when there is none. */
  bytes: number;
}

/** False for tags older than ID3v2.3, and for the rare ones with unsynchronisation or an extended header. */
export async function writeId3Chapters(
  file: FileHandle,
  chapters: readonly ChapterFacts[],
  signal?: AbortSignal,
): Promise<boolean> {
  const tag = await readTag(file);
  const ordered = inOrder(chapters, null);
  if (!tag || ordered.length === 0) return false;
  const frames = Buffer.concat([tag.frames, ...chapterFrames(ordered, tag.version)]);
  if (frames.length > MAX_TAG_BYTES) return false;

  const size = Math.max(frames.length, tag.bytes - HEADER_BYTES);
  const bytes = Buffer.alloc(HEADER_BYTES + size);
  bytes.write('ID3', 'latin1');
  bytes[3] = tag.version;
  syncsafe(size).copy(bytes, 6);
  frames.copy(bytes, HEADER_BYTES);
  await openGap(file, tag.bytes, bytes.length - tag.bytes, signal);
  await writeAt(file, 0, bytes);
  return true;
}

async function readTag(file: FileHandle): Promise<Tag | null> {
  const header = await readAt(file, 0, HEADER_BYTES);
  if (header.toString('latin1', 0, 3) !== 'ID3') return { version: 4, frames: Buffer.alloc(0), bytes: 0 };
  const version = header[3] ?? 0;
  if ((version !== 3 && version !== 4) || header[5] !== 0) return null;
  const size = fromSyncsafe(header, 6);
  const body = await readAt(file, HEADER_BYTES, size);
  const kept: Buffer[] = [];
  // Zeros are padding.
  for (let at = 0; at + HEADER_BYTES <= body.length && body[at] !== 0; ) {
    const length = version === 4 ? fromSyncsafe(body, at + 4) : body.readUInt32BE(at + 4);
    const end = at + HEADER_BYTES + length;
    if (end > body.length) return null;
    const id = body.toString('latin1', at, at + 4);
    if (id !== 'CHAP' && id !== 'CTOC') kept.push(body.subarray(at, end));
    at = end;
  }
  return { version, frames: Buffer.concat(kept), bytes: HEADER_BYTES + size };
}

function chapterFrames(chapters: readonly ChapterFacts[], version: number): Buffer[] {
  const frames = chapters.map((chapter, index) => {
    const times = Buffer.alloc(16);
    times.writeUInt32BE(milliseconds(chapter.start_s), 0);
    times.writeUInt32BE(milliseconds(chapter.end_s), 4);
    times.writeUInt32BE(NO_OFFSET, 8);
    times.writeUInt32BE(NO_OFFSET, 12);
    // FFmpeg calls a chapter without a title by its element id.
    const title = chapter.title === null ? [] : [frame('TIT2', version, encoded(chapter.title, version))];
    return frame('CHAP', version, Buffer.from(`${elementId(index)}\0`), times, ...title);
  });
  if (frames.length > MAX_LISTED) return frames;
  // Flags: top level, in order.
  const list = chapters.map((_, index) => Buffer.from(`${elementId(index)}\0`));
  return [frame('CTOC', version, Buffer.from('toc\0'), Buffer.of(3, list.length), ...list), ...frames];
}

const elementId = (index: number): string => `ch${index}`;
const milliseconds = (timeS: number): number => Math.min(MAX_TIME_MS, Math.round(timeS * 1000));

function frame(id: string, version: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  const header = [Buffer.from(id, 'latin1'), version === 4 ? syncsafe(body.length) : size, Buffer.alloc(2)];
  return Buffer.concat([...header, body]);
}

/** UTF-8 in ID3v2.4; ID3v2.3 knows only UTF-16. The first byte names the encoding. */
function encoded(title: string, version: number): Buffer {
  return version === 4
    ? Buffer.concat([Buffer.of(3), Buffer.from(`${title}\0`, 'utf8')])
    : Buffer.concat([Buffer.of(1, 0xff, 0xfe), Buffer.from(`${title}\0`, 'utf16le')]);
}

/** Seven bits a byte, so that no byte looks like an MPEG sync word. */
function syncsafe(value: number): Buffer {
  return Buffer.of((value >> 21) & 0x7f, (value >> 14) & 0x7f, (value >> 7) & 0x7f, value & 0x7f);
}

function fromSyncsafe(bytes: Buffer, at: number): number {
  return [0, 1, 2, 3].reduce((value, i) => (value << 7) | ((bytes[at + i] ?? 0) & 0x7f), 0);
}
