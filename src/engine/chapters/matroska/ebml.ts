/** EBML (RFC 8794): elements of an identifier, a length and a content. */

export interface Element {
  id: number;
  /** Bytes of identifier and length. */
  header: number;
  /** Bytes of the content; null for "unknown", as live streams have it. */
  size: number | null;
  /** Bytes the length is written in. */
  width: number;
}

/** Header of the element at the beginning of `bytes`; null where there is none. */
export function elementHeader(bytes: Buffer): Element | null {
  const idWidth = vintWidth(bytes[0]);
  const width = vintWidth(bytes[idWidth]);
  if (idWidth === 0 || idWidth > 4 || width === 0 || bytes.length < idWidth + width) return null;
  let value = BigInt(bytes[idWidth] ?? 0) & BigInt((1 << (8 - width)) - 1);
  for (let i = 1; i < width; i++) value = (value << 8n) | BigInt(bytes[idWidth + i] ?? 0);
  const unknown = value === (1n << BigInt(7 * width)) - 1n;
  return {
    id: bytes.readUIntBE(0, idWidth),
    header: idWidth + width,
    size: unknown ? null : Number(value),
    width,
  };
}

/** All elements in `bytes`, each with its content. */
export function* elements(bytes: Buffer): Generator<{ id: number; at: number; content: Buffer }> {
  for (let at = 0; at < bytes.length; ) {
    const found = elementHeader(bytes.subarray(at, at + 12));
    if (!found || found.size === null || at + found.header + found.size > bytes.length) return;
    const from = at + found.header;
    yield { id: found.id, at, content: bytes.subarray(from, from + found.size) };
    at = from + found.size;
  }
}

export function element(id: number, ...content: Buffer[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([elementId(id), elementSize(size), ...content]);
}

export function elementId(id: number): Buffer {
  const bytes = Buffer.alloc(id > 0xff_ffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1);
  bytes.writeUIntBE(id, 0, bytes.length);
  return bytes;
}

/** A length, in `width` bytes or as few as it takes. All ones would mean "unknown". */
export function elementSize(size: number, width?: number): Buffer {
  let bytes = width ?? 1;
  if (width === undefined) while (size >= maxSize(bytes)) bytes++;
  const value = BigInt(size) | (1n << BigInt(7 * bytes));
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');
}

/** Lengths below this fit into so many bytes. */
export function maxSize(width: number): number {
  return 2 ** (7 * width) - 1;
}

/** An unsigned integer in as few bytes as it takes. */
export function uint(id: number, value: number | bigint): Buffer {
  const digits = value.toString(16);
  return element(id, Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'));
}

export function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value, 'utf8'));
}

/** The value of an unsigned integer element; no bytes at all mean 0. */
export function uintOf(content: Buffer): number {
  return Number(`0x0${content.toString('hex')}`);
}

function vintWidth(first: number | undefined): number {
  return first ? Math.clz32(first) - 23 : 0;
}
