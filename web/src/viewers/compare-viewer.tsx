/** Source and result in one picture cut by a line, side by side, or their difference; one clock for both. */
import { useNavigate } from '@tanstack/react-router';
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { type CSSProperties, useRef, useState } from 'react';
import type { Job } from '../api/types';
import { useKeys } from '../keys/keys';
import { bitRate, grouped } from '../text/numbers';
import { mediaClock } from '../text/time';
import { CompareHandle } from './compare-handle';
import { FilmStrip } from './film-strip';
import { useClock } from './use-clock';
import { UseFrame } from './use-frame';
import { usePreview } from './use-preview';

type View = 'slide' | 'side' | 'difference';
const VIEWS: [View, string][] = [
  ['slide', 'Slide'],
  ['side', 'Side by side'],
  ['difference', 'Difference'],
];
/** Codecs by their names in FFmpeg; others are shown as they are. */
const CODECS: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  mpeg2video: 'MPEG-2',
};
const ENCODERS: Record<string, string> = {
  libx264: 'H.264',
  libx265: 'H.265',
  libsvtav1: 'AV1',
  'libvpx-vp9': 'VP9',
};
/** Where the result does not say how fast it runs. */
const USUAL_FPS = 25;

export function CompareViewer({ job, compared }: { job: Job; compared: boolean }) {
  const source = usePreview(job, 'source');
  const result = usePreview(job, 'result');
  const lead = useRef<HTMLVideoElement>(null);
  const follow = useRef<HTMLVideoElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>('slide');
  const [cut, setCut] = useState(50);
  const [real, setReal] = useState(false);
  const [flipped, setFlipped] = useState(false);
  const [broken, setBroken] = useState(false);
  const both = compared && source.data?.state === 'ready' && Boolean(source.data.url) && !broken;
  const ready = result.data?.state === 'ready' && Boolean(result.data.url);
  const data = job.result?.data ?? {};
  const fps = frameRate(data);
  const clock = useClock(lead, follow, 1 / fps, ready && both);
  const frames = typeof data.frames === 'number' ? data.frames : Math.round(clock.duration * fps);
  const shown: View = both ? view : 'slide';
  const navigate = useNavigate();
  // The source has the better picture, where it is the same film.
  const frameOf = both ? job.input_path : (job.result?.output_path ?? null);

  useKeys('Player', [
    { keys: 'Space', label: 'Play', hint: true, run: () => clock.play() },
    { keys: 'ArrowLeft', label: 'One frame back', run: () => clock.step(-1) },
    { keys: 'ArrowRight', label: 'One frame on', run: () => clock.step(1) },
    { keys: 'Shift+ArrowLeft', label: 'One second back', run: () => clock.seek(clock.time - 1) },
    { keys: 'Shift+ArrowRight', label: 'One second on', run: () => clock.seek(clock.time + 1) },
    { keys: '\\', label: 'Flip A and B', hint: true, run: () => setFlipped(!flipped) },
    ...VIEWS.map(([one, label], index) => ({ keys: String(index + 1), label, run: () => setView(one) })),
    {
      keys: 'f',
      label: 'Full screen',
      run: () =>
        void (document.fullscreenElement ? document.exitFullscreen() : box.current?.requestFullscreen()),
    },
  ]);

  if (
    result.isError ||
    result.data?.state === 'failed' ||
    (result.data?.state === 'ready' && !result.data.url)
  ) {
    return <Unplayable detail={result.data?.detail ?? null} />;
  }
  if (!ready) return <Making percent={result.data?.percent ?? null} />;
  const fit = real ? 'object-none' : 'object-contain';
  const place = (side: 'source' | 'result'): CSSProperties => {
    if (!both || shown === 'side') return {};
    if (side === 'source') return {};
    if (shown === 'difference') return { mixBlendMode: 'difference' };
    return { clipPath: flipped ? `inset(0 ${100 - cut}% 0 0)` : `inset(0 0 0 ${cut}%)` };
  };
  const ratio =
    typeof data.width === 'number' && typeof data.height === 'number' && data.height > 0
      ? data.width / data.height
      : 16 / 9;
  return (
    <section
      ref={box}
      aria-label="Comparison"
      className="stage flex flex-col max-tab:-mx-4 max-tab:rounded-none"
    >
      <div
        className={`relative min-h-0 flex-1 overflow-hidden bg-stage ${shown === 'side' && both ? 'grid grid-cols-2 gap-px max-tab:grid-cols-1' : ''}`}
        style={{
          aspectRatio: shown === 'side' && both ? undefined : String(ratio),
          maxHeight: 'min(72vh, 720px)',
          isolation: 'isolate',
        }}
      >
        {both && (
          <video
            ref={follow}
            className={`${shown === 'side' ? 'w-full' : 'absolute inset-0 h-full w-full'} ${fit}`}
            src={source.data?.url ?? undefined}
            muted
            playsInline
            preload="auto"
            aria-label="Source"
            style={place('source')}
            onError={() => setBroken(true)}
          />
        )}
        <video
          ref={lead}
          className={`${shown === 'side' && both ? 'w-full' : 'absolute inset-0 h-full w-full'} ${fit}`}
          src={result.data?.url ?? undefined}
          playsInline
          preload="auto"
          aria-label="Result"
          style={place('result')}
        />
        {both && shown === 'slide' && <CompareHandle value={cut} onChange={setCut} />}
        {both && (
          <Tag
            className={flipped && shown === 'slide' ? 'right-3' : 'left-3'}
            name="Source"
            text={sourceText(job)}
          />
        )}
        <Tag
          className={both && !(flipped && shown === 'slide') ? 'right-3' : 'left-3'}
          name="Result"
          text={resultText(job)}
          rendition={result.data?.rendition}
        />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-2">
        <span className="flex">
          <PlayerButton label="One frame back" run={() => clock.step(-1)}>
            <SkipBack size={15} fill="currentColor" aria-hidden="true" />
          </PlayerButton>
          <PlayerButton label={clock.playing ? 'Pause' : 'Play'} run={() => clock.play()}>
            {clock.playing ? (
              <Pause size={15} fill="currentColor" aria-hidden="true" />
            ) : (
              <Play size={15} fill="currentColor" aria-hidden="true" />
            )}
          </PlayerButton>
          <PlayerButton label="One frame on" run={() => clock.step(1)}>
            <SkipForward size={15} fill="currentColor" aria-hidden="true" />
          </PlayerButton>
        </span>
        <span>{mediaClock(clock.time, 3)}</span>
        <span className="text-stage-text-2 max-tab:hidden">
          frame {grouped(Math.min(frames, Math.floor(clock.time * fps + 1e-6) + 1))} of {grouped(frames)}
        </span>
        <span className="flex-1" />
        {frameOf && (
          <UseFrame
            time={() => clock.time}
            onFrame={(task, params) =>
              void navigate({ to: '/new', search: { input: frameOf, task, params: JSON.stringify(params) } })
            }
            className="flex min-h-7 items-center gap-1.5 rounded-4 px-2 text-stage-text-2 hover:bg-stage-2"
          />
        )}
        {both && (
          <fieldset aria-label="View" className="flex rounded-6 border border-stage-line p-0.5">
            {VIEWS.map(([one, label]) => (
              <button
                key={one}
                type="button"
                aria-pressed={one === view}
                className="min-h-7 rounded-4 px-2.5 text-stage-text-2 aria-pressed:bg-stage-line aria-pressed:font-medium aria-pressed:text-stage-text"
                onClick={() => setView(one)}
              >
                {label}
              </button>
            ))}
          </fieldset>
        )}
        <button
          type="button"
          aria-pressed={real}
          className="min-h-7 rounded-4 px-2 text-stage-text-2 aria-pressed:bg-stage-line aria-pressed:text-stage-text"
          onClick={() => setReal(!real)}
        >
          1:1
        </button>
      </div>
      <FilmStrip
        job={job}
        of="result"
        video={result.data?.url ?? null}
        duration={clock.duration}
        time={clock.time}
        onSeek={clock.seek}
      />
    </section>
  );
}

function PlayerButton({ label, run, children }: { label: string; run(): void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="flex size-8 items-center justify-center rounded-4 hover:bg-stage-2"
      onClick={run}
    >
      {children}
    </button>
  );
}

function Tag({
  name,
  text,
  className,
  rendition = false,
}: {
  name: string;
  text: string;
  className: string;
  rendition?: boolean;
}) {
  return (
    <span
      className={`t12 pointer-events-none absolute top-3 rounded-4 bg-[oklch(0.17_0_0/0.85)] px-2 py-1 text-stage-text ${className}`}
    >
      <strong className="font-semibold">{name}</strong> {text}
      {rendition && <span className="text-stage-text-2"> · preview rendition</span>}
    </span>
  );
}

function Making({ percent }: { percent: number | null }) {
  return (
    <section
      aria-label="Comparison"
      className="stage flex aspect-video flex-col items-center justify-center gap-3"
    >
      <p role="status">
        Making a rendition that this browser can play{percent === null ? '' : `, ${Math.floor(percent)} %`}
      </p>
      <span className="h-1 w-[240px] overflow-hidden rounded-4 bg-stage-line">
        <span
          className="block h-full origin-left bg-stage-accent"
          style={{ transform: `scaleX(${(percent ?? 0) / 100})` }}
        />
      </span>
    </section>
  );
}

function Unplayable({ detail }: { detail: string | null }) {
  return (
    <section
      aria-label="Comparison"
      className="stage flex min-h-[160px] items-center justify-center p-8 text-center text-stage-text-2"
    >
      This browser cannot play the result. {detail} Download it to see it.
    </section>
  );
}

function frameRate(data: Record<string, unknown>): number {
  if (typeof data.frame_rate === 'number' && data.frame_rate > 0) return data.frame_rate;
  const { frames, duration_s } = data;
  if (typeof frames === 'number' && typeof duration_s === 'number' && duration_s > 0)
    return frames / duration_s;
  return USUAL_FPS;
}

function resultText(job: Job): string {
  const { data = {}, metrics } = job.result ?? {};
  const encoder = typeof data.encoder === 'string' ? (ENCODERS[data.encoder] ?? data.encoder) : '';
  const rate = rateOf(metrics?.output_size_bytes, data.duration_s);
  return [encoder, rate].filter(Boolean).join(' · ');
}

function sourceText(job: Job): string {
  const codec = job.plan?.steps.find(({ kind, from }) => kind === 'video' && from)?.from ?? '';
  return [CODECS[codec] ?? codec, rateOf(job.result?.metrics.input_size_bytes, job.result?.data.duration_s)]
    .filter(Boolean)
    .join(' · ');
}

function rateOf(bytes: number | undefined, duration: unknown): string {
  return bytes && typeof duration === 'number' && duration > 0 ? bitRate((bytes * 8) / duration) : '';
}
