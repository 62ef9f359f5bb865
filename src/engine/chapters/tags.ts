/** Chapters as Vorbis comments, the way of Ogg, Opus and FLAC: https://wiki.xiph.org/Chapter_Extension */
import type { FileHandle } from 'node:fs/promises';
import type { ChapterFacts } from '../../core/facts.ts';
import { readAt } from './file.ts';
import { inOrder } from './timeline.ts';

/** The numbers have three digits. */
const MAX_CHAPTERS = 1000;
/** The comments stand at the beginning of the file; only a large cover picture can be in front of them. */
const HEADER_BYTES = 1 << 20;

/**
 * `{ CHAPTER000: '00:00:00.000', CHAPTER000NAME: 'Intro', … }`: metadata to give to the muxer before it writes
 * the header. Starts and titles only, to the millisecond; at most 1000 chapters.
 */
export function chapterTags(chapters: readonly ChapterFacts[]): Record<string, string> {
  const tags: Record<string, string> = {};
  inOrder(chapters, null)
    .slice(0, MAX_CHAPTERS)
    .forEach((chapter, index) => {
      const name = `CHAPTER${String(index).padStart(3, '0')}`;
      tags[name] = clock(chapter.start_s);
      if (chapter.title !== null) tags[`${name}NAME`] = chapter.title;
    });
  return tags;
}

/** Whether the muxer was given {@link chapterTags}. */
export async function hasChapterTags(file: FileHandle): Promise<boolean> {
  const head = await readAt(file, 0, HEADER_BYTES);
  return head.includes('CHAPTER000=');
}

function clock(timeS: number): string {
  const ms = Math.round(timeS * 1000);
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const rest = String(ms % 1000).padStart(3, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${rest}`;
}
