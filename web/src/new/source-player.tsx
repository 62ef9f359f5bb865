/** The file itself where the browser can play it, else single frames of it that the server decodes. */
import { Pause, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { mediaClock } from '../text/time';
import { type OnFrame, UseFrame } from '../viewers/use-frame';
import { openPlayer } from './frame';

interface Props {
  /** On its way up, and at hand. */
  file: File | null;
  /** Once it is there. */
  fileId: string | null;
  duration: number | null;
  poster: string | null;
  onFrame: OnFrame;
}

/** Somebody who drags asks for no frame on the way. */
const STAY_MS = 180;

export function SourcePlayer({ file, fileId, duration, poster, onFrame }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const moment = useRef(0);
  const [url, setUrl] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  const [time, setTime] = useState(0);
  const [playing, setPlaying] = useState(false);
  const length = duration ?? 0;
  const stand = (seconds: number) => {
    moment.current = seconds;
    setTime(seconds);
  };
  useEffect(() => {
    if (!file) return;
    const own = URL.createObjectURL(file);
    setUrl(own);
    setBroken(false);
    return () => URL.revokeObjectURL(own);
  }, [file]);
  useEffect(() => openPlayer(() => moment.current), []);
  const plays = url !== null && !broken;
  if (!plays && !fileId) return poster ? <Still src={poster} /> : null;
  return (
    <div className="bg-stage text-stage-text">
      {plays ? (
        <video
          ref={video}
          src={url}
          poster={poster ?? undefined}
          muted
          playsInline
          preload="metadata"
          aria-label="Source"
          className="mx-auto block max-h-[220px] w-full"
          onError={() => setBroken(true)}
          onTimeUpdate={(event) => stand(event.currentTarget.currentTime)}
          onPlay={() => setPlaying(true)}
          onPause={() => setPlaying(false)}
        />
      ) : (
        <ServerFrames fileId={fileId ?? ''} at={time} />
      )}
      {length > 0 && (
        <input
          type="range"
          className="slider mx-3 w-[calc(100%-24px)]"
          style={{ '--part': `${(100 * time) / length}%` } as React.CSSProperties}
          aria-label="Moment in the source"
          aria-valuetext={mediaClock(time, 3)}
          min={0}
          max={length}
          step="any"
          value={Math.min(time, length)}
          onChange={(event) => {
            const to = event.target.valueAsNumber;
            if (video.current) video.current.currentTime = to;
            stand(to);
          }}
        />
      )}
      <p className="flex items-center gap-1 px-1.5 pb-1">
        {plays && (
          <button
            type="button"
            aria-label={playing ? 'Pause the source' : 'Play the source'}
            className="flex size-8 items-center justify-center rounded-4 hover:bg-stage-2"
            onClick={() => (playing ? video.current?.pause() : void video.current?.play().catch(() => {}))}
          >
            {playing ? (
              <Pause size={14} fill="currentColor" aria-hidden="true" />
            ) : (
              <Play size={14} fill="currentColor" aria-hidden="true" />
            )}
          </button>
        )}
        <span className="flex-1 px-1.5 text-stage-text-2">{mediaClock(time, 3)}</span>
        <UseFrame
          time={() => moment.current}
          onFrame={onFrame}
          className="flex min-h-8 items-center gap-1.5 rounded-4 px-2 hover:bg-stage-2"
        />
      </p>
    </div>
  );
}

export function Still({ src }: { src: string }) {
  return (
    <div className="bg-stage">
      <img
        src={src}
        alt=""
        className="mx-auto block max-h-[200px] w-full object-contain"
        onError={(event) => event.currentTarget.remove()}
      />
    </div>
  );
}

/** Frames that the server decodes, of what the browser cannot play. */
function ServerFrames({ fileId, at }: { fileId: string; at: number }) {
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(at), STAY_MS);
    return () => clearTimeout(timer);
  }, [at]);
  const query = asked === 0 ? '' : `&at=${asked.toFixed(3)}`;
  return (
    <img
      src={`/api/files/${encodeURIComponent(fileId)}/poster?width=640${query}`}
      alt={asked === 0 ? '' : `Frame at ${mediaClock(asked, 3)}`}
      className="mx-auto block max-h-[200px] w-full object-contain"
    />
  );
}
