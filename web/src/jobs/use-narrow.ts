import { useSyncExternalStore } from 'react';

const queries = new Map<string, MediaQueryList>();

function media(query: string): MediaQueryList {
  const known = queries.get(query) ?? matchMedia(query);
  queries.set(query, known);
  return known;
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      media(query).addEventListener('change', listener);
      return () => media(query).removeEventListener('change', listener);
    },
    () => media(query).matches,
  );
}

/** Two lines a row, and bottom tabs. */
export const useNarrow = () => useMedia('(max-width: 899px)');
/** Room for a panel beside the list. */
export const useRoomy = () => useMedia('(min-width: 1200px)');
/** Fingers, not a pointer. */
export const useCoarse = () => useMedia('(pointer: coarse)');
