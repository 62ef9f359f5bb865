/**
 * Chapters. The binding exposes neither the chapters of an input nor those of an output, so they are read
 * from what FFmpeg prints about a file (`read.ts`) and written into finished files by hand (`write.ts`), or,
 * where the container keeps them as plain tags, handed to the muxer as metadata (`tags.ts`).
 */
export { canHoldChapters } from './container.ts';
export { readChapters, readPrograms } from './read.ts';
export { chapterTags } from './tags.ts';
export { writeChapters } from './write.ts';
