/** Lines over time; loaded when there is something to draw. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useShownTheme } from '../shell/look';
import { mediaClock } from '../text/time';

export interface Series {
  label: string;
  /** A token: `--accent`. */
  colour: string;
  values: (number | null)[];
  filled?: boolean;
  /** On which scale; the second one stands on the right. */
  scale?: 'left' | 'right';
  format(value: number): string;
  /** Counts: no half jobs on the axis. */
  whole?: boolean;
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
/** Shorter spans have seconds on their axis. */
const SHORT_S = 600;

interface Props {
  /** Seconds; since the epoch when `clock`. */
  times: number[];
  series: Series[];
  height: number;
  clock?: boolean;
  /** No axes: a line as high as it is. */
  bare?: boolean;
  label: string;
}

export function LineChart({ times, series, height, clock = false, bare = false, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useShownTheme();
  const shape = JSON.stringify(
    series.map(({ label: name, colour, filled, scale }) => [name, colour, filled, scale]),
  );
  const latest = useRef({ times, series });
  latest.current = { times, series };

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when its look changes, not with its values.
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = {
      stroke: colour('--text-2'),
      font,
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    const valueAxis = (scale: 'left' | 'right'): uPlot.Axis => ({
      ...axis,
      scale,
      side: scale === 'left' ? 3 : 1,
      size: 56,
      ...(latest.current.series.some((one) => (one.scale ?? 'left') === scale && one.whole)
        ? { incrs: WHOLE }
        : {}),
      grid: scale === 'left' ? axis.grid : { show: false },
      values: (_, values) => {
        const one = latest.current.series.find((other) => (other.scale ?? 'left') === scale);
        return values.map((value) => (value === null || !one ? '' : one.format(value)));
      },
    });
    const hasRight = latest.current.series.some(({ scale }) => scale === 'right');
    const chart = new uPlot(
      {
        width: element.clientWidth || 300,
        height,
        padding: bare ? [4, 0, 0, 0] : [12, hasRight ? 0 : 12, 0, 0],
        legend: { show: false },
        cursor: { show: !bare, points: { size: 6 }, drag: { x: false, y: false } },
        scales: {
          x: { time: clock },
          left: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, (high ?? 1) * 1.1)] },
          right: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, (high ?? 1) * 1.1)] },
        },
        axes: bare
          ? [{ show: false }, { show: false, scale: 'left' }]
          : [
              {
                ...axis,
                grid: { show: false },
                size: 28,
                values: clock
                  ? (_, values) => values.map((value) => clockText(value, spanOf(values) < SHORT_S))
                  : (_, values) =>
                      values.map((value) =>
                        spanOf(values) < 10 ? `${value.toFixed(1)} s` : mediaClock(value),
                      ),
              },
              valueAxis('left'),
              ...(hasRight ? [valueAxis('right')] : []),
            ],
        series: [
          {},
          ...latest.current.series.map(
            (one): uPlot.Series => ({
              label: one.label,
              scale: one.scale ?? 'left',
              stroke: colour(one.colour),
              fill: one.filled ? `color-mix(in oklab, ${colour(one.colour)} 14%, transparent)` : undefined,
              width: 1.5,
              points: { show: false },
              spanGaps: false,
            }),
          ),
        ],
      },
      dataOf(latest.current),
      element,
    );
    plot.current = chart;
    const resize = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [shape, height, clock, bare, theme]);

  useEffect(() => {
    plot.current?.setData(dataOf({ times, series }));
  }, [times, series]);

  const last = series.map(({ label: name, values, format }) => {
    const value = values.findLast((one) => one !== null);
    return `${name} ${value === undefined || value === null ? 'unknown' : format(value)}`;
  });
  return (
    <div
      ref={box}
      role="img"
      aria-label={`${label}. Last: ${last.join(', ')}.`}
      className="w-full"
      style={{ height }}
    />
  );
}

const spanOf = (values: number[]) => (values.at(-1) ?? 0) - (values[0] ?? 0);

function clockText(seconds: number, precise: boolean): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', { timeStyle: precise ? 'medium' : 'short' });
}

function dataOf({ times, series }: { times: number[]; series: Series[] }): uPlot.AlignedData {
  return [times, ...series.map(({ values }) => values)];
}
