/** The `Chapters` element, and `Tags` for what chapters say besides their title (RFC 9559, 5.1.7 and 5.1.8). */
import type { ChapterFacts } from '../../../core/facts.ts';
import { element, text, uint } from './ebml.ts';

export const ID = {
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  cluster: 0x1f43b675,
  void: 0xec,
  crc32: 0xbf,
  chapters: 0x1043a770,
  edition: 0x45b9,
  atom: 0xb6,
  atomUid: 0x73c4,
  timeStart: 0x91,
  timeEnd: 0x92,
  display: 0x80,
  string: 0x85,
  language: 0x437c,
  tags: 0x1254c367,
  tag: 0x7373,
  targets: 0x63c0,
  tagChapterUid: 0x63c4,
  simpleTag: 0x67c8,
  tagName: 0x45a3,
  tagString: 0x4487,
} as const;

const NS_PER_S = 1e9;

/** Flat, in one edition; flags are left at their defaults (shown, enabled), because WebM does not know them. */
export function chaptersElement(chapters: readonly ChapterFacts[]): Buffer {
  const atoms = chapters.map((chapter, index) =>
    element(
      ID.atom,
      uint(ID.atomUid, index + 1),
      uint(ID.timeStart, nanoseconds(chapter.start_s)),
      uint(ID.timeEnd, nanoseconds(chapter.end_s)),
      ...(chapter.title === null ? [] : [display(chapter.title, chapter.tags.language ?? 'und')]),
    ),
  );
  return element(ID.chapters, element(ID.edition, ...atoms));
}

/** Null when no chapter has tags of its own. */
export function chapterTagsElement(chapters: readonly ChapterFacts[]): Buffer | null {
  const tags = chapters.flatMap((chapter, index) => {
    const own = Object.entries(chapter.tags).filter(([name]) => name !== 'title' && name !== 'language');
    if (own.length === 0) return [];
    const simple = own.map(([name, value]) =>
      element(ID.simpleTag, text(ID.tagName, name.toUpperCase()), text(ID.tagString, value)),
    );
    return [element(ID.tag, element(ID.targets, uint(ID.tagChapterUid, index + 1)), ...simple)];
  });
  return tags.length > 0 ? element(ID.tags, ...tags) : null;
}

function display(title: string, language: string): Buffer {
  return element(ID.display, text(ID.string, title), text(ID.language, language));
}

function nanoseconds(timeS: number): number {
  return Math.round(timeS * NS_PER_S);
}
