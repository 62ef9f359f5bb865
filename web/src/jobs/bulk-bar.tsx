/** What can be done with the selected jobs. */
import { plural } from '../text/numbers';
import { Keys } from '../ui/kbd';

interface Props {
  count: number;
  cancel(): void;
  retry(): void;
  remove(): void;
  clear(): void;
}

export function BulkBar({ count, cancel, retry, remove, clear }: Props) {
  if (count === 0) return null;
  return (
    <section
      aria-label="Selected jobs"
      className="elev-3 absolute bottom-4 left-1/2 z-20 flex w-max max-w-[calc(100%-24px)] -translate-x-1/2 flex-wrap items-center gap-1 rounded-10 bg-overlay p-1.5 pl-4"
    >
      <span className="pr-3" role="status">
        {plural(count, 'job')} selected
      </span>
      <button type="button" className="btn btn-quiet" onClick={cancel}>
        Cancel <Keys keys="c" />
      </button>
      <button type="button" className="btn btn-quiet" onClick={retry}>
        Retry <Keys keys="r" />
      </button>
      <button type="button" className="btn btn-quiet" onClick={remove}>
        Remove <Keys keys="Delete" />
      </button>
      <button type="button" className="btn btn-quiet" onClick={clear}>
        Clear <Keys keys="Escape" />
      </button>
    </section>
  );
}
