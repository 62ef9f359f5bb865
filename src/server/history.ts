/** How busy it was: looked at every few seconds, kept in memory for a day, further apart beyond the last hour. */
import type { JobStatus, Queue } from '../queue/port.ts';
import type { Storage } from '../storage/port.ts';
import { cpuMeter } from './cpu-meter.ts';
import { machineMemory } from './machine.ts';

const STEP_MS = 10_000;
const FINE = 360;
/** Fine points that make a coarse one. */
const PER_COARSE = 6;
const COARSE = 1440;

export interface HistoryPoint {
  at: string;
  /** Queued, scheduled and deferred. */
  waiting: number;
  started: number;
  /** Since the point before. */
  finished: number;
  failed: number;
  cpu_percent: number | null;
  memory_bytes: number;
  disk_free_bytes: number | null;
}

export interface History {
  /** Of the last minutes, oldest first. */
  of(minutes: number): { step_s: number; points: HistoryPoint[] };
  /** Share of processor time at the last look, 0 to 100. */
  readonly cpuPercent: number | null;
  /** Adds a point; happens by itself after `start`. */
  look(): Promise<void>;
  start(): void;
  stop(): void;
}

export function keepHistory(ports: {
  queue: Pick<Queue, 'counts'>;
  storage: Pick<Storage, 'freeBytes'>;
}): History {
  const fine: HistoryPoint[] = [];
  const coarse: HistoryPoint[] = [];
  const cpu = cpuMeter();
  let before: Record<JobStatus, number> | null = null;
  let cpuPercent: number | null = null;
  let looking = false;
  let timer: NodeJS.Timeout | undefined;
  let looks = 0;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      cpuPercent = cpu();
      const [counts, disk_free_bytes] = await Promise.all([
        ports.queue.counts(),
        ports.storage.freeBytes().catch(() => null),
      ]);
      const memory = machineMemory();
      // Jobs that were forgotten meanwhile are no jobs undone.
      const since = (status: JobStatus) => (before ? Math.max(0, counts[status] - before[status]) : 0);
      add({
        at: new Date().toISOString(),
        waiting: counts.queued + counts.scheduled + counts.deferred,
        started: counts.started,
        finished: since('finished'),
        failed: since('failed'),
        cpu_percent: cpuPercent,
        memory_bytes: memory.total_bytes - memory.available_bytes,
        disk_free_bytes,
      });
      before = counts;
    } catch {
      // A gap stays a gap.
    } finally {
      looking = false;
    }
  }

  function add(point: HistoryPoint): void {
    fine.push(point);
    if (fine.length > FINE) fine.shift();
    looks += 1;
    if (looks % PER_COARSE !== 0) return;
    const last = fine.slice(-PER_COARSE);
    const sum = (name: 'finished' | 'failed') => last.reduce((total, one) => total + one[name], 0);
    coarse.push({ ...point, finished: sum('finished'), failed: sum('failed') });
    if (coarse.length > COARSE) coarse.shift();
  }

  return {
    of(minutes) {
      const near = minutes * 60_000 <= FINE * STEP_MS;
      const step = near ? STEP_MS : STEP_MS * PER_COARSE;
      const from = Date.now() - minutes * 60_000;
      const points = (near ? fine : coarse).filter(({ at }) => Date.parse(at) >= from);
      return { step_s: step / 1000, points };
    },
    get cpuPercent() {
      return cpuPercent ?? cpu();
    },
    look,
    start() {
      cpu();
      timer = setInterval(() => void look(), STEP_MS);
      timer.unref();
      void look();
    },
    stop: () => clearInterval(timer),
  };
}
