/** Puts chapters into a file that the muxer has finished. */
import { open } from 'node:fs/promises';
import type { ChapterFacts } from '../../core/facts.ts';
import { SNIFF_BYTES, sniffContainer } from './container.ts';
import { readAt } from './file.ts';
import { writeId3Chapters } from './id3.ts';
import { writeMatroskaChapters } from './matroska/write.ts';
import { writeMp4Chapters } from './mp4/write.ts';
import { hasChapterTags } from './tags.ts';

/**
 * Writes chapters into a finished file, replacing those it has, and answers whether the file now has them:
 * `false` when the container cannot hold any, or all of them begin behind the end (then the file is as it was).
 * No chapters: nothing to do.
 *
 * The file is changed in place, so it must be one that nobody sees yet: after a failure, an abort or a crash
 * it may be unreadable and has to be thrown away. Ogg, Opus and FLAC are not changed: for them the answer tells
 * whether the muxer was given `chapterTags()`.
 */
export async function writeChapters(
  file: string,
  chapters: readonly ChapterFacts[],
  signal?: AbortSignal,
): Promise<boolean> {
  if (chapters.length === 0) return true;
  await using handle = await open(file, 'r+');
  switch (sniffContainer(await readAt(handle, 0, SNIFF_BYTES))) {
    case 'mp4':
      return await writeMp4Chapters(handle, chapters, signal);
    case 'matroska':
      return await writeMatroskaChapters(handle, chapters);
    case 'id3':
      return await writeId3Chapters(handle, chapters, signal);
    case 'tags':
      return await hasChapterTags(handle);
    default:
      return false;
  }
}
