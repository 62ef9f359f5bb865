/** Frames per second and memory over the time of the job. */
import { lazy, Suspense } from 'react';
import type { Sample } from '../api/types';
import { significant, size } from '../text/numbers';
import { Panel } from './panel';

const LineChart = lazy(async () => ({ default: (await import('../ui/line-chart')).LineChart }));

const HEIGHT = 110;
/** Fewer say nothing about a course. */
const LEAST = 3;

export function SpeedChart({ samples }: { samples: readonly Sample[] }) {
  const rates = samples.flatMap(({ fps }) => (fps ? [fps] : []));
  const memory = samples.map(({ memory_bytes }) => memory_bytes);
  const times = samples.map(({ t_s }) => t_s);
  const known = memory.filter((value) => value !== null);
  if (samples.length < LEAST) return null;
  return (
    <>
      {rates.length >= LEAST && (
        <Panel
          title="Speed"
          aside="frames per second"
          actions={
            <span className="t12 text-text-2">
              {significant(rates.reduce((a, b) => a + b, 0) / rates.length)} average
            </span>
          }
        >
          <Suspense fallback={<div style={{ height: HEIGHT }} />}>
            <LineChart
              label="Frames per second"
              height={HEIGHT}
              times={times}
              series={[
                {
                  label: 'fps',
                  colour: '--accent',
                  filled: true,
                  values: samples.map(({ fps }) => fps),
                  format: significant,
                },
              ]}
            />
          </Suspense>
        </Panel>
      )}
      {known.length >= LEAST && (
        <Panel
          title="Memory"
          aside="of the job’s process"
          actions={<span className="t12 text-text-2">{size(Math.max(...known))} at most</span>}
        >
          <Suspense fallback={<div style={{ height: HEIGHT }} />}>
            <LineChart
              label="Memory"
              height={HEIGHT}
              times={times}
              series={[{ label: 'memory', colour: '--text-3', filled: true, values: memory, format: size }]}
            />
          </Suspense>
        </Panel>
      )}
    </>
  );
}
