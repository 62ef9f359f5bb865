/** Every key that works here, by place. */
import { Dialog } from '@base-ui/react/dialog';
import { setSingleKeys, useScopes, useSingleKeys } from '../keys/keys';
import { Keys } from '../ui/kbd';

export function KeySheet({ open, setOpen }: { open: boolean; setOpen(open: boolean): void }) {
  const scopes = useScopes();
  const on = useSingleKeys();
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-[oklch(0.2_0.01_260/0.35)]" />
        <Dialog.Popup className="elev-3 fixed top-[8vh] left-1/2 z-50 flex max-h-[80vh] w-[min(640px,calc(100vw-32px))] -translate-x-1/2 flex-col rounded-14 bg-overlay">
          <div className="flex items-center justify-between gap-4 p-4 pb-2">
            <Dialog.Title className="t16 font-semibold">Keys</Dialog.Title>
            <Dialog.Close className="btn btn-quiet">
              Close <Keys keys="Escape" />
            </Dialog.Close>
          </div>
          <div className="min-h-0 overflow-auto px-4 pb-4" tabIndex={-1}>
            <label className="flex items-center gap-3 py-2">
              <input
                type="checkbox"
                role="switch"
                className="switch"
                aria-checked={on}
                checked={on}
                onChange={(event) => setSingleKeys(event.target.checked)}
              />
              Keys of a single letter {on ? 'are on' : 'are off'}
            </label>
            {scopes
              .filter(({ name }) => name !== 'toasts')
              .map(({ name, bindings }) => (
                <section key={name} aria-label={name} className="pt-3">
                  <h3 className="t12 pb-1 text-text-3">{name}</h3>
                  <dl className="grid gap-x-8 tab:grid-cols-2">
                    {bindings.map(({ keys, label }) => (
                      <div
                        key={keys}
                        className="flex min-h-8 items-center justify-between gap-4 border-b border-line"
                      >
                        <dt>{label}</dt>
                        <dd>
                          <Keys keys={keys} />
                        </dd>
                      </div>
                    ))}
                  </dl>
                </section>
              ))}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
