/** Progress of work that is counted in bytes. */
import type { FileJobContext } from '../../core/job.ts';

/** Twice the promised once a second, so that a late timer still keeps the promise. */
const REPORT_EVERY_MS = 500;
/** Weight of the newest interval in the rate that the remaining time is computed from. */
const RATE_SMOOTHING = 0.3;

export interface ByteMeter extends Disposable {
  /** Bytes done so far; may go back when work has to begin again. */
  done: number;
  /** Null while unknown. */
  total: number | null;
  stage: string;
  add(bytes: number): void;
}

/** Reports at once, twice a second, and a last time when disposed. */
export function createByteMeter(
  context: Pick<FileJobContext, 'progress' | 'signal'>,
  stage: string,
  total: number | null,
): ByteMeter {
  let rate: number | null = null;
  let last = { at: performance.now(), done: 0 };

  const meter: ByteMeter = {
    done: 0,
    total,
    stage,
    add(bytes) {
      meter.done += bytes;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      if (!context.signal.aborted) report();
    },
  };

  function report(): void {
    updateRate();
    const { done, total, stage } = meter;
    const left = total === null ? null : Math.max(0, total - done);
    context.progress({
      percent: total === null ? null : total === 0 ? 100 : Math.min(100, (done / total) * 100),
      stage,
      bytes_done: done,
      ...(left !== null && rate !== null && rate > 0 && { eta_seconds: left / rate }),
    });
  }

  function updateRate(): void {
    const at = performance.now();
    const elapsed = (at - last.at) / 1000;
    if (elapsed < 0.05) return;
    const current = Math.max(0, meter.done - last.done) / elapsed;
    rate = rate === null ? current : rate + RATE_SMOOTHING * (current - rate);
    last = { at, done: meter.done };
  }

  const timer = setInterval(report, REPORT_EVERY_MS);
  report();
  return meter;
}
