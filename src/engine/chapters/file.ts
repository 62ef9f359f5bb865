/** Reading and moving parts of a file without holding it in memory. */
import type { FileHandle } from 'node:fs/promises';

/** Small enough to leave the worker's memory alone, large enough that the disk sets the pace. */
const CHUNK_BYTES = 4 << 20;

/** Up to `length` bytes from `position`; fewer only at the end of the file. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, await fill(file, buffer, position));
}

export async function writeAt(file: FileHandle, position: number, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/**
 * Moves everything from `position` to the end by `count` bytes towards the end, in place and from the back, so
 * that no second copy is needed. Until the caller has filled the gap the file is not valid.
 */
export async function openGap(
  file: FileHandle,
  position: number,
  count: number,
  signal?: AbortSignal,
): Promise<void> {
  if (count === 0) return;
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.max(0, Math.min(CHUNK_BYTES, size - position)));
  for (let end = size; end > position; ) {
    signal?.throwIfAborted();
    const part = buffer.subarray(0, Math.min(buffer.length, end - position));
    end -= part.length;
    await fill(file, part, end);
    await writeAt(file, end + count, part);
  }
}

async function fill(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
