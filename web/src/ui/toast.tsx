/**
 * Toasts: only for what you did and cannot see, each with its Undo, bottom left. Own code, because the libraries for
 * this put a style element into the page, which our policy refuses.
 */
import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useKeys } from '../keys/keys';
import { Keys } from './kbd';

interface Toast {
  id: number;
  text: string;
  undo?: () => void;
  /** Runs when the time for Undo is over. */
  done?: () => void;
  tone?: 'plain' | 'bad';
}

const SHOWN_MS = 7000;
const MOST = 3;

let toasts: readonly Toast[] = [];
let count = 0;
const timers = new Map<number, ReturnType<typeof setTimeout>>();
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of [...listeners]) listener();
}

export function toast(text: string, options: Omit<Toast, 'id' | 'text'> = {}): void {
  const id = ++count;
  for (const old of toasts.slice(0, Math.max(0, toasts.length - MOST + 1))) finish(old.id);
  set([...toasts, { id, text, ...options }]);
  hold(id);
}

function hold(id: number): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => finish(id), SHOWN_MS),
  );
}

function finish(id: number, undo = false): void {
  const one = toasts.find((other) => other.id === id);
  if (!one) return;
  clearTimeout(timers.get(id));
  timers.delete(id);
  set(toasts.filter((other) => other !== one));
  if (undo) one.undo?.();
  else one.done?.();
}

// What waits for its Undo to run out is done when the page is left.
window.addEventListener('pagehide', () => {
  for (const { id } of toasts) finish(id);
});

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  const last = shown.findLast(({ undo }) => undo);
  useKeys('toasts', last ? [{ keys: 'z', label: 'Undo', run: () => finish(last.id, true) }] : []);
  return (
    <section
      aria-label="Messages"
      className="pointer-events-none fixed bottom-20 left-4 z-50 flex w-[min(380px,calc(100vw-32px))] flex-col gap-2 tab:bottom-10"
    >
      <div aria-live="polite" className="flex flex-col gap-2">
        {shown.map((one) => (
          <div
            key={one.id}
            className="elev-3 pointer-events-auto flex min-h-10 items-center gap-3 rounded-10 bg-overlay py-1 pr-1 pl-4"
            onPointerEnter={() => clearTimeout(timers.get(one.id))}
            onPointerLeave={() => hold(one.id)}
          >
            <span className={`min-w-0 flex-1 py-1 ${one.tone === 'bad' ? 'text-failed' : ''}`}>
              {one.text}
            </span>
            {one.undo && (
              <button
                type="button"
                className="link inline-flex items-center gap-2"
                onClick={() => finish(one.id, true)}
              >
                Undo {one === last && <Keys keys="z" />}
              </button>
            )}
            <button
              type="button"
              className="btn btn-quiet btn-icon"
              aria-label="Dismiss"
              onClick={() => finish(one.id)}
            >
              <X size={14} aria-hidden="true" />
            </button>
          </div>
        ))}
      </div>
    </section>
  );
}
