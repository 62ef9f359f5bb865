/** What this machine, or the container this program runs in, has. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';

export function machineMemory(): { total_bytes: number; available_bytes: number } {
  // A container's limit counts, where there is one; without one the kernel tells a number beyond all memory.
  const limit = process.constrainedMemory();
  const total_bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return { total_bytes, available_bytes: Math.min(process.availableMemory(), total_bytes) };
}

export function cores(): number {
  return availableParallelism();
}

/** Null for a folder that is not there. */
export async function diskOf(folder: string): Promise<{ free_bytes: number; total_bytes: number } | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    return null;
  }
}
