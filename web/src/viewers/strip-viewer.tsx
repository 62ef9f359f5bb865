/** Scene cuts on a film strip, with the source above them. */
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Job } from '../api/types';
import { useKeys } from '../keys/keys';
import { plural } from '../text/numbers';
import { mediaClock } from '../text/time';
import { type Cut, FilmStrip } from './film-strip';
import { useClock } from './use-clock';
import { UseFrame } from './use-frame';
import { usePreview } from './use-preview';

const FRAME_S = 0.04;

export function StripViewer({ job, cuts, duration }: { job: Job; cuts: readonly Cut[]; duration: number }) {
  const source = usePreview(job, 'source');
  const lead = useRef<HTMLVideoElement>(null);
  const none = useRef<HTMLVideoElement>(null);
  const url = source.data?.state === 'ready' && source.data.playable ? source.data.url : null;
  const navigate = useNavigate();
  const clock = useClock(lead, none, FRAME_S, Boolean(url));
  const length = duration || clock.duration;
  const near = cuts.findLast(({ time_s }) => time_s <= clock.time + 0.001);
  const to = (cut: Cut | undefined) => cut && clock.seek(cut.time_s + FRAME_S / 2);
  useKeys('Player', [
    { keys: 'Space', label: 'Play', hint: true, run: () => clock.play() },
    {
      keys: '[',
      label: 'Previous cut',
      hint: true,
      run: () => to(cuts.findLast(({ time_s }) => time_s < clock.time - FRAME_S)),
    },
    {
      keys: ']',
      label: 'Next cut',
      hint: true,
      run: () => to(cuts.find(({ time_s }) => time_s > clock.time + 0.001)),
    },
    { keys: 'ArrowLeft', label: 'One frame back', run: () => clock.step(-1) },
    { keys: 'ArrowRight', label: 'One frame on', run: () => clock.step(1) },
  ]);
  return (
    <section aria-label="Scene cuts" className="stage">
      {url && (
        <video
          ref={lead}
          src={url}
          playsInline
          preload="auto"
          className="mx-auto max-h-[52vh] w-full"
          aria-label="Source"
          onClick={() => clock.play()}
        />
      )}
      <p className="flex flex-wrap items-center gap-3 px-3 py-2">
        <strong className="font-semibold">Scene cuts</strong>
        <span className="text-stage-text-2">{plural(cuts.length, 'cut')}</span>
        <span className="flex-1" />
        <span className="text-stage-text-2">
          {near
            ? `${mediaClock(near.time_s, 3)}${near.score === undefined ? '' : `, score ${near.score.toFixed(2)}`}`
            : mediaClock(clock.time, 3)}
        </span>
        {url && job.input_path && (
          <UseFrame
            time={() => clock.time}
            onFrame={(task, params) =>
              void navigate({
                to: '/new',
                search: { input: job.input_path ?? '', task, params: JSON.stringify(params) },
              })
            }
            className="flex min-h-7 items-center gap-1.5 rounded-4 px-2 text-stage-text-2 hover:bg-stage-2"
          />
        )}
        {url && (
          <button type="button" className="min-h-7 rounded-4 bg-stage-line px-3" onClick={() => clock.play()}>
            {clock.playing ? 'Pause' : 'Play'}
          </button>
        )}
      </p>
      <FilmStrip
        job={job}
        of="source"
        video={url}
        duration={length}
        time={clock.time}
        cuts={cuts}
        onSeek={url ? clock.seek : undefined}
      />
    </section>
  );
}
