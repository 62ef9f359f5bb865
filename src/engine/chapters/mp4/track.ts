/**
 * A chapter track: QuickTime text samples that other tracks name in `tref`/`chap` (QuickTime File Format,
 * "Chapter lists" and "Text sample description"). It keeps the end of the last chapter and titles of any length.
 */
import type { ChapterFacts } from '../../../core/facts.ts';
import { utf8 } from '../timeline.ts';
import { type Box, box, find, fullBox, parent, u16, u32, u64 } from './boxes.ts';

export interface ChapterTrack {
  box: Box;
  /** The text samples, one behind the other, to be put into an `mdat`. */
  samples: Buffer;
  /** Says where in the file the first sample lies. */
  place(offset: number): void;
}

export interface TrackSettings {
  id: number;
  /** Units per second of the whole movie; the track counts in them as well, where they fit. */
  timescale: number;
  /** A track of the same file: QuickTime and MP4 differ in the kind of handler they announce. */
  like: Box;
}

/** FFmpeg and others read times of 32 bits as signed; boxes of version 1 have 64. */
const MAX_TIME = 0x7fff_ffff;
/** For movies too long to be counted in 32 bits otherwise. */
const COARSE_TIMESCALE = 1000;
/** In front of the text is its length, in 16 bits. */
const MAX_TITLE_BYTES = 0xffff;
const IDENTITY = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000);
/** ISO 639-2 "und", five bits a letter. */
const UNDETERMINED = 0x55c4;
/** The text is Unicode; without it QuickTime reads Mac Roman. */
const ENCODING = Buffer.concat([u32(12), Buffer.from('encd'), u32(0x100)]);

export function chapterTrack(
  chapters: readonly ChapterFacts[],
  { id, timescale, like }: TrackSettings,
): ChapterTrack | null {
  const endS = chapters.at(-1)?.end_s ?? 0;
  const scale = endS * timescale > MAX_TIME ? COARSE_TIMESCALE : timescale;
  const starts = chapters.map((chapter) => Math.round(chapter.start_s * scale));
  const end = Math.round(endS * scale);
  if (end > MAX_TIME) return null;
  // Samples follow one another without gaps: a chapter lasts until the next one begins.
  const lengths = starts.map((start, index) => Math.max(0, (starts[index + 1] ?? end) - start));
  const delay = starts[0] ?? 0;
  const length = Math.max(0, end - delay);
  // FFmpeg takes the length of the media for the end of the last sample, whatever delays its beginning.
  const lastIndex = lengths.length - 1;
  lengths[lastIndex] = (lengths[lastIndex] ?? 0) + delay;
  const inMovie = (units: number) => Math.round((units * timescale) / scale);
  const samples = chapters.map((chapter) => textSample(chapter.title ?? ''));
  const position = fullBox('co64', 0, u32(1), u64(0));

  const track = parent(
    'trak',
    trackHeader(id, inMovie(end)),
    ...(delay > 0 ? [editList(inMovie(delay), inMovie(length))] : []),
    parent(
      'mdia',
      fullBox('mdhd', 0, u32(0, 0, scale, end), u16(UNDETERMINED, 0)),
      fullBox('hdlr', 0, componentType(like), Buffer.from('text'), u32(0, 0, 0), Buffer.alloc(1)),
      parent(
        'minf',
        mediaHeader(),
        box('dinf', wrapped(fullBox('dref', 0, u32(1), wrapped(fullBox('url ', 1))))),
        parent(
          'stbl',
          fullBox('stsd', 0, u32(1), textDescription()),
          fullBox('stts', 0, u32(lengths.length), ...lengths.map((units) => u32(1, units))),
          fullBox('stsc', 0, u32(1, 1, samples.length, 1)),
          fullBox('stsz', 0, u32(0, samples.length), ...samples.map((sample) => u32(sample.length))),
          position,
        ),
      ),
    ),
  );
  return {
    box: track,
    samples: Buffer.concat(samples),
    place: (offset) => {
      position.data.writeBigUInt64BE(BigInt(offset), 8);
    },
  };
}

function textSample(title: string): Buffer {
  const text = utf8(title, MAX_TITLE_BYTES);
  return Buffer.concat([u16(text.length), text, ENCODING]);
}

/** In the movie (flag 2), but not enabled (flag 1): nobody shows it as subtitles. */
function trackHeader(id: number, duration: number): Box {
  const times = duration > MAX_TIME ? [u32(0, 0, 0, 0, id, 0), u64(duration)] : [u32(0, 0, id, 0, duration)];
  const version = duration > MAX_TIME ? 0x0100_0000 : 0;
  return fullBox('tkhd', version | 2, ...times, u32(0, 0), u16(0, 0, 0, 0), IDENTITY, u32(0, 0));
}

/** Nothing (media time −1) until the first chapter, then the samples. */
function editList(delay: number, length: number): Box {
  const nothing = [u64(delay), u32(0xffff_ffff, 0xffff_ffff, 0x10000)];
  const all = [u64(length), u64(0), u32(0x10000)];
  return parent('edts', fullBox('elst', 0x0100_0000, u32(2), ...nothing, ...all));
}

/** Base media header (copy mode, 50 % grey) and the text media's matrix. */
function mediaHeader(): Box {
  const general = fullBox('gmin', 0, u16(0x40, 0x8000, 0x8000, 0x8000, 0, 0));
  return parent('gmhd', general, box('text', IDENTITY));
}

/** Display flags, justification, colours, box, font: all zero, since nobody draws this text. */
function textDescription(): Buffer {
  return wrapped(box('text', u32(0), u16(0, 1), Buffer.alloc(44)));
}

/** What stands before the handler's type: `mhlr` in QuickTime files, 0 in MP4. */
function componentType(like: Box): Buffer {
  return Buffer.from(find(like, 'mdia', 'hdlr')?.data.subarray(4, 8) ?? u32(0));
}

function wrapped(of: Box): Buffer {
  return Buffer.concat([u32(8 + of.data.length), Buffer.from(of.type, 'latin1'), of.data]);
}
