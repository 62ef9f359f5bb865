/** Which stored files are worth opening: those that are called media, and those nobody could name. */
import mime from 'mime-types';
import type { StoredObject } from '../storage/port.ts';

const MEDIA = /^(?:video|audio|image)\/|^application\/(?:ogg|mxf|vnd\.ms-asf)$/;
/** Names that mime-types has other ideas about: `.ts` is video here, and SVG is no picture made of pixels. */
const ALWAYS = /\.(?:ts|mts|mkv|mka|flac|opus|mxf|bin)$/i;
const NEVER = /\.svgz?$/i;

export function maybeMedia({ name, size_bytes }: StoredObject): boolean {
  if (size_bytes === 0 || NEVER.test(name)) return false;
  const type = mime.lookup(name);
  return ALWAYS.test(name) || type === false || MEDIA.test(type);
}
