/**
 * How long a file says it is, and how it should end. FFmpeg's demuxers read what is there and are content; a file
 * that was cut short shows in its container's own sizes and end marks.
 */
import type { SourceFacts } from '../../core/facts.ts';
import { type Extent, UNKNOWN_EXTENT } from './announced.ts';
import { asfExtent } from './asf.ts';
import { FileBytes } from './bytes.ts';
import { flvExtent } from './flv.ts';
import { aiffExtent, riffExtent } from './iff.ts';
import { isobmffExtent } from './isobmff.ts';
import { matroskaExtent } from './matroska.ts';
import { mp3Extent } from './mp3.ts';
import { mpegtsExtent } from './mpegts.ts';
import { oggExtent } from './ogg.ts';

export type { Extent } from './announced.ts';

/** By the beginning of FFmpeg's demuxer name. */
const READERS: [string, (bytes: FileBytes) => Promise<Extent>][] = [
  ['mov', isobmffExtent],
  ['matroska', matroskaExtent],
  ['avi', riffExtent],
  ['wav', riffExtent],
  ['aiff', aiffExtent],
  ['ogg', oggExtent],
  ['flv', flvExtent],
  ['mpegts', mpegtsExtent],
  ['mp3', mp3Extent],
  ['asf', asfExtent],
];

export async function readExtent(path: string, { format }: SourceFacts): Promise<Extent> {
  const reader = READERS.find(([name]) => format.name.startsWith(name))?.[1];
  if (!reader) return UNKNOWN_EXTENT;
  await using bytes = await FileBytes.open(path);
  return await reader(bytes);
}
