/**
 * How much memory a child process uses, and used at most. The child reports it; on Linux the parent also looks
 * by itself, because a child that is busy allocating may not get to say so.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** A decoder allocates about 1 GiB/s: between two looks a child grows by 100 MiB or so. */
const LOOK_EVERY_MS = 100;
/** Written to /proc/PID/clear_refs: begin the high-water mark anew. See proc_pid_clear_refs(5). */
const RESET_PEAK = '5';

export interface MemoryWatch {
  /** Resident bytes at the last look. */
  readonly current: number;
  /** Most resident bytes since the watch began. */
  readonly peak: number;
  /** Takes in what the child says of itself. */
  report(rssBytes: number): void;
  /** Looks once more, and then never again. */
  stop(): void;
}

/** Calls `exceeded` once, when more than `limit` bytes are resident. */
export function watchMemory(pid: number, limit: number, exceeded: (rssBytes: number) => void): MemoryWatch {
  let current = 0;
  let peak = 0;
  let over = false;
  resetPeak(pid);

  function note(rssBytes: number, peakBytes: number): void {
    current = rssBytes;
    peak = Math.max(peak, peakBytes);
    if (over || current <= limit) return;
    over = true;
    exceeded(current);
  }
  function look(): void {
    const memory = readMemory(pid);
    if (memory) note(memory.rss, memory.peak);
  }

  const timer = process.platform === 'linux' ? setInterval(look, LOOK_EVERY_MS) : undefined;
  return {
    get current() {
      return current;
    },
    get peak() {
      return peak;
    },
    report: (rssBytes) => note(rssBytes, rssBytes),
    stop() {
      clearInterval(timer);
      over = true;
      look();
    },
  };
}

/** Resident bytes of another process; null where there is no /proc, or no such process any more. */
export function residentBytes(pid: number): number | null {
  return readMemory(pid)?.rss ?? null;
}

/** Null where there is no /proc, or no such process any more. */
function readMemory(pid: number): { rss: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const rss = bytesOf(status, 'VmRSS');
    return rss === null ? null : { rss, peak: bytesOf(status, 'VmHWM') ?? rss };
  } catch {
    return null;
  }
}

function bytesOf(status: string, field: string): number | null {
  const match = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status);
  return match ? Number(match[1]) * 1024 : null;
}

function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  } catch {
    // Not Linux, or /proc is read-only: the peak is then the largest of the looks, or of the process so far.
  }
}
