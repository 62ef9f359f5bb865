/** The whole window takes files, and links that are pasted. */
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { plural } from '../text/numbers';
import { onFilesChosen, takeFiles } from './choose-files';
import { droppedFiles } from './dropped-files';

export function Dropzone() {
  const [over, setOver] = useState<number | null>(null);
  const navigate = useNavigate();
  useEffect(() => {
    onFilesChosen(() => {
      if (location.pathname !== '/new') void navigate({ to: '/new' });
    });
    let depth = 0;
    const carriesFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth++;
      setOver([...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file').length);
    };
    const move = (event: DragEvent) => carriesFiles(event) && event.preventDefault();
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(null);
    };
    const drop = async (event: DragEvent) => {
      if (!carriesFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      setOver(null);
      takeFiles(await droppedFiles(event.dataTransfer));
    };
    const paste = (event: ClipboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input,textarea,select');
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) return takeFiles(files);
      const link = event.clipboardData?.getData('text/plain').trim() ?? '';
      if (typing || !/^https?:\/\/\S+$/.test(link)) return;
      event.preventDefault();
      void navigate({ to: '/new', search: { task: 'download_file', params: JSON.stringify({ url: link }) } });
    };
    addEventListener('dragenter', enter);
    addEventListener('dragover', move);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      removeEventListener('dragenter', enter);
      removeEventListener('dragover', move);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
      removeEventListener('paste', paste);
    };
  }, [navigate]);
  if (over === null) return null;
  return (
    <div className="pointer-events-none fixed inset-3 z-50 flex flex-col items-center justify-center rounded-14 border-2 border-accent bg-accent-soft text-center">
      <p className="t16 font-semibold">
        {over > 0 ? `Drop to add ${plural(over, 'file')}` : 'Drop to add files'}
      </p>
      <p className="text-text-2">They start uploading at once; choose what to make next.</p>
    </div>
  );
}
