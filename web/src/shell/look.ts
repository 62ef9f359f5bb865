/** Theme and density: the system's, then the choice. public/theme.js reads the same key before the first paint. */
import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'normal' | 'compact';

interface Look {
  theme: Theme;
  density: Density;
}

const KEY = 'mediamill.look';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let look = read();

function read(): Look {
  try {
    return { theme: 'system', density: 'normal', ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return { theme: 'system', density: 'normal' };
  }
}

function apply(): void {
  const { dataset } = document.documentElement;
  dataset.theme = look.theme === 'system' ? (system.matches ? 'dark' : 'light') : look.theme;
  if (look.density === 'compact') dataset.density = 'compact';
  else delete dataset.density;
  for (const listener of [...listeners]) listener();
}

export function setLook(change: Partial<Look>): void {
  look = { ...look, ...change };
  localStorage.setItem(KEY, JSON.stringify(look));
  apply();
}

export function useLook(): Look {
  return useSyncExternalStore(subscribe, () => look);
}

/** The theme that is shown; for what is drawn on a canvas. */
export function useShownTheme(): string {
  return useSyncExternalStore(subscribe, () => document.documentElement.dataset.theme ?? 'light');
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

system.addEventListener('change', apply);
