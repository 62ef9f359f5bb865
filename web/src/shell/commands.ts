/** Commands that pages add to the palette while they are there. */
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Command {
  text: string;
  keys?: string;
  run(): void;
}

let sets: readonly { readonly commands: Command[] }[] = [];
const listeners = new Set<() => void>();

export function useCommands(commands: Command[]): void {
  const current = useRef(commands);
  current.current = commands;
  useEffect(() => {
    const set = {
      get commands() {
        return current.current;
      },
    };
    sets = [set, ...sets];
    for (const listener of [...listeners]) listener();
    return () => {
      sets = sets.filter((one) => one !== set);
      for (const listener of [...listeners]) listener();
    };
  }, []);
}

export function useAllCommands(): Command[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => sets,
  );
  return all.flatMap(({ commands }) => commands);
}
