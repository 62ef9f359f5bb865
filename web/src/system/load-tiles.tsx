/** Throughput, waiting, failures, disk: each with what it means. */
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { useStats } from '../api/queries';
import type { HistoryPoint, SystemReport } from '../api/types';
import { grouped, significant, sizeParts } from '../text/numbers';
import { span } from '../text/time';
import { StatTile, StatTiles } from '../ui/stat-tile';

const LineChart = lazy(async () => ({ default: (await import('../ui/line-chart')).LineChart }));

interface Props {
  stats: ReturnType<typeof useStats>['data'];
  system: SystemReport | undefined;
  points: readonly HistoryPoint[];
  stepS: number;
}

/** Of the last so many minutes the throughput is told. */
const RECENT_MS = 15 * 60_000;
const DAY_S = 86_400;

export function LoadTiles({ stats, system, points, stepS }: Props) {
  if (!stats) return <div className="h-[106px] rounded-10 border border-line bg-surface" />;
  const { machine } = stats;
  const { queued = 0, scheduled = 0, deferred = 0, finished = 0, failed = 0 } = stats.jobs;
  const waiting = queued + scheduled + deferred;
  const rate = perMinute(points);
  const ended = finished + failed;
  const disk = system?.disk.find(({ name }) => name === 'output') ?? system?.disk[0];
  const free = disk?.free_bytes ?? stats.storage.free_bytes;
  const fill = filling(points);
  const done = points.map((point) =>
    point.finished === null ? null : (60 * ((point.finished ?? 0) + (point.failed ?? 0))) / stepS,
  );
  return (
    <StatTiles label="Now">
      <StatTile
        label="Throughput"
        value={rate === null ? '–' : significant(rate)}
        unit="jobs/min"
        context={
          done.filter((value) => value !== null).length > 2 ? (
            <Suspense fallback={<span className="block h-6" />}>
              <LineChart
                bare
                label="Jobs a minute"
                height={24}
                times={points.map(({ at }) => Date.parse(at) / 1000)}
                series={[{ label: 'jobs a minute', colour: '--accent', values: done, format: significant }]}
              />
            </Suspense>
          ) : (
            `${grouped(ended)} done so far`
          )
        }
      />
      <StatTile
        label="Waiting"
        value={grouped(waiting)}
        context={
          waiting === 0 ? (
            'nothing waits'
          ) : rate ? (
            `clear in about ${span((60 * waiting) / rate)}`
          ) : (
            <Link to="/jobs" search={{ status: 'queued' }} className="link">
              show them
            </Link>
          )
        }
      />
      <StatTile
        label="Failed"
        value={grouped(failed)}
        context={
          failed === 0 ? (
            `none of ${grouped(ended)}`
          ) : (
            <>
              {((100 * failed) / ended).toFixed(1)} % of {grouped(ended)},{' '}
              <Link to="/jobs" search={{ status: 'failed' }} className="link">
                show them
              </Link>
            </>
          )
        }
      />
      {free === null ? (
        <StatTile
          label="CPU"
          value={String(Math.round(machine.cpu_percent ?? 0))}
          unit="%"
          context={`${machine.cpus} cores`}
        />
      ) : (
        <StatTile
          label="Disk free"
          value={sizeParts(free)[0]}
          unit={sizeParts(free)[1]}
          context={
            fill === null
              ? disk?.total_bytes
                ? `of ${sizeParts(disk.total_bytes).join(' ')}`
                : 'for results'
              : `about ${span(free / fill)} at this rate`
          }
        />
      )}
    </StatTiles>
  );
}

function perMinute(points: readonly HistoryPoint[]): number | null {
  const last = points.at(-1);
  if (!last || points.length < 2) return null;
  const from = Date.parse(last.at) - RECENT_MS;
  const recent = points.filter(({ at }) => Date.parse(at) > from);
  const minutes = (Date.parse(last.at) - Date.parse(recent[0]?.at ?? last.at)) / 60_000;
  if (minutes <= 0) return null;
  return (
    recent.slice(1).reduce((sum, { finished, failed }) => sum + (finished ?? 0) + (failed ?? 0), 0) / minutes
  );
}

/** Bytes a second by which the disk fills; null when it does not, or not within reach. */
function filling(points: readonly HistoryPoint[]): number | null {
  const known = points.filter(({ disk_free_bytes }) => disk_free_bytes !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last || first === last) return null;
  const seconds = (Date.parse(last.at) - Date.parse(first.at)) / 1000;
  const rate = ((first.disk_free_bytes ?? 0) - (last.disk_free_bytes ?? 0)) / seconds;
  const left = (last.disk_free_bytes ?? 0) / rate;
  return seconds > 600 && rate > 0 && left < 60 * DAY_S ? rate : null;
}
