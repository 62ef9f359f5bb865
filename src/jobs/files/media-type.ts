/** The media type of a file by its content; its name plays no part. */
import { throwIfAborted } from './abort.ts';

/** Null when nothing is recognised. A file that only begins like a known format may be called by its name. */
export async function sniffMediaType(path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const { fileTypeFromFile } = await import('file-type');
    return (await fileTypeFromFile(path))?.mime ?? null;
  } catch {
    // Files that end in the middle of their own header: no type. What cannot be read at all shows elsewhere.
    throwIfAborted(signal);
    return null;
  }
}
