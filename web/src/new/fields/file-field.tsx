/** A reference to one more file: dropped, chosen, or its path. */
import { type DragEvent, useState } from 'react';
import { Failed } from '../../api/client';
import { fileName } from '../../text/names';
import { uploadOne } from '../uploads';
import { type ControlProps, common } from './control-props';

/** Names of what was uploaded here, by their path. */
const names = new Map<string, string>();

export function nameOfPath(path: string): string {
  return names.get(path) ?? fileName(path);
}

/** Uploads and answers the path; the sentence says how it goes. */
export function useUploading(): { text: string; send(files: readonly File[]): Promise<string[]> } {
  const [text, setText] = useState('');
  return {
    text,
    async send(files) {
      const paths: string[] = [];
      for (const file of files) {
        setText(`Uploading ${file.name}`);
        try {
          const { path } = await uploadOne(file);
          names.set(path, file.name);
          paths.push(path);
          setText(`Uploaded ${file.name}`);
        } catch (error) {
          setText(error instanceof Failed ? error.message : String(error));
        }
      }
      return paths;
    },
  };
}

export function FileField(props: ControlProps) {
  const { id, title, value, disabled, onChange } = props;
  const { text, send } = useUploading();
  const take = async (files: readonly File[]) => {
    const [path] = await send(files.slice(0, 1));
    if (path) onChange(path);
  };
  return (
    <div
      onDrop={(event: DragEvent) => {
        event.preventDefault();
        event.stopPropagation();
        void take([...event.dataTransfer.files]);
      }}
    >
      <span className="flex gap-2">
        <input
          {...common(props)}
          type="text"
          className="field"
          placeholder="A path, or a file you drop here"
          spellCheck={false}
          autoComplete="off"
          value={value === undefined ? '' : String(value)}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
        />
        <label className="btn has-focus-visible:outline-2 has-focus-visible:outline-accent">
          Choose
          <input
            type="file"
            className="unseen"
            id={`${id}-file`}
            disabled={disabled}
            aria-label={`Choose a file for ${title}`}
            onChange={(event) => void take([...(event.target.files ?? [])])}
          />
        </label>
      </span>
      <p className="t12 pt-1 text-text-2" role="status">
        {text || (typeof value === 'string' && names.has(value) ? names.get(value) : '')}
      </p>
    </div>
  );
}
