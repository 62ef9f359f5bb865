/** The cursor and the selection of the list, by keyboard and by pointer. */
import { useCallback, useMemo, useRef, useState } from 'react';
import { getJob } from '../live/jobs-store';
import type { Item } from './list-layout';

export interface Cursor {
  id: string | null;
  selected: ReadonlySet<string>;
  /** Everything that matches, loaded or not. */
  all: boolean;
  move(step: number, extend?: boolean): number;
  jump(to: 'first' | 'last'): number;
  put(id: string | null): void;
  toggle(id: string, range?: boolean): void;
  selectAll(): void;
  clear(): void;
  /** The selection, or the row at the cursor. */
  targets(): string[];
}

const NONE: ReadonlySet<string> = new Set();

export function useCursor(items: readonly Item[]): Cursor {
  const [id, setId] = useState<string | null>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(NONE);
  const [all, setAll] = useState(false);
  const anchor = useRef<string | null>(null);
  const latest = useRef({ items, id, selected });
  latest.current = { items, id, selected };

  const idAt = (index: number) => {
    const item = latest.current.items[index];
    return item?.kind === 'job' ? item.id : null;
  };
  const indexOf = (wanted: string | null) =>
    latest.current.items.findIndex((item) => item.kind === 'job' && item.id === wanted);

  const range = (from: string | null, to: string): string[] => {
    const [a, b] = [indexOf(from), indexOf(to)].sort((x, y) => x - y) as [number, number];
    if (a < 0) return [to];
    return latest.current.items.slice(a, b + 1).flatMap((item) => (item.kind === 'job' ? [item.id] : []));
  };

  const step = (from: number, by: number): number => {
    const { items: list } = latest.current;
    for (let index = from + by; index >= 0 && index < list.length; index += by) if (idAt(index)) return index;
    return from;
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: reads the latest items through the ref.
  const toggle = useCallback((wanted: string, ranged = false) => {
    setAll(false);
    setSelected((before) => {
      const next = new Set(before);
      if (ranged && anchor.current) for (const one of range(anchor.current, wanted)) next.add(one);
      else if (next.has(wanted)) next.delete(wanted);
      else next.add(wanted);
      return next;
    });
    anchor.current = wanted;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: reads the latest items through the ref.
  return useMemo(
    () => ({
      id,
      selected,
      all,
      move(by, extend = false) {
        const from = indexOf(latest.current.id);
        const index = step(from, by);
        const next = idAt(index < 0 ? step(-1, 1) : index);
        if (!next) return -1;
        if (extend) {
          anchor.current ??= latest.current.id ?? next;
          setSelected(new Set([...latest.current.selected, ...range(anchor.current, next)]));
        }
        setId(next);
        return indexOf(next);
      },
      jump(to) {
        const index = to === 'first' ? step(-1, 1) : step(latest.current.items.length, -1);
        setId(idAt(index));
        return index;
      },
      put: setId,
      toggle,
      selectAll() {
        setAll(true);
      },
      clear() {
        setAll(false);
        setSelected(NONE);
        anchor.current = null;
      },
      targets() {
        if (selected.size > 0) return [...selected].filter((one) => getJob(one));
        return id && getJob(id) ? [id] : [];
      },
    }),
    [id, selected, all, toggle],
  );
}
