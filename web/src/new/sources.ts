/** The files of the new job: those on their way, and one that is in the storage already. */
import { fileName } from '../text/names';
import { type Kind, kindOf } from './local-facts';
import type { Upload } from './uploads';

export interface Source {
  key: string;
  name: string;
  size: number | null;
  kind: Kind;
  upload: Upload | null;
  /** Where it lies once it is there. */
  path: string | null;
}

export const KIND_WORDS: Record<Kind, [one: string, many: string]> = {
  video: ['video', 'videos'],
  audio: ['sound file', 'sound files'],
  image: ['picture', 'pictures'],
  other: ['other file', 'other files'],
};

export function sourcesOf(uploads: readonly Upload[], stored: string | null): Source[] {
  const files = uploads.map(
    (upload): Source => ({
      key: upload.key,
      name: upload.file.name,
      size: upload.file.size,
      kind: upload.facts?.kind ?? kindOf(upload.file.name, upload.file.type),
      upload,
      path: upload.path,
    }),
  );
  if (!stored) return files;
  const name = fileName(stored);
  return [{ key: stored, name, size: null, kind: kindOf(name, ''), upload: null, path: stored }, ...files];
}

export function groupsOf(sources: readonly Source[]): [Kind, Source[]][] {
  const order: Kind[] = ['video', 'audio', 'image', 'other'];
  return order.flatMap((kind) => {
    const list = sources.filter((source) => source.kind === kind);
    return list.length > 0 ? [[kind, list] as [Kind, Source[]]] : [];
  });
}
