/** Says something once to those who listen to the page. */
import { useSyncExternalStore } from 'react';

let said = '';
const listeners = new Set<() => void>();

export function announce(text: string): void {
  // The same sentence twice must be a change to be read twice.
  said = said === text ? `${text} ` : text;
  for (const listener of [...listeners]) listener();
}

export function Announcer() {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => said,
  );
  return (
    <div className="unseen" role="status" aria-live="polite">
      {text}
    </div>
  );
}
