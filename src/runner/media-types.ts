/** Media types of outputs, by extension: the files are our own, their names tell. */
import mime from 'mime-types';
import { extensionOf } from '../core/registry.ts';

/** Where mime-types knows nothing, or only an old unregistered name. */
const MEDIA_TYPES: Record<string, string> = {
  '.ac3': 'audio/ac3',
  '.flac': 'audio/flac',
  '.sha256': 'text/plain',
  '.sha256sum': 'text/plain',
  '.sum': 'text/plain',
  '.zst': 'application/zstd',
};

/** `application/octet-stream` for what nobody knows. */
export function mediaTypeOf(name: string): string {
  const extension = extensionOf(name);
  return MEDIA_TYPES[extension] ?? (mime.lookup(extension) || 'application/octet-stream');
}
