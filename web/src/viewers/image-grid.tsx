/** Pictures side by side, on grey; one of them large. */
import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import { outputUrl } from '../api/client';
import type { Job, OutputFile } from '../api/types';
import { plural, size } from '../text/numbers';
import { mediaClock } from '../text/time';

/** More are added by a click. */
const FIRST = 60;

export const isPicture = (mediaType: string) => /^image\/(png|apng|jpeg|gif|webp|avif|bmp)$/.test(mediaType);

export function ImageGrid({ job, pictures }: { job: Job; pictures: readonly OutputFile[] }) {
  const [shown, setShown] = useState(FIRST);
  const [large, setLarge] = useState<number | null>(null);
  const times = timesOf(job);
  const one = large === null ? undefined : pictures[large];
  const single = pictures.length === 1;
  return (
    <section aria-label="Pictures" className="stage p-3">
      <ul
        className={single ? '' : 'grid gap-2'}
        style={single ? undefined : { gridTemplateColumns: 'repeat(auto-fill, minmax(170px, 1fr))' }}
      >
        {pictures.slice(0, shown).map(({ name, size_bytes }, index) => (
          <li key={name}>
            <button
              type="button"
              className="block w-full overflow-hidden rounded-4 bg-stage-2 text-left"
              onClick={() => setLarge(index)}
            >
              <span className="unseen">Show {name}</span>
              <img
                src={outputUrl(job.id, name)}
                alt=""
                loading="lazy"
                decoding="async"
                className={
                  single
                    ? 'mx-auto max-h-[70vh] max-w-full object-contain'
                    : 'aspect-video w-full object-contain'
                }
              />
              <span className="t12 flex justify-between gap-2 px-2 py-1 text-stage-text-2">
                <span className="truncate" aria-hidden={!times.has(name) || undefined}>
                  {times.has(name) ? mediaClock(times.get(name) ?? 0, 3) : name}
                </span>
                <span className="flex-none">{size(size_bytes)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {pictures.length > shown && (
        <button
          type="button"
          className="mt-3 min-h-9 w-full rounded-6 bg-stage-2 text-stage-text"
          onClick={() => setShown(shown + FIRST)}
        >
          Show {plural(Math.min(FIRST, pictures.length - shown), 'more picture', 'more pictures')}
        </button>
      )}
      <Dialog.Root open={one !== undefined} onOpenChange={(open) => !open && setLarge(null)}>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-[oklch(0.1_0_0/0.85)]" />
          <Dialog.Popup
            className="fixed inset-4 z-50 flex flex-col items-center justify-center gap-3 text-stage-text"
            aria-label={one?.name ?? 'Picture'}
            onKeyDown={(event) => {
              const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (step && large !== null) setLarge((large + step + pictures.length) % pictures.length);
            }}
          >
            {one && (
              <img
                src={outputUrl(job.id, one.name)}
                alt={one.name}
                className="min-h-0 max-w-full flex-1 object-contain"
              />
            )}
            <p className="flex items-center gap-4">
              <span>{one?.name}</span>
              <span className="text-stage-text-2">{one && size(one.size_bytes)}</span>
              <Dialog.Close className="btn btn-small">Close</Dialog.Close>
            </p>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </section>
  );
}

/** When each of the pictures is shown in the source, where the result says so. */
function timesOf(job: Job): Map<string, number> {
  const { images } = job.result?.data ?? {};
  if (!Array.isArray(images)) return new Map();
  return new Map(
    images.flatMap((one) =>
      typeof one?.file === 'string' && typeof one.time_s === 'number' ? [[one.file, one.time_s]] : [],
    ),
  );
}
