/** How a run goes, from moment to moment: for a curve of its speed and memory. */
import type { Progress } from '../core/plan.ts';
import type { RunSample } from '../queue/port.ts';

const EVERY_MS = 500;
/** More points than a curve in a page has room for; a longer run has them further apart. */
const MOST = 240;

export interface RunSeries {
  progress(progress: Progress): void;
  memory(rssBytes: number): void;
  /** Takes a point when it is time for one; happens by itself. */
  look(): void;
  /** Points so far; the same array until there are new ones. */
  readonly samples: readonly RunSample[];
  /** Takes no more. */
  end(): void;
}

export function recordSeries(now: () => number = () => performance.now()): RunSeries {
  const begun = now();
  let latest: Progress | null = null;
  let rss: number | null = null;
  let samples: RunSample[] = [];
  let every = EVERY_MS;
  let nextAt = begun + EVERY_MS;

  function take(): void {
    if (!latest && rss === null) return;
    samples = [
      ...samples,
      {
        t_s: Math.round(now() - begun) / 1000,
        percent: latest?.percent ?? null,
        fps: latest?.fps ?? null,
        speed: latest?.speed ?? null,
        memory_bytes: rss,
      },
    ];
    if (samples.length <= MOST) return;
    samples = samples.filter((_, index) => index % 2 === 0);
    every *= 2;
  }
  function look(): void {
    if (now() < nextAt) return;
    nextAt = now() + every;
    take();
  }

  const timer = setInterval(look, EVERY_MS / 2);
  timer.unref();
  return {
    progress(progress) {
      latest = progress;
    },
    memory(rssBytes) {
      rss = rssBytes;
    },
    look,
    get samples() {
      return samples;
    },
    end() {
      clearInterval(timer);
      take();
    },
  };
}
