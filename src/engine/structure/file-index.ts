/** Whether a file has the index that its container is meant to have, for seeking and for players that need it. */
import type { SourceFacts } from '../../core/facts.ts';
import type { FileIndex } from '../../core/plan.ts';
import { FileBytes } from './bytes.ts';
import { aviHasIndex } from './iff.ts';
import { moovPlace } from './isobmff.ts';
import { hasCues } from './matroska.ts';

/** Null for containers that need none: streams of frames, pages or packets that are read from anywhere. */
export async function findIndex(path: string, { format }: SourceFacts): Promise<FileIndex | null> {
  await using bytes = await FileBytes.open(path);
  if (format.name.startsWith('mov')) {
    const place = await moovPlace(bytes);
    return { name: 'moov', present: place !== null, place };
  }
  if (format.name.startsWith('matroska')) return { name: 'Cues', present: await hasCues(bytes), place: null };
  if (format.name === 'avi') return { name: 'idx1 or indx', present: await aviHasIndex(bytes), place: null };
  return null;
}
