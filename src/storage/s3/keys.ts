/** Names in the bucket: `<prefix>input/…`, `<prefix>output/…`; names with a dot in front are the program's own. */
import { MillError } from '../../core/errors.ts';
import type { Area } from '../port.ts';
import { type Location, outside, parseReference, quote } from '../reference.ts';

/** S3's own limit, of the whole key in UTF-8. */
const MAX_KEY_BYTES = 1024;
/** Direct uploads that are not registered yet lie here, by file_id. */
export const INCOMING = '.incoming/';
/** Lies in a folder of outputs while it is being written; until it is gone nobody is shown the folder. */
export const UNFINISHED = '.mill-unfinished';

export interface Keys {
  /** Ends in `/` or is empty. */
  prefix: string;
  /** Of a reference as users write it, `s3://` for this bucket among them. */
  parse(reference: string): ReturnType<typeof parseReference>;
  /** Throws `invalid_request` when S3 takes no key that long. */
  of(location: Location): string;
  /** Markers that would say that a folder above the location is unfinished. */
  markersAbove(location: Location): string[];
  /** Keys of files that would stand where the location needs folders. */
  filesAbove(location: Location): string[];
  area(area: Area): string;
}

export function keysIn(bucket: string, prefix: string): Keys {
  const own = `s3://${bucket}/`;

  function of({ area, segments }: Location): string {
    const key = `${prefix}${area}/${segments.join('/')}`;
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw new MillError(
        'invalid_request',
        `${quote(segments.join('/'))} is too long: with its prefix a key has at most ${MAX_KEY_BYTES} bytes.`,
        { facts: { limit_bytes: MAX_KEY_BYTES } },
      );
    }
    return key;
  }

  const above = ({ area, segments }: Location): Location[] =>
    segments.slice(1).map((_, index) => ({ area, segments: segments.slice(0, index + 1) }));

  return {
    prefix,
    of,
    parse(reference) {
      if (!reference.startsWith(own)) return parseReference(reference);
      const key = reference.slice(own.length);
      if (!key.startsWith(prefix)) throw outside(reference, `Keys here begin with ${quote(prefix)}.`);
      const name = key.slice(prefix.length);
      if (!/^(input|output)\//.test(name)) throw outside(reference, 'Keys here lie below input/ or output/.');
      return parseReference(name);
    },
    markersAbove: (location) => above(location).map((folder) => `${of(folder)}/${UNFINISHED}`),
    filesAbove: (location) => above(location).map(of),
    area: (area) => `${prefix}${area}/`,
  };
}
