/**
 * What a reference says, before any file system or bucket is asked: pure text rules, the same for every
 * driver. A name is refused rather than repaired, so that nothing is ever stored under another name than the
 * one that was asked for.
 */
import { MillError } from '../core/errors.ts';
import type { Area } from './port.ts';

/** A place in an area, as names from its root downwards. Never empty, never hidden, never `..`. */
export interface Location {
  area: Area;
  segments: string[];
}

export type Reference =
  | { kind: 'file_id'; id: string }
  | { kind: 'location'; location: Location }
  /** An absolute path of the host, to be compared with the roots by the driver. */
  | { kind: 'host'; path: string };

/** Bytes of one name: the limit of ext4, XFS, APFS and NTFS. */
export const MAX_NAME_BYTES = 255;
/** Bytes of a whole reference: PATH_MAX of Linux. */
export const MAX_REFERENCE_BYTES = 4096;
/** How often percent-encoding is undone when looking for a hidden `..`. */
const DECODE_ROUNDS = 4;
/** Characters of a reference that are repeated in a message. */
const QUOTED_CHARACTERS = 200;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const AREAS: readonly Area[] = ['input', 'output'];

/** Reads a reference. Throws `path_outside_storage` or, for over-long names, `invalid_request`. */
export function parseReference(reference: string): Reference {
  checkText(reference);
  if (UUID.test(reference)) return { kind: 'file_id', id: reference.toLowerCase() };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(reference)) {
    throw outside(reference, 'URLs are not files of this storage; download_file fetches them.');
  }
  const absolute = reference.startsWith('/');
  const names = reference.split('/').filter((name) => name !== '' && name !== '.');
  const [first, second] = names;
  if (absolute && first === 'data' && isArea(second)) return located(second, names.slice(2), reference);
  if (absolute) return { kind: 'host', path: reference };
  if (isArea(first)) return located(first, names.slice(1), reference);
  throw outside(reference, 'A relative path begins with input/ or output/.');
}

/** The location of names below an area's root, checked. */
export function locate(area: Area, segments: string[], reference: string): Location {
  if (segments.length === 0) throw outside(reference, `Name a file or folder below /data/${area}.`);
  for (const name of segments) {
    if (name.startsWith('.')) {
      throw outside(reference, 'Names that begin with a dot are kept for the program.');
    }
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw new MillError('invalid_request', `A name in ${quote(reference)} is longer than 255 bytes.`, {
        facts: { limit_bytes: MAX_NAME_BYTES },
      });
    }
  }
  return { area, segments };
}

/** The canonical path of a location. */
export function pathOf({ area, segments }: Location): string {
  return `/data/${area}/${segments.join('/')}`;
}

export function outside(reference: string, why?: string): MillError {
  return new MillError(
    'path_outside_storage',
    `${quote(reference)} is not a path of this storage.${why ? ` ${why}` : ''}`,
    { facts: { path: shorten(reference) } },
  );
}

export function notFound(area: Area, path: string, why = ''): MillError {
  const code = area === 'input' ? 'input_not_found' : 'output_not_found';
  return new MillError(code, `There is no file ${quote(path)}.${why ? ` ${why}` : ''}`);
}

export function quote(reference: string): string {
  return JSON.stringify(shorten(reference));
}

function located(area: Area, segments: string[], reference: string): Reference {
  return { kind: 'location', location: locate(area, segments, reference) };
}

function checkText(reference: string): void {
  if (reference === '') throw outside(reference, 'It is empty.');
  if (Buffer.byteLength(reference) > MAX_REFERENCE_BYTES) {
    throw new MillError(
      'invalid_request',
      `${quote(reference)} is longer than ${MAX_REFERENCE_BYTES} bytes.`,
      {
        facts: { limit_bytes: MAX_REFERENCE_BYTES },
      },
    );
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f]/.test(reference) || !reference.isWellFormed()) {
    throw outside(reference, 'It has characters that no name here may have.');
  }
  if (reference.includes('\\')) throw outside(reference, 'Folders are separated by "/".');
  const plain = decoded(reference);
  if (plain.includes('\0')) throw outside(reference, 'It has characters that no name here may have.');
  if (plain.split(/[\\/]/).includes('..')) throw outside(reference, '".." is refused everywhere.');
}

/** With percent-encoding undone, however often it was applied; never used to open anything. */
function decoded(text: string): string {
  let now = text;
  for (let round = 0; round < DECODE_ROUNDS; round++) {
    const next = now.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === now) break;
    now = next;
  }
  return now;
}

function isArea(name: string | undefined): name is Area {
  return AREAS.includes(name as Area);
}

function shorten(text: string): string {
  return text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text;
}
