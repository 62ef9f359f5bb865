/** One clock for two players: the first leads, the second is held to it within a frame. */
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';

export interface Clock {
  time: number;
  duration: number;
  playing: boolean;
  play(on?: boolean): void;
  seek(seconds: number): void;
  step(frames: number): void;
}

/** Smaller differences are caught up by playing a little faster. */
const JUMP_S = 0.25;

export function useClock(
  lead: RefObject<HTMLVideoElement | null>,
  follow: RefObject<HTMLVideoElement | null>,
  frameS: number,
  ready: boolean,
): Clock {
  const [time, setTime] = useState(0);
  const [duration, setDuration] = useState(0);
  const [playing, setPlaying] = useState(false);
  const frame = useRef(0);

  const sync = useCallback(() => {
    const [a, b] = [lead.current, follow.current];
    if (!a || !b) return;
    const drift = b.currentTime - a.currentTime;
    if (a.paused || Math.abs(drift) > JUMP_S) {
      if (Math.abs(drift) > 0.0005) b.currentTime = a.currentTime;
      b.playbackRate = 1;
    } else {
      b.playbackRate = Math.abs(drift) > frameS / 2 ? (drift > 0 ? 0.9 : 1.1) : 1;
    }
  }, [lead, follow, frameS]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the players are there once they are ready.
  useEffect(() => {
    const a = lead.current;
    if (!a) return;
    const known = () => setDuration(Number.isFinite(a.duration) ? a.duration : 0);
    const tick = () => {
      setTime(a.currentTime);
      sync();
      if (!a.paused) frame.current = requestAnimationFrame(tick);
    };
    const begin = () => {
      setPlaying(true);
      void follow.current?.play().catch(() => {});
      cancelAnimationFrame(frame.current);
      frame.current = requestAnimationFrame(tick);
    };
    const end = () => {
      setPlaying(false);
      follow.current?.pause();
      tick();
    };
    known();
    a.addEventListener('loadedmetadata', known);
    a.addEventListener('play', begin);
    a.addEventListener('pause', end);
    a.addEventListener('seeked', tick);
    return () => {
      cancelAnimationFrame(frame.current);
      a.removeEventListener('loadedmetadata', known);
      a.removeEventListener('play', begin);
      a.removeEventListener('pause', end);
      a.removeEventListener('seeked', tick);
    };
  }, [lead, follow, sync, ready]);

  return useMemo(() => {
    const seek = (seconds: number) => {
      const a = lead.current;
      if (!a) return;
      const to = Math.min(Math.max(0, seconds), Math.max(0, (a.duration || 0) - frameS / 2));
      a.currentTime = to;
      if (follow.current) follow.current.currentTime = to;
      setTime(to);
    };
    return {
      time,
      duration,
      playing,
      seek,
      play(on = !playing) {
        if (on) void lead.current?.play().catch(() => {});
        else lead.current?.pause();
      },
      step(frames) {
        lead.current?.pause();
        // The middle of a frame is shown by every player; its edge may be the one before.
        const number = Math.floor((lead.current?.currentTime ?? 0) / frameS + 1e-6) + frames;
        seek((number + 0.5) * frameS);
      },
    };
  }, [time, duration, playing, lead, follow, frameS]);
}
