/** Which containers hold chapters, by the name of a file and by its first bytes. */

/**
 * - `mp4`: `chpl` box and text track, written after the muxer.
 * - `matroska`: `Chapters` element, written after the muxer.
 * - `id3`: `CHAP` frames, written after the muxer.
 * - `tags`: Vorbis comments, which only the muxer can write: give it `chapterTags()` before the header.
 */
export type ChapterContainer = 'mp4' | 'matroska' | 'id3' | 'tags';

const EXTENSIONS: Record<ChapterContainer, readonly string[]> = {
  mp4: ['mp4', 'm4v', 'm4a', 'm4b', 'mov', '3gp', '3g2'],
  matroska: ['mkv', 'mka', 'webm'],
  id3: ['mp3'],
  tags: ['ogg', 'oga', 'ogv', 'opus', 'spx', 'flac'],
};

/** Bytes of a file's beginning that {@link sniffContainer} wants. */
export const SNIFF_BYTES = 12;

const QUICKTIME_BOXES = ['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide'];

/** Whether files with this extension (with or without the dot, any case) can carry chapters here. */
export function canHoldChapters(extension: string): boolean {
  const wanted = extension.replace(/^\./, '').toLowerCase();
  return Object.values(EXTENSIONS).some((list) => list.includes(wanted));
}

/** By content, because temporary files may have any name. */
export function sniffContainer(head: Buffer): ChapterContainer | null {
  if (QUICKTIME_BOXES.includes(head.toString('latin1', 4, 8))) return 'mp4';
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x1aE\xdf\xa3') return 'matroska';
  if (magic === 'OggS' || magic === 'fLaC') return 'tags';
  if (magic.startsWith('ID3') || isLayer3(head)) return 'id3';
  return null;
}

/** An MPEG audio frame of layer III; ADTS has the same sync word and layer 0. */
function isLayer3(head: Buffer): boolean {
  return head.length >= 2 && head.readUInt16BE(0) >= 0xffe0 && (head.readUInt16BE(0) & 0x0006) === 0x0002;
}
