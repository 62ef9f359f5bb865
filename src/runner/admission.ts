/** What a worker needs before it takes a job: room on the disk, and memory. */
import { availableMemory } from './available-memory.ts';

export interface AdmissionOptions {
  /** 0 does not look. */
  minFreeDiskBytes: number;
  /** 0 does not look. */
  minFreeMemoryBytes: number;
  /** Null when the storage does not tell. */
  freeDiskBytes: () => Promise<number | null>;
  /** Default: what the system tells. */
  freeMemoryBytes?: () => number;
}

/** Answers hold this long, milliseconds: a worker that ends many small jobs a second need not ask for each. */
const HOLDS_MS = 500;

/** Answers what is short, in one sentence; null when a job may be taken. */
export function admission(options: AdmissionOptions): () => Promise<string | null> {
  const { minFreeDiskBytes, minFreeMemoryBytes, freeDiskBytes, freeMemoryBytes = availableMemory } = options;
  let last: { at: number; short: string | null } | null = null;

  async function look(): Promise<string | null> {
    if (minFreeMemoryBytes > 0) {
      const memory = freeMemoryBytes();
      if (memory < minFreeMemoryBytes) {
        return `Waits for memory: ${mebibytes(memory)} available, ${mebibytes(minFreeMemoryBytes)} wanted ([processing] min_free_memory_bytes).`;
      }
    }
    if (minFreeDiskBytes > 0) {
      // A storage that is away is the business of whoever reads from it.
      const disk = await freeDiskBytes().catch(() => null);
      if (disk !== null && disk < minFreeDiskBytes) {
        return `Waits for disk space: ${mebibytes(disk)} free, ${mebibytes(minFreeDiskBytes)} wanted ([processing] min_free_disk_bytes).`;
      }
    }
    return null;
  }

  return async () => {
    const now = performance.now();
    if (last === null || now - last.at > HOLDS_MS) last = { at: now, short: await look() };
    return last.short;
  };
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}
