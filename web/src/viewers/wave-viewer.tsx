/** Waveforms: source grey, result accent, same scale and one clock; zoom, channels, clipping marked. */
import { Pause, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { usePeaks } from '../api/queries';
import type { Job } from '../api/types';
import { useKeys } from '../keys/keys';
import { mediaClock } from '../text/time';
import { usePreview } from './use-preview';
import { WaveLane } from './wave-lane';

const POINTS = 2000;
const ZOOMS = [1, 2, 4, 8, 16];

export function WaveViewer({ job, result }: { job: Job; result: boolean }) {
  const source = usePeaks(job.id, 'source', POINTS, Boolean(job.input_path));
  const made = usePeaks(job.id, 'result', POINTS, result);
  const preview = usePreview(job, result ? 'result' : 'source');
  const original = usePreview(job, 'source');
  const [which, setWhich] = useState<'source' | 'result'>(result ? 'result' : 'source');
  const [zoom, setZoom] = useState(1);
  const [split, setSplit] = useState(false);
  const [time, setTime] = useState(0);
  const [playing, setPlaying] = useState(false);
  const player = useRef<HTMLAudioElement>(null);
  const url = (which === 'source' ? original : preview).data?.url ?? null;
  const duration = Math.max(source.data?.duration_s ?? 0, made.data?.duration_s ?? 0);
  const channels = Math.max(source.data?.channels.length ?? 0, made.data?.channels.length ?? 0);

  const seek = (seconds: number) => {
    const to = Math.min(Math.max(0, seconds), duration);
    setTime(to);
    if (player.current) player.current.currentTime = to;
  };
  const play = () => {
    if (player.current?.paused) void player.current.play().catch(() => {});
    else player.current?.pause();
  };
  // The other of the two goes on where this one was.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the player matters.
  useEffect(() => {
    const element = player.current;
    if (!element) return;
    const at = time;
    const go = () => {
      element.currentTime = at;
      if (playing) void element.play().catch(() => {});
    };
    element.addEventListener('loadedmetadata', go, { once: true });
    return () => element.removeEventListener('loadedmetadata', go);
  }, [url]);
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const tick = () => {
      if (player.current) setTime(player.current.currentTime);
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [playing]);
  useKeys('Player', [
    { keys: 'Space', label: 'Play', hint: true, run: play },
    { keys: 'ArrowLeft', label: 'A tenth of a second back', run: () => seek(time - 0.1) },
    { keys: 'ArrowRight', label: 'A tenth of a second on', run: () => seek(time + 0.1) },
    { keys: 'Shift+ArrowLeft', label: 'One second back', run: () => seek(time - 1) },
    { keys: 'Shift+ArrowRight', label: 'One second on', run: () => seek(time + 1) },
    ...(result
      ? [
          {
            keys: '\\',
            label: 'Hear source or result',
            hint: true,
            run: () => setWhich(which === 'source' ? 'result' : 'source'),
          },
        ]
      : []),
  ]);

  if (source.isError && (made.isError || !result) && !url) return null;
  const lane = (of: 'source' | 'result', data: typeof source.data) =>
    data && (
      <WaveLane
        peaks={data}
        label={of === 'source' ? 'Source' : 'Result'}
        colour={of === 'source' ? '--text-3' : '--accent'}
        duration={duration}
        time={time}
        zoom={zoom}
        split={split}
        onSeek={seek}
      />
    );
  return (
    <section aria-label="Waveform" className="panel">
      <div className="panel-head flex-wrap">
        <h2>Waveform</h2>
        <span className="aside">{loudness(job)}</span>
        <span className="flex-1" />
        {channels > 1 && (
          <button
            type="button"
            className="btn btn-small"
            aria-pressed={split}
            onClick={() => setSplit(!split)}
          >
            {split ? 'Join channels' : 'Split channels'}
          </button>
        )}
        <label className="t12 flex items-center gap-2 font-normal text-text-2">
          Zoom
          <select
            className="field min-h-7 w-[72px] py-0"
            value={zoom}
            onChange={(event) => setZoom(Number(event.target.value))}
          >
            {ZOOMS.map((one) => (
              <option key={one} value={one}>
                {one}×
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="p-4">
        {lane('source', source.data)}
        {result && lane('result', made.data)}
        {!source.data && !made.data && !source.isLoading && !made.isLoading && (
          <p className="text-text-2">The waveform could not be drawn.</p>
        )}
      </div>
      {url && (
        <div className="flex items-center gap-3 border-t border-line px-4 py-2">
          <button
            type="button"
            className="btn btn-icon"
            aria-label={playing ? 'Pause' : 'Play'}
            onClick={play}
          >
            {playing ? <Pause size={15} aria-hidden="true" /> : <Play size={15} aria-hidden="true" />}
          </button>
          <span>
            {mediaClock(time, 1)} <span className="text-text-2">of {mediaClock(duration, 1)}</span>
          </span>
          <span className="flex-1" />
          {result && (
            <fieldset className="segments" aria-label="Hear">
              {(['source', 'result'] as const).map((one) => (
                <button key={one} type="button" aria-pressed={which === one} onClick={() => setWhich(one)}>
                  {one === 'source' ? 'Source' : 'Result'}
                </button>
              ))}
            </fieldset>
          )}
          <audio
            ref={player}
            src={url}
            preload="metadata"
            onPlay={() => setPlaying(true)}
            onPause={() => setPlaying(false)}
          />
        </div>
      )}
    </section>
  );
}

function loudness(job: Job): string {
  const { before, after } = (job.result?.data ?? {}) as Record<
    string,
    { integrated_lufs?: number } | undefined
  >;
  const [a, b] = [before?.integrated_lufs, after?.integrated_lufs];
  return a === undefined || b === undefined
    ? ''
    : `${a.toFixed(1)} → ${b.toFixed(1)} LUFS`.replaceAll('-', '−');
}
