/** An input that is not fetched but filled in: a local file of its size, into which bytes come when the job needs them. */
import { type FileHandle, open } from 'node:fs/promises';
import { MillError, toMillError } from '../core/errors.ts';
import type { Storage, StoredObject } from '../storage/port.ts';

/** Smaller inputs are fetched whole: one request, and every job finds its file. */
export const PARTIAL_FROM_BYTES = 8 * 1024 ** 2;
/** One request of a long fill. */
const PIECE_BYTES = 16 * 1024 ** 2;
const PIECES_AT_A_TIME = 4;

export interface PartialInput {
  /** Brings the bytes from `start` up to, not including, `end`. */
  fill(start: number, end: number): Promise<void>;
  readonly size: number;
  /** Bytes that came so far. */
  readonly moved: number;
}

export async function makePartial(
  storage: Storage,
  object: StoredObject,
  local: string,
  signal?: AbortSignal,
): Promise<PartialInput> {
  await using handle = await open(local, 'wx', 0o640);
  // Takes no room until bytes come.
  await handle.truncate(object.size_bytes);
  let moved = 0;

  async function piece(file: FileHandle, start: number, end: number): Promise<void> {
    let at = start;
    const stream = await storage.read(object.path, { start, end: end - 1 }, object.version);
    const stop = () => stream.destroy(new MillError('canceled'));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (let written = 0; written < chunk.length; ) {
          const { bytesWritten } = await file.write(chunk, written, chunk.length - written, at + written);
          written += bytesWritten;
        }
        at += chunk.length;
        moved += chunk.length;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    if (at !== end) throw new MillError('storage_unavailable', 'The storage sent fewer bytes than it has.');
  }

  return {
    size: object.size_bytes,
    get moved() {
      return moved;
    },
    async fill(from, to) {
      try {
        await using file = await open(local, 'r+');
        let next = from;
        const lane = async () => {
          while (next < to) {
            signal?.throwIfAborted();
            const start = next;
            next = Math.min(start + PIECE_BYTES, to);
            await piece(file, start, next);
          }
        };
        const lanes = await Promise.allSettled(Array.from({ length: PIECES_AT_A_TIME }, lane));
        const failed = lanes.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;
      } catch (error) {
        throw toMillError(error);
      }
    },
  };
}
