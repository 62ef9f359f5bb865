/** What a client called its upload, kept with the object. Headers are ASCII; names are not. */
import { originalNameOf } from '../original-name.ts';
import type { Connection } from './connection.ts';
import { headObject } from './objects.ts';

const KEY = 'original-name';

export function nameMetadata(given: string | null | undefined): {
  original_name: string | null;
  metadata: Record<string, string> | undefined;
} {
  const original_name = originalNameOf(given);
  return {
    original_name,
    metadata: original_name === null ? undefined : { [KEY]: encodeURIComponent(original_name) },
  };
}

export async function readName(connection: Connection, key: string): Promise<string | null> {
  const kept = (await headObject(connection, key))?.metadata[KEY];
  if (kept === undefined) return null;
  try {
    return originalNameOf(decodeURIComponent(kept));
  } catch {
    return null; // Somebody else's idea of such a name.
  }
}
