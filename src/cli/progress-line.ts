/** One line on a terminal that tells how far a job is; nothing where stderr is no terminal. */
import type { Progress } from '../core/plan.ts';
import { clock, size } from './wording.ts';

/** Between two drawings. */
const EVERY_MS = 100;

export interface ProgressLine {
  update(progress: Progress): void;
  /** Takes the line away. */
  clear(): void;
}

export function progressLine(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let drawn = false;
  let last = 0;
  return {
    update(progress) {
      const now = performance.now();
      if (!stream.isTTY || (drawn && now - last < EVERY_MS)) return;
      last = now;
      drawn = true;
      const text = [label, ...progressWords(progress)].join('  ').slice(0, (stream.columns || 80) - 1);
      stream.write(`\r\x1b[2K${text}`);
    },
    clear() {
      if (drawn) stream.write('\r\x1b[2K');
      drawn = false;
    },
  };
}

/** `42.0 %`, `118 fps`, `4.7×`, `ETA 0:31`. */
export function progressWords(progress: Progress): string[] {
  const { percent, stage, fps, speed, eta_seconds: eta, bytes_done: bytes } = progress;
  return [
    percent === null ? '' : `${percent.toFixed(1)} %`,
    stage ?? '',
    fps === undefined ? '' : `${Math.round(fps)} fps`,
    speed === undefined ? '' : `${speed.toFixed(1)}×`,
    bytes === undefined ? '' : size(bytes),
    eta === undefined ? '' : `ETA ${clock(eta)}`,
  ].filter(Boolean);
}
