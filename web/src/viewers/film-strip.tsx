/** Stills, play head, cut diamonds, hatched red from the break on. Drag to seek; arrows move and jump. */
import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { jobUrl } from '../api/client';
import type { Job } from '../api/types';
import { mediaClock } from '../text/time';
import { stillsOf } from './stills';

export interface Cut {
  time_s: number;
  score?: number;
}

interface Props {
  job: Job;
  of: 'source' | 'result';
  /** What the browser can play, when the server makes no strip. */
  video: string | null;
  duration: number;
  time: number;
  cuts?: readonly Cut[];
  /** From here on nothing can be decoded. */
  brokenAt?: number | null;
  onSeek?(seconds: number): void;
}

const STILLS = 12;
const HEIGHT = 48;
/** Marks under the strip. */
const MARKS = [0, 0.25, 0.5, 0.75, 1];

export function FilmStrip({ job, of, video, duration, time, cuts = [], brokenAt = null, onSeek }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [strip, setStrip] = useState<'asked' | 'there' | 'missing'>('asked');
  const [stills, setStills] = useState<readonly string[]>([]);
  const url = jobUrl(job.id, 'strip', { of, count: STILLS, height: HEIGHT });
  useEffect(() => {
    if (strip !== 'missing' || !video) return;
    const abort = new AbortController();
    stillsOf(video, STILLS, HEIGHT, abort.signal).then(setStills, () => {});
    return () => abort.abort();
  }, [strip, video]);
  const part = (seconds: number) =>
    duration > 0 ? Math.min(100, Math.max(0, (100 * seconds) / duration)) : 0;
  const drag = (event: PointerEvent) => {
    const area = box.current?.getBoundingClientRect();
    if (area && area.width > 0) onSeek?.((duration * (event.clientX - area.left)) / area.width);
  };
  return (
    <div className="px-3 pb-2">
      <div
        ref={box}
        className={`relative h-12 rounded-4 bg-stage-2 ${onSeek ? 'cursor-pointer touch-pan-y' : ''}`}
        onPointerDown={(event) => {
          if (!onSeek) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && drag(event)}
      >
        <div className="absolute inset-0 flex overflow-hidden rounded-4">
          {strip !== 'missing' ? (
            <img
              src={url}
              alt=""
              className="h-full w-full object-fill"
              draggable={false}
              onLoad={() => setStrip('there')}
              onError={() => setStrip('missing')}
            />
          ) : (
            stills.map((src, index) => (
              <img
                key={index}
                src={src}
                alt=""
                draggable={false}
                className="h-full min-w-0 flex-1 border-r border-stage object-cover last:border-r-0"
              />
            ))
          )}
          {brokenAt !== null && (
            <span
              className="broken absolute inset-y-0 right-0 border-l-2 border-stage-text"
              style={{ left: `${part(brokenAt)}%` }}
            />
          )}
        </div>
        {cuts.map(({ time_s }) => (
          <span
            key={time_s}
            className="absolute -bottom-1 size-2 -translate-x-1/2 rotate-45 bg-stage-accent"
            style={{ left: `${part(time_s)}%` }}
            aria-hidden="true"
          />
        ))}
        {onSeek && (
          <span
            className="pointer-events-none absolute -inset-y-1 w-0.5 -translate-x-1/2 bg-stage-text"
            style={{ left: `${part(time)}%` }}
          >
            <input
              type="range"
              className="pointer-events-auto absolute -top-1 left-1/2 h-2 w-3 -translate-x-1/2 appearance-none rounded-4 bg-stage-text [&::-moz-range-thumb]:opacity-0 [&::-webkit-slider-thumb]:opacity-0"
              aria-label="Place in the film"
              aria-valuetext={mediaClock(time, 3)}
              min={0}
              max={duration || 1}
              step="any"
              value={time}
              onChange={(event) => onSeek(event.target.valueAsNumber)}
              onKeyDown={(event) => {
                const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
                if (step === undefined) return;
                event.preventDefault();
                event.stopPropagation();
                onSeek(jump(cuts, time, step, duration));
              }}
            />
          </span>
        )}
      </div>
      <div className="t11 flex justify-between pt-2 text-stage-text-2" aria-hidden="true">
        {MARKS.map((share) => (
          <span key={share}>{mediaClock(share * duration)}</span>
        ))}
      </div>
    </div>
  );
}

/** To the next cut where there are any, else by a fiftieth of the film. */
function jump(cuts: readonly Cut[], time: number, step: number, duration: number): number {
  if (cuts.length === 0) return time + (step * duration) / 50;
  const beyond =
    step > 0
      ? cuts.find(({ time_s }) => time_s > time + 0.001)
      : cuts.findLast(({ time_s }) => time_s < time - 0.001);
  return beyond?.time_s ?? (step > 0 ? duration : 0);
}
