/** Places a changed `moov` back into an MP4 or MOV file. */
import type { FileHandle } from 'node:fs/promises';
import type { ChapterFacts } from '../../../core/facts.ts';
import { openGap, readAt, writeAt } from '../file.ts';
import { inOrder } from '../timeline.ts';
import { type Box, box, boxHeader, boxSize, descendants, parseBoxes, serialize } from './boxes.ts';
import { addChapters, movieOf, removeChapters } from './movie.ts';
import { overflows, shift, widen } from './offsets.ts';

/** `moov` is held in memory; a day of video has about 50 MB. */
const MAX_MOOV_BYTES = 256 << 20;
/** Their positions in the file are written in places this code does not correct. */
const FIXED = new Set(['moof', 'mfra', 'sidx', 'meta']);
const FIXED_IN_MOOV = new Set(['mvex', 'saio', 'iloc']);
const PADDING = new Set(['free', 'skip']);

interface Place {
  moov: Buffer;
  start: number;
  /** Where what must be kept goes on: behind `moov` and the free boxes that follow it. */
  tail: number;
}

/**
 * `moov` grows where it is, followed by the titles in an `mdat` of their own. At the end of a file that needs no
 * more; before the media data everything behind it moves, unless free boxes give the room.
 * False for fragmented and encrypted files.
 */
export async function writeMp4Chapters(
  file: FileHandle,
  chapters: readonly ChapterFacts[],
  signal?: AbortSignal,
): Promise<boolean> {
  const place = await locate(file);
  const moov = place && parseBoxes(place.moov).boxes[0];
  const movie = moov && movieOf(moov);
  if (!movie || [...descendants(moov)].some((inside) => FIXED_IN_MOOV.has(inside.type))) return false;
  const ordered = inOrder(chapters, movie.duration_s);
  if (ordered.length === 0) return false;

  removeChapters(moov);
  const track = addChapters(moov, movie, ordered);
  const titles = track ? serialize(box('mdat', track.samples)) : Buffer.alloc(0);
  let room = roomFor(moov, titles, place);
  if (overflows(moov, place.tail, room.gap)) {
    widen(moov);
    room = roomFor(moov, titles, place);
  }
  shift(moov, place.tail, room.gap);
  track?.place(place.start + boxSize(moov) + room.padding + 8);

  await openGap(file, place.tail, room.gap, signal);
  const padding = room.padding > 0 ? serialize(box('free', Buffer.alloc(room.padding - 8))) : Buffer.alloc(0);
  await writeAt(file, place.start, Buffer.concat([serialize(moov), padding, titles]));
  return true;
}

/** How far the tail moves, and how much of the room then stays free: nothing, or a whole box. */
function roomFor(moov: Box, titles: Buffer, { start, tail }: Place): { gap: number; padding: number } {
  const spare = tail - start - boxSize(moov) - titles.length;
  if (spare === 0 || spare >= 8) return { gap: 0, padding: spare };
  return spare > 0 ? { gap: 8, padding: spare + 8 } : { gap: -spare, padding: 0 };
}

/** Null where `moov` is missing, or where something cannot be moved. */
async function locate(file: FileHandle): Promise<Place | null> {
  const { size: end } = await file.stat();
  let place: Place | null = null;
  for (let at = 0; at < end; ) {
    const found = boxHeader(await readAt(file, at, 16));
    if (!found || FIXED.has(found.type)) return null;
    const size = found.size === 0 ? end - at : found.size;
    if (found.type === 'moov') {
      if (place || found.size === 0 || size > MAX_MOOV_BYTES) return null;
      place = { moov: await readAt(file, at, size), start: at, tail: at + size };
    } else if (place?.tail === at && PADDING.has(found.type)) place.tail = at + size;
    at += size;
  }
  return place;
}
