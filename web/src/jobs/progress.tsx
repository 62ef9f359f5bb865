/** Bar, percent, fps, × real time, time left. */
import type { Progress } from '../api/types';
import { useNow } from '../live/now';
import { useProgress } from '../live/use-job';
import { significant, size } from '../text/numbers';
import { span } from '../text/time';

/** Without a change this long, a job is said to stand still. */
const STALLED_MS = 10_000;

export function percentOf(progress: Progress | undefined | null): number | null {
  return progress?.percent ?? null;
}

/** Seconds without progress, or 0 while it moves. */
export function useStalled(id: string): number {
  const state = useProgress(id);
  return useNow((now) => {
    const still = state ? now - state.at : 0;
    return still > STALLED_MS ? Math.floor(still / 1000) : 0;
  });
}

export function ProgressBar({
  progress,
  stalled = false,
  name,
}: {
  progress: Progress | undefined;
  stalled?: boolean;
  name: string;
}) {
  const percent = percentOf(progress);
  return (
    <span
      className={`bar ${percent === null ? 'unknown' : ''} ${stalled ? 'stalled' : ''}`}
      role="progressbar"
      aria-label={`Progress of ${name}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.floor(percent)}
    >
      {percent !== null && <i style={{ transform: `scaleX(${percent / 100})` }} />}
    </span>
  );
}

export function progressFacts(progress: Progress | undefined): { rate: string; speed: string; left: string } {
  const bytes = progress?.bytes_done;
  return {
    rate: progress?.fps ? `${significant(progress.fps)} fps` : bytes ? size(bytes) : '',
    speed: progress?.speed ? `${significant(progress.speed)}×` : '',
    left: progress?.eta_seconds === undefined ? '' : `${span(progress.eta_seconds)} left`,
  };
}

/** What it does when that is more than one thing: "pass 2 of 2", "checking the result". */
export function stageText(progress: Progress | undefined): string {
  const stage = progress?.stage ?? '';
  return /^(encoding|working|running|decoding)$/i.test(stage) ? '' : stage;
}

/** The cells of a row that runs. */
export function ProgressCells({ id, name }: { id: string; name: string }) {
  const progress = useProgress(id)?.progress;
  const stalled = useStalled(id);
  const percent = percentOf(progress);
  const { rate, speed, left } = progressFacts(progress);
  return (
    <span className="grid min-w-0 grid-cols-[minmax(48px,144px)_42px_minmax(0,1fr)] items-center gap-2 text-right">
      <ProgressBar progress={progress} stalled={stalled > 0} name={name} />
      <span className="text-text">{percent === null ? '' : `${Math.floor(percent)} %`}</span>
      {stalled > 0 ? (
        <span className="truncate text-deferred">No progress for {span(stalled)}</span>
      ) : (
        <span className="grid grid-cols-[minmax(0,1fr)_minmax(0,0.7fr)_minmax(0,1.1fr)] gap-2 text-text-2 @max-[1180px]:grid-cols-1">
          <span className="truncate @max-[1180px]:hidden">{rate}</span>
          <span className="truncate @max-[1180px]:hidden">{speed}</span>
          <span className="truncate">{left || stageText(progress)}</span>
        </span>
      )}
    </span>
  );
}
