/** Only deleting files asks, with their number and size. */
import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { Job } from '../api/types';
import { removeWithFiles } from '../jobs/actions';
import { plural, size } from '../text/numbers';

interface Props {
  job: Job;
  open: boolean;
  setOpen(open: boolean): void;
  gone(): void;
}

export function DeleteDialog({ job, open, setOpen, gone }: Props) {
  const outputs = job.result?.outputs ?? [];
  const bytes = outputs.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const what = `${plural(outputs.length, 'file')}, ${size(bytes)}`;
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-[oklch(0.2_0.01_260/0.35)]" />
        <AlertDialog.Popup className="elev-3 fixed top-[20vh] left-1/2 z-50 w-[min(440px,calc(100vw-32px))] -translate-x-1/2 rounded-14 bg-overlay p-5">
          <AlertDialog.Title className="t16 font-semibold">Delete {what}?</AlertDialog.Title>
          <AlertDialog.Description className="py-3 text-text-2">
            The job and what it has written are removed from the storage. The source stays. This cannot be
            undone.
          </AlertDialog.Description>
          <div className="flex justify-end gap-2">
            <AlertDialog.Close className="btn">Keep them</AlertDialog.Close>
            <button
              type="button"
              className="btn btn-primary"
              onClick={async () => {
                setOpen(false);
                if (await removeWithFiles(job.id)) gone();
              }}
            >
              Delete {plural(outputs.length, 'file')}
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
