/** The player that stands at a moment of the source, if one is open: fields take the moment from it. */
import { useSyncExternalStore } from 'react';

type Moment = () => number;

let player: Moment | null = null;
const listeners = new Set<() => void>();

function set(next: Moment | null): void {
  player = next;
  for (const listener of [...listeners]) listener();
}

/** Answers how to close it. */
export function openPlayer(moment: Moment): () => void {
  set(moment);
  return () => {
    if (player === moment) set(null);
  };
}

/** Seconds from the beginning; null while no player is open. */
export function usePlayer(): Moment | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => player,
  );
}
