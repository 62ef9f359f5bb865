/** The rows that are in sight, of however many there are. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type MouseEvent, type RefObject, useEffect, useImperativeHandle } from 'react';
import { getJob } from '../live/jobs-store';
import { useLook } from '../shell/look';
import { grouped } from '../text/numbers';
import { JobRow } from './job-row';
import type { Item } from './list-layout';
import { useCoarse, useNarrow } from './use-narrow';

const HEAD_PX = 40;
const NARROW_PX = 66;
const NARROW_STARTED_PX = 84;
/** The next page is asked for when this many rows are left. */
const AHEAD = 60;

export interface RowsHandle {
  scrollTo(index: number): void;
}

interface Props {
  items: readonly Item[];
  scroller: RefObject<HTMLDivElement | null>;
  handle: RefObject<RowsHandle | null>;
  cursor: string | null;
  selected: ReadonlySet<string>;
  allSelected: boolean;
  listId: string;
  onSelect(id: string, range: boolean): void;
  onOpen(id: string, event: MouseEvent): void;
  /** Pages that the items are made of: one of a search may add none. */
  pages: number;
  onMore(): void;
  onShowNext(): void;
}

export function ListRows(props: Props) {
  const {
    items,
    scroller,
    handle,
    cursor,
    selected,
    allSelected,
    listId,
    onSelect,
    onOpen,
    pages,
    onMore,
    onShowNext,
  } = props;
  const narrow = useNarrow();
  const coarse = useCoarse();
  const { density } = useLook();
  const rowPx = coarse ? 64 : density === 'compact' ? 34 : 44;
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    overscan: 10,
    getItemKey: (index) => {
      const item = items[index];
      return item?.kind === 'job' ? item.id : (item?.key ?? index);
    },
    estimateSize: (index) => {
      const item = items[index];
      if (item?.kind !== 'job') return HEAD_PX;
      if (!narrow) return rowPx;
      return getJob(item.id)?.status === 'started' ? NARROW_STARTED_PX : NARROW_PX;
    },
  });
  // Heights are known, never measured; they change with the items and with the window.
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what the heights depend on.
  useEffect(() => virtual.measure(), [items, narrow, rowPx]);
  useImperativeHandle(handle, () => ({
    scrollTo: (index) => virtual.scrollToIndex(index, { align: 'auto' }),
  }));

  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an empty page asks for the next one.
  useEffect(() => {
    if (last >= items.length - AHEAD) onMore();
  }, [last, items.length, pages, onMore]);

  return (
    <div role="presentation" className="relative w-full" style={{ height: virtual.getTotalSize() }}>
      {rows.map(({ index, key, start, size }) => {
        const item = items[index];
        if (!item) return null;
        return (
          <div
            key={key}
            role="presentation"
            className="absolute top-0 left-0 w-full"
            style={{ height: size, transform: `translateY(${start}px)` }}
          >
            {item.kind === 'head' ? (
              <Heading item={item} index={index} onShowNext={onShowNext} />
            ) : (
              <JobRow
                id={item.id}
                elementId={`${listId}-${item.id}`}
                index={index}
                cursor={item.id === cursor}
                selected={allSelected || selected.has(item.id)}
                selecting={allSelected || selected.size > 0}
                narrow={narrow}
                onSelect={onSelect}
                onOpen={onOpen}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

function Heading({
  item,
  index,
  onShowNext,
}: {
  item: Extract<Item, { kind: 'head' }>;
  index: number;
  onShowNext(): void;
}) {
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      tabIndex={-1}
      className="gutter flex h-full items-end border-b border-line pb-1.5"
    >
      <span role="gridcell" className="t12 flex-1">
        <strong className="font-semibold">{item.title}</strong>{' '}
        {item.count !== null && <span className="pl-1 text-text-3">{grouped(item.count)}</span>}
      </span>
      {item.more > 0 && (
        <span role="gridcell">
          <button type="button" className="link t12" tabIndex={-1} onClick={onShowNext}>
            Show {grouped(item.more)} more
          </button>
        </span>
      )}
    </div>
  );
}
