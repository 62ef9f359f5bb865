/** Range and conditional requests for one stored file: RFC 9110, sections 13 and 14. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange, StoredObject } from '../storage/port.ts';

/** What a file is known again by. */
export type FileState = Pick<StoredObject, 'size_bytes' | 'modified_at'>;

export type Selection =
  | { kind: 'all' }
  | { kind: 'part'; range: ByteRange }
  | { kind: 'unsatisfiable' }
  | { kind: 'not_modified' };

/** Strong: size and time to the millisecond; published files are never written in place. */
export function entityTag({ size_bytes, modified_at }: FileState): string {
  return `"${size_bytes.toString(16)}-${Date.parse(modified_at).toString(16)}"`;
}

export function selectBytes(file: FileState, headers: IncomingHttpHeaders): Selection {
  const tag = entityTag(file);
  if (isUnchanged(file, tag, headers)) return { kind: 'not_modified' };
  const { range } = headers;
  if (!range || !mayUseRange(file, tag, headers['if-range'])) return { kind: 'all' };
  return parseRange(range, file.size_bytes);
}

function isUnchanged(file: FileState, tag: string, headers: IncomingHttpHeaders): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) {
    return noneMatch.split(',').some((one) => ['*', tag].includes(one.trim().replace(/^W\//, '')));
  }
  const since = headers['if-modified-since'];
  return since !== undefined && wholeSeconds(file.modified_at) <= Date.parse(since);
}

/** A range of a file that has changed meanwhile would be glued to the wrong beginning. */
function mayUseRange(file: FileState, tag: string, condition: string | string[] | undefined): boolean {
  if (typeof condition !== 'string') return condition === undefined;
  if (condition.startsWith('"')) return condition === tag;
  return wholeSeconds(file.modified_at) === Date.parse(condition);
}

/** One range of bytes. What is not understood, several ranges among it, is ignored as the RFC allows. */
function parseRange(header: string, size: number): Selection {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header);
  if (!match || (match[1] === '' && match[2] === '')) return { kind: 'all' };
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0
      ? { kind: 'unsatisfiable' }
      : { kind: 'part', range: { start: size - length, end: size - 1 } };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return { kind: 'all' };
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', range: { start, end } };
}

function wholeSeconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000) * 1000;
}
