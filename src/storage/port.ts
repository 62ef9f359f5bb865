/**
 * The storage port. Two drivers implement it; one contract suite (`test/contracts/storage.ts`) holds for both.
 *
 * Glossary
 * - *reference*: what a user writes: a file_id, `input/a.mp4`, `/data/input/a.mp4`, an absolute path inside
 *   a root, or `s3://bucket/key` where the storage is that bucket.
 * - *path*: the canonical name of a stored object, always `/data/input/…` or `/data/output/…`; the only form
 *   that is stored in jobs and shown to users. Never a path of the host.
 * - *area*: `input` or `output`, the two roots.
 * - *work folder*: private local folder of one attempt, on the same file system as the output area where the
 *   driver has one, so that publishing is a rename.
 */
import type { Readable } from 'node:stream';

export type Area = 'input' | 'output';

export interface StoredObject {
  path: string;
  name: string;
  kind: 'file' | 'directory';
  /** Bytes; of a directory, the sum of its files. */
  size_bytes: number;
  modified_at: string;
  /** Changes with the content, where the driver knows better than size and time. */
  version?: string;
}

export interface Upload {
  file_id: string;
  /** Generated name with the extension of the sniffed content. */
  filename: string;
  path: string;
  size_bytes: number;
  /** Lower-case hex, computed while the bytes came in. */
  sha256: string;
  /** What the client called it, made fit to be shown; text, never a path. */
  original_name?: string | null;
}

export interface UploadOptions {
  maxBytes: number;
  signal?: AbortSignal;
  /** What the client calls the file, as it says. */
  originalName?: string | null;
}

export interface ByteRange {
  /** First byte. */
  start: number;
  /** Last byte, inclusive. */
  end: number;
}

/** Bytes that go between a client and where they lie, past this program. Every link ends by itself. */
export interface DirectAccess {
  /** Where pages that use the links connect to, such as `https://bucket.s3.amazonaws.com`. */
  readonly origin: string;
  /** A link to a stored file. `disposition` and `mediaType` are sent with it, so that it opens as it would here. */
  downloadLink(path: string, answer: { disposition: string; mediaType: string }): Promise<string>;
  /** Links to send a file of that size to, in parts when it is large. Nothing is visible until `register`. */
  beginUpload(sizeBytes: number): Promise<DirectUpload>;
  /**
   * Makes what was sent an upload, under a name by its content. Throws `upload_incomplete` when parts are missing or
   * the size is another, and forgets what was sent when it is larger than `maxBytes`.
   */
  registerUpload(
    upload: Pick<DirectUpload, 'file_id' | 'upload_id'>,
    options: UploadOptions & { sizeBytes: number },
  ): Promise<Omit<Upload, 'sha256'>>;
  /** Forgets what was sent so far. */
  cancelUpload(upload: Pick<DirectUpload, 'file_id' | 'upload_id'>): Promise<void>;
}

export interface DirectUpload {
  file_id: string;
  /** Null when all of it goes to one link. */
  upload_id: string | null;
  method: 'PUT';
  /** Bytes of each part but the last. */
  part_bytes: number;
  parts: { number: number; url: string }[];
  expires_at: string;
}

export interface Storage {
  /** Do inputs lie elsewhere, so that `fetch` copies them and costs time and room? */
  readonly remote: boolean;
  /** Null where clients can only go through this program. */
  readonly direct: DirectAccess | null;

  /**
   * Turns a reference into a path. Throws `path_outside_storage` for anything that is, after symbolic links
   * are resolved, not inside a root. `purpose: "read"` also throws `input_not_found` when nothing is there.
   */
  resolve(reference: string, purpose: 'read' | 'write'): Promise<string>;
  /** Stores a stream under a generated name; nothing is left behind when it fails. Throws `payload_too_large`, `disk_full`. */
  upload(content: Readable, options: UploadOptions): Promise<Upload>;
  /** The same for a file that is on this machine already; it is moved where that is possible, and gone afterwards. */
  adopt?(local: string, options: UploadOptions): Promise<Upload>;
  /** What the client called an upload; null for other files, and when nobody said. */
  originalName?(path: string): Promise<string | null>;
  stat(path: string): Promise<StoredObject | null>;
  /** Files below a directory, by relative name, sorted. */
  list(path: string): Promise<{ name: string; size_bytes: number }[]>;
  /**
   * Throws `output_not_found` or `input_not_found`. `version`, as `stat` gave it, makes sure of the same content;
   * another one is `storage_unavailable`, and a driver whose `stat` gives none ignores it.
   */
  read(path: string, range?: ByteRange, version?: string): Promise<Readable>;
  /** Removes a file or a directory; answers whether something was there. Refuses symbolic links. */
  remove(path: string): Promise<boolean>;

  /** Creates the empty work folder of an attempt; absolute host path. */
  createWork(attempt: string): Promise<string>;
  /** A local, readable file or folder with the object's content; `work` is used when it must be fetched. */
  fetch(path: string, work: string, signal?: AbortSignal): Promise<string>;
  /** Makes a finished local file or folder visible at `path`, atomically, replacing what was there; durable when it resolves. Throws `disk_full`, `output_not_writable`. */
  publish(local: string, path: string, signal?: AbortSignal): Promise<void>;
  removeWork(work: string): Promise<void>;
  /** Removes work folders that no living attempt owns; answers how many. */
  sweep(isAlive: (attempt: string) => Promise<boolean>): Promise<number>;

  /** Bytes free where work folders lie; null where the driver cannot know. */
  freeBytes(): Promise<number | null>;
  /**
   * Throws `storage_unavailable`, `storage_denied` or `bucket_not_found` when it does not work. `thorough` also
   * writes, reads and removes, where that costs something.
   */
  check(depth?: 'quick' | 'thorough'): Promise<void>;
}
