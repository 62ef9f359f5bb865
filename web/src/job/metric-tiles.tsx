/** Sizes before and after, time, speed, memory: each with its context. */
import type { Job, Sample } from '../api/types';
import { change, grouped, significant, size, sizeParts } from '../text/numbers';
import { mediaClock, stopwatch } from '../text/time';
import { StatTile, StatTiles } from '../ui/stat-tile';

export function MetricTiles({ job, samples }: { job: Job; samples: readonly Sample[] }) {
  const { result } = job;
  if (!result) return null;
  const { metrics, data, outputs } = result;
  const { input_size_bytes: before, output_size_bytes: after, duration_ms } = metrics;
  const [amount, unit] = sizeParts(after);
  const difference = change(before, after);
  const seconds = duration_ms / 1000;
  const isData = outputs.some(({ media_type }) => /json|text|sha256/.test(media_type));
  const length = numberOf(data.duration_s);
  const frames = numberOf(data.frames);
  const rates = samples.flatMap(({ fps, t_s }) => (fps ? [{ fps, t_s }] : []));
  const lowest = rates
    .slice(1)
    .reduce<{ fps: number; t_s: number } | null>((low, one) => (low && low.fps <= one.fps ? low : one), null);
  const average = frames && seconds > 0 ? frames / seconds : null;
  const memory = numberOf((metrics as Record<string, number>).peak_memory_bytes);
  return (
    <StatTiles label="Numbers">
      {outputs.length > 0 ? (
        <StatTile
          label="Size"
          value={amount}
          unit={unit}
          context={
            before > 0 && !isData ? (
              <>
                was {size(before)}
                {difference && (
                  <>
                    , <span className={difference.smaller ? 'text-finished' : ''}>{difference.text}</span>
                  </>
                )}
              </>
            ) : (
              `${grouped(after)} bytes${before > 0 ? `, from ${size(before)}` : ''}`
            )
          }
        />
      ) : (
        <StatTile label="Output" value="none" context="this task writes no file" />
      )}
      <StatTile
        label="Took"
        value={stopwatch(seconds)}
        context={
          length && seconds > 0
            ? `${significant(length / seconds)}× real time`
            : `${grouped(Math.round(duration_ms))} ms`
        }
      />
      {average ? (
        <StatTile
          label="Average speed"
          value={significant(average)}
          unit="fps"
          context={
            lowest
              ? `lowest ${significant(lowest.fps)} at ${mediaClock(lowest.t_s)}`
              : `${grouped(frames ?? 0)} frames`
          }
        />
      ) : (
        <StatTile
          label="Read"
          value={seconds > 0 && before > 0 ? sizeParts(before / seconds)[0] : '–'}
          unit={seconds > 0 && before > 0 ? `${sizeParts(before / seconds)[1]}/s` : ''}
          context={before > 0 ? `${size(before)} in` : 'no source'}
        />
      )}
      {memory ? (
        <StatTile
          label="Peak memory"
          value={sizeParts(memory)[0]}
          unit={sizeParts(memory)[1]}
          context="of the job’s process"
        />
      ) : (
        <StatTile label="Attempts" value={String(job.attempts)} context={`of ${job.max_attempts}`} />
      )}
    </StatTiles>
  );
}

const numberOf = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
