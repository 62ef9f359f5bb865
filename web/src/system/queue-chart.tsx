/** Waiting jobs as a grey area, done jobs a minute as a line; CPU and memory below. */
import { lazy, Suspense } from 'react';
import type { HistoryPoint } from '../api/types';
import { Panel } from '../job/panel';
import { grouped, significant, size } from '../text/numbers';

const LineChart = lazy(async () => ({ default: (await import('../ui/line-chart')).LineChart }));

interface Props {
  points: readonly HistoryPoint[];
  stepS: number;
  loading: boolean;
}

const HEIGHT = 200;
const LOAD_HEIGHT = 120;
const LEAST = 3;

export function QueueChart({ points, stepS, loading }: Props) {
  const times = points.map(({ at }) => Date.parse(at) / 1000);
  const enough = points.length >= LEAST;
  const empty = (
    <p className="flex items-center justify-center text-text-2" style={{ height: LOAD_HEIGHT }}>
      {loading ? '' : 'The course is drawn once there are a few minutes of it.'}
    </p>
  );
  return (
    <>
      <Panel
        title="Queue"
        actions={
          <span className="t12 flex gap-4 text-text-2">
            <Key colour="bg-text-3" text="waiting" />
            <Key colour="bg-accent" text="done per minute" />
          </span>
        }
      >
        {enough ? (
          <Suspense fallback={<div style={{ height: HEIGHT }} />}>
            <LineChart
              label="Queue"
              clock
              height={HEIGHT}
              times={times}
              series={[
                {
                  label: 'waiting',
                  colour: '--text-3',
                  filled: true,
                  values: points.map(({ waiting }) => waiting),
                  format: (value) => grouped(Math.round(value)),
                  whole: true,
                },
                {
                  label: 'done per minute',
                  colour: '--accent',
                  scale: 'right',
                  values: points.map(({ finished, failed }) =>
                    finished === null ? null : (60 * (finished + (failed ?? 0))) / stepS,
                  ),
                  format: (value) => `${significant(value)} /min`,
                },
              ]}
            />
          </Suspense>
        ) : (
          empty
        )}
      </Panel>
      <Panel
        title="Load"
        actions={
          <span className="t12 flex gap-4 text-text-2">
            <Key colour="bg-accent" text="CPU" />
            <Key colour="bg-text-3" text="memory" />
          </span>
        }
      >
        {enough ? (
          <Suspense fallback={<div style={{ height: LOAD_HEIGHT }} />}>
            <LineChart
              label="Load"
              clock
              height={LOAD_HEIGHT}
              times={times}
              series={[
                {
                  label: 'CPU',
                  colour: '--accent',
                  values: points.map(({ cpu_percent }) => cpu_percent),
                  format: (value) => `${Math.round(value)} %`,
                },
                {
                  label: 'memory',
                  colour: '--text-3',
                  filled: true,
                  scale: 'right',
                  values: points.map(({ memory_bytes }) => memory_bytes),
                  format: size,
                },
              ]}
            />
          </Suspense>
        ) : (
          empty
        )}
      </Panel>
    </>
  );
}

function Key({ colour, text }: { colour: string; text: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span className={`h-0.5 w-2.5 rounded-4 ${colour}`} aria-hidden="true" />
      {text}
    </span>
  );
}
