/** For jobs on the same object: it is brought to this machine once, whoever asks first. */
import { link } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Storage } from '../storage/port.ts';

export function fetchOnce(storage: Storage): Storage['fetch'] {
  const first = new Map<string, Promise<string>>();
  return async (path, folder, signal) => {
    const earlier = first.get(path);
    if (earlier) {
      try {
        const there = await earlier;
        const here = join(folder, basename(there));
        await link(there, here);
        return here;
      } catch {
        // The first one was canceled, or is over and its folder gone.
      }
    }
    const fetched = storage.fetch(path, folder, signal);
    first.set(path, fetched);
    return await fetched;
  };
}
