/** Puts chapters into the order and shape that every writer may rely on. */
import type { ChapterFacts } from '../../core/facts.ts';

/** Far more than anybody makes by hand; a hostile file may have millions. */
const MAX_CHAPTERS = 10_000;

/**
 * Ends that are missing or lie before the start become the start of the next chapter, the last one the
 * duration. Containers that store only starts (Ogg, Nero's `chpl`) are read that way by every player.
 */
export function withEnds(chapters: readonly ChapterFacts[], durationS: number | null): ChapterFacts[] {
  return chapters.map((chapter, index) => {
    if (chapter.end_s > chapter.start_s) return chapter;
    const next = chapters[index + 1]?.start_s ?? durationS ?? chapter.start_s;
    return { ...chapter, end_s: Math.max(chapter.start_s, next) };
  });
}

/** Ordered by start, nothing before 0, nothing that begins at or after the end of the file; at most 10,000. */
export function inOrder(chapters: readonly ChapterFacts[], durationS: number | null): ChapterFacts[] {
  const limit = durationS ?? Number.POSITIVE_INFINITY;
  const ordered = chapters
    .filter((c) => Number.isFinite(c.start_s) && Math.max(0, c.start_s) < limit)
    .toSorted((a, b) => a.start_s - b.start_s)
    .slice(0, MAX_CHAPTERS)
    .map((c) => ({ ...c, start_s: Math.max(0, c.start_s) }));
  return withEnds(ordered, durationS).map((c) => ({ ...c, end_s: Math.min(c.end_s, limit) }));
}

/** The longest beginning of a text that fits into so many bytes of UTF-8 without cutting a character. */
export function utf8(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  // 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
