/** Before there is a file. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { takeFiles } from './choose-files';

export function DropCard() {
  const [link, setLink] = useState('');
  const navigate = useNavigate();
  return (
    <section className="panel" aria-label="Source">
      <label className="m-3 flex cursor-pointer flex-col items-center gap-1 rounded-6 border border-dashed border-control px-4 py-8 text-center hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent">
        <span>
          <strong className="font-semibold">Choose files</strong> or drop them anywhere
        </span>
        <span className="text-text-2">Several at once, folders too.</span>
        <input
          type="file"
          multiple
          className="unseen"
          aria-label="Choose files"
          onChange={(event) => {
            takeFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
      </label>
      <form
        className="flex gap-2 border-t border-line p-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (link.trim() === '') return;
          void navigate({
            to: '/new',
            search: { task: 'download_file', params: JSON.stringify({ url: link.trim() }) },
          });
        }}
      >
        <input
          type="url"
          className="field"
          placeholder="or paste a link"
          aria-label="Link to download"
          value={link}
          onChange={(event) => setLink(event.target.value)}
        />
        <button type="submit" className="btn">
          Download
        </button>
      </form>
    </section>
  );
}
