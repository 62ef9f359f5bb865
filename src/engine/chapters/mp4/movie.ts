/** Chapters inside `moov`: Nero's list for most players, a text track for QuickTime and Apple's devices. */
import type { ChapterFacts } from '../../../core/facts.ts';
import { utf8 } from '../timeline.ts';
import { type Box, box, find, parent, u32, u64 } from './boxes.ts';
import { type ChapterTrack, chapterTrack } from './track.ts';

/** `chpl` counts in one byte and its titles too. */
const CHPL_MAX = 255;
const CHPL_TICKS_PER_S = 10_000_000;
/** Tracks whose player shows the chapters. */
const MAIN_HANDLERS = ['vide', 'soun'];

export interface Movie {
  timescale: number;
  /** Null where the header leaves it open. */
  duration_s: number | null;
}

/** Reads `mvhd`; null without one. */
export function movieOf(moov: Box): Movie | null {
  const header = find(moov, 'mvhd')?.data;
  if (!header || header.length < 100) return null;
  const long = header[0] === 1;
  const timescale = header.readUInt32BE(long ? 20 : 12);
  const units = long ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  if (timescale === 0) return null;
  const known = units > 0 && units !== (long ? 2 ** 64 : 0xffff_ffff);
  return { timescale, duration_s: known ? units / timescale : null };
}

/** Takes out the chapters a file already has: `chpl`, and the tracks that others name as their chapters. */
export function removeChapters(moov: Box): void {
  const named = new Set<number>();
  for (const track of tracks(moov)) {
    const references = find(track, 'tref');
    const list = references?.children?.find((child) => child.type === 'chap');
    if (!references?.children || !list) continue;
    for (let at = 0; at + 4 <= list.data.length; at += 4) named.add(list.data.readUInt32BE(at));
    references.children = references.children.filter((child) => child !== list);
    if (references.children.length === 0) drop(track, references);
  }
  for (const track of tracks(moov)) if (named.has(trackId(track))) drop(moov, track);
  const user = find(moov, 'udta');
  if (user?.children) user.children = user.children.filter((child) => child.type !== 'chpl');
}

/** Adds both forms; answers the track, whose samples the caller places, or null where times are too large for one. */
export function addChapters(moov: Box, movie: Movie, chapters: readonly ChapterFacts[]): ChapterTrack | null {
  let user = find(moov, 'udta');
  if (!user?.children) {
    user = parent('udta');
    moov.children?.push(user);
  }
  user.children?.push(neroList(chapters));

  const main = tracks(moov).filter((track) => MAIN_HANDLERS.includes(handler(track)));
  const id = Math.max(0, ...tracks(moov).map(trackId)) + 1;
  const track = main[0] ? chapterTrack(chapters, { id, timescale: movie.timescale, like: main[0] }) : null;
  if (!track) return null;
  for (const owner of main) {
    const references = find(owner, 'tref') ?? parent('tref');
    references.children?.push(box('chap', u32(id)));
    if (!find(owner, 'tref')) insertAfter(owner, ['edts', 'tkhd'], references);
  }
  insertAfter(moov, ['trak'], track.box);
  const header = find(moov, 'mvhd')?.data;
  // The header ends with the id the next track would get.
  header?.writeUInt32BE(id + 1, header.length - 4);
  return track;
}

/**
 * Version 1 as Nero and FFmpeg write it: a reserved word, a count, then of each chapter the start in units of
 * 100 ns and the title. It has no ends.
 */
function neroList(chapters: readonly ChapterFacts[]): Box {
  const listed = chapters.slice(0, CHPL_MAX);
  const entries = listed.flatMap((chapter) => {
    const title = utf8(chapter.title ?? '', CHPL_MAX);
    return [u64(Math.round(chapter.start_s * CHPL_TICKS_PER_S)), Buffer.of(title.length), title];
  });
  return box('chpl', u32(0x0100_0000, 0), Buffer.of(listed.length), ...entries);
}

const tracks = (moov: Box): Box[] => (moov.children ?? []).filter((child) => child.type === 'trak');

function trackId(track: Box): number {
  const header = find(track, 'tkhd')?.data;
  return header ? header.readUInt32BE(header[0] === 1 ? 20 : 12) : 0;
}

function handler(track: Box): string {
  return find(track, 'mdia', 'hdlr')?.data.toString('latin1', 8, 12) ?? '';
}

function drop(from: Box, child: Box): void {
  from.children?.splice(from.children.indexOf(child), 1);
}

/** Behind the last child of the first of these types that is there. */
function insertAfter(into: Box, types: string[], added: Box): void {
  const children = into.children ?? [];
  const type = types.find((wanted) => children.some((child) => child.type === wanted));
  children.splice(children.findLastIndex((child) => child.type === type) + 1, 0, added);
}
