/** One waveform on a canvas, with its play head. */
import { type PointerEvent, useEffect, useRef } from 'react';
import type { Peaks } from '../api/types';
import { useShownTheme } from '../shell/look';
import { mediaClock } from '../text/time';

interface Props {
  peaks: Peaks;
  label: string;
  /** A token. */
  colour: string;
  /** Of the longer of the two, so that both have the same scale. */
  duration: number;
  time: number;
  zoom: number;
  split: boolean;
  onSeek(seconds: number): void;
}

const HEIGHT = 72;
/** Samples at full scale are taken for clipped. */
const CLIPPED = 0.999;

export function WaveLane({ peaks, label, colour, duration, time, zoom, split, onSeek }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const theme = useShownTheme();
  const lanes = split ? peaks.channels.length : 1;
  const height = HEIGHT * lanes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours.
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => paint(element, { peaks, duration, split, colour });
    draw();
    const resize = new ResizeObserver(draw);
    resize.observe(element);
    return () => resize.disconnect();
  }, [peaks, duration, split, colour, zoom, theme]);
  const drag = (event: PointerEvent) => {
    const area = canvas.current?.getBoundingClientRect();
    if (area && area.width > 0) onSeek((duration * (event.clientX - area.left)) / area.width);
  };
  const part = duration > 0 ? (100 * time) / duration : 0;
  return (
    <div className="pb-2 last:pb-0">
      <p className="t12 text-text-2">{label}</p>
      <div
        ref={scroller}
        className="overflow-x-auto"
        tabIndex={zoom > 1 ? 0 : -1}
        role="group"
        aria-label={`${label}, waveform`}
      >
        <div
          className="relative cursor-pointer touch-pan-x"
          style={{ width: `${100 * zoom}%`, height }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            drag(event);
          }}
          onPointerMove={(event) => event.buttons === 1 && drag(event)}
        >
          <canvas
            ref={canvas}
            className="block h-full w-full"
            role="img"
            aria-label={`Waveform of the ${label.toLowerCase()}`}
          />
          <span
            className="pointer-events-none absolute inset-y-0 w-px bg-text"
            style={{ left: `${part}%` }}
          />
          <input
            type="range"
            className="unseen"
            aria-label={`Place in the ${label.toLowerCase()}`}
            aria-valuetext={mediaClock(time, 1)}
            min={0}
            max={duration || 1}
            step={0.1}
            value={time}
            onChange={(event) => onSeek(event.target.valueAsNumber)}
          />
        </div>
      </div>
    </div>
  );
}

interface Picture {
  peaks: Peaks;
  duration: number;
  split: boolean;
  colour: string;
}

function paint(canvas: HTMLCanvasElement, { peaks, duration, split, colour }: Picture): void {
  const scale = devicePixelRatio || 1;
  const width = Math.min(16_000, Math.round(canvas.clientWidth * scale));
  const height = Math.round(canvas.clientHeight * scale);
  if (width === 0 || height === 0) return;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  const style = getComputedStyle(document.documentElement);
  const plain = style.getPropertyValue(colour).trim();
  const clipped = style.getPropertyValue('--st-failed').trim();
  const groups = split ? peaks.channels.map((channel) => [channel]) : [peaks.channels];
  const used = duration > 0 ? width * Math.min(1, peaks.duration_s / duration) : width;
  const bar = Math.max(1, Math.round(2 * scale));
  groups.forEach((channels, lane) => {
    const half = height / groups.length / 2;
    const middle = half + lane * 2 * half;
    const points = channels[0]?.max.length ?? 0;
    for (let x = 0; x < used; x += bar + Math.round(scale)) {
      const from = Math.floor((x / used) * points);
      const to = Math.max(from + 1, Math.floor(((x + bar) / used) * points));
      let low = 0;
      let high = 0;
      for (const { min, max } of channels) {
        for (let at = from; at < to && at < points; at++) {
          low = Math.min(low, min[at] ?? 0);
          high = Math.max(high, max[at] ?? 0);
        }
      }
      context.fillStyle = high >= CLIPPED || low <= -CLIPPED ? clipped : plain;
      const top = middle - high * (half - 2);
      context.fillRect(x, top, bar, Math.max(scale, middle - low * (half - 2) - top));
    }
  });
}
