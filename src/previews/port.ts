/**
 * The previews port: what is shown of a file before anybody has run a job on it, and of results that a browser
 * cannot play. The server knows only this; the work is done in processes of its own.
 *
 * Glossary
 * - *picture*: a small still image of a video, a photo or an album's cover.
 * - *strip*: stills of a video beside each other in one image, as on a film.
 * - *rendition*: the same film or sound in a form that every browser plays, with the same times.
 * - *peaks*: the outermost samples in equal spans, for drawing sound.
 */
import type { Readable } from 'node:stream';
import type { Failure } from '../core/errors.ts';
import type { SourceFacts } from '../core/facts.ts';

/** What the headers of a file tell. */
export interface FileLook {
  /** Null for what is no media, or cannot be read. */
  facts: SourceFacts | null;
  /** Why a file that should be media cannot be read; null for other files. */
  problem: Failure | null;
  /** What is wrong although it can be read, such as that it breaks off. */
  warnings: string[];
}

export interface PreviewFile {
  name: string;
  media_type: string;
  size_bytes: number;
  modified_at: string;
  /** Bytes from `start` to `end`, both included; default all. */
  read(range?: { start: number; end: number }): Promise<Readable>;
}

export interface PictureOptions {
  /** Pixels at most; rounded up to one of a few sizes, never enlarged. */
  width: number;
  /** Seconds from 0:00; default a moment near the beginning that is likely to show something. */
  at_s?: number;
}

export interface StripOptions {
  /** Stills beside each other, from the middles of equal parts of the video. */
  count: number;
  /** Pixels, of each still. */
  height: number;
}

export interface Peaks {
  duration_s: number;
  sample_rate: number;
  /** −1 … 1, `samples` of each. */
  channels: { min: number[]; max: number[] }[];
}

export type RenditionState =
  | { state: 'ready'; file: PreviewFile }
  | { state: 'making'; percent: number | null }
  | { state: 'failed'; failure: Failure };

/** Paths are those of the storage. Throws what the storage throws, `rate_limited` when too much is waiting. */
export interface Previews {
  look(path: string): Promise<FileLook>;
  /** Throws `no_preview` for what has no picture. */
  picture(path: string, options: PictureOptions): Promise<PreviewFile>;
  /** One image of stills beside each other. Throws `no_preview` for what is no video. */
  strip(path: string, options: StripOptions): Promise<PreviewFile>;
  /** Throws `no_preview` for what has no sound. */
  peaks(path: string, samples: number): Promise<Peaks>;
  /** Begins to make it when there is none; asks again for how far it is. */
  rendition(path: string): Promise<RenditionState>;
  close(): Promise<void>;
}
