/**
 * The storage port. Two drivers implement it; one contract suite (`test/contracts/storage.ts`) holds for both.
 *
 * Glossary
 * - *reference*: what a user writes: a file_id, `input/a.mp4`, `/data/input/a.mp4`, or an absolute path inside
 *   a root.
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
}

export interface Upload {
  file_id: string;
  /** Generated name with the extension of the sniffed content. */
  filename: string;
  path: string;
  size_bytes: number;
  /** Lower-case hex, computed while the bytes came in. */
  sha256: string;
}

export interface ByteRange {
  /** First byte. */
  start: number;
  /** Last byte, inclusive. */
  end: number;
}

export interface Storage {
  /**
   * Turns a reference into a path. Throws `path_outside_storage` for anything that is, after symbolic links
   * are resolved, not inside a root. `purpose: "read"` also throws `input_not_found` when nothing is there.
   */
  resolve(reference: string, purpose: 'read' | 'write'): Promise<string>;
  /** Stores a stream under a generated name; nothing is left behind when it fails. Throws `payload_too_large`, `disk_full`. */
  upload(content: Readable, options: { maxBytes: number; signal?: AbortSignal }): Promise<Upload>;
  stat(path: string): Promise<StoredObject | null>;
  /** Files below a directory, by relative name, sorted. */
  list(path: string): Promise<{ name: string; size_bytes: number }[]>;
  /** Throws `output_not_found` or `input_not_found`. */
  read(path: string, range?: ByteRange): Promise<Readable>;
  /** Removes a file or a directory; answers whether something was there. Refuses symbolic links. */
  remove(path: string): Promise<boolean>;

  /** Creates the empty work folder of an attempt; absolute host path. */
  createWork(attempt: string): Promise<string>;
  /** A local, readable file or folder with the object's content; `work` is used when it must be fetched. */
  fetch(path: string, work: string): Promise<string>;
  /** Makes a finished local file or folder visible at `path`, atomically, replacing what was there; durable when it resolves. Throws `disk_full`, `output_not_writable`. */
  publish(local: string, path: string): Promise<void>;
  removeWork(work: string): Promise<void>;
  /** Removes work folders that no living attempt owns; answers how many. */
  sweep(isAlive: (attempt: string) => Promise<boolean>): Promise<number>;

  /** Bytes free for outputs; null where the driver cannot know. */
  freeBytes(): Promise<number | null>;
  /** Throws `storage_unavailable` when it does not work. */
  check(): Promise<void>;
}
