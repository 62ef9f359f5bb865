/** Boxes of ISO/IEC 14496-12 (MP4, MOV): enough of a tree to change `moov` and leave the rest untouched. */

export interface Box {
  type: string;
  /** Boxes inside; null where this code does not look inside. */
  children: Box[] | null;
  /** The content without the header; of a box with children, what follows them (QuickTime's `udta` may end in a zero). */
  data: Buffer;
}

const PARENTS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'udta', 'tref']);

/** Header of a box at the beginning of `bytes`, or null where there is none. `size` 0: to the end of the file. */
export function boxHeader(bytes: Buffer): { type: string; header: number; size: number } | null {
  if (bytes.length < 8) return null;
  const size = bytes.readUInt32BE(0);
  const type = bytes.toString('latin1', 4, 8);
  if (size !== 1) return size === 0 || size >= 8 ? { type, header: 8, size } : null;
  if (bytes.length < 16) return null;
  const large = Number(bytes.readBigUInt64BE(8));
  return large >= 16 ? { type, header: 16, size: large } : null;
}

/** All boxes in `bytes`, and what is left behind the last whole one. */
export function parseBoxes(bytes: Buffer): { boxes: Box[]; rest: Buffer } {
  const boxes: Box[] = [];
  let at = 0;
  for (;;) {
    const found = boxHeader(bytes.subarray(at, at + 16));
    if (!found || found.size === 0 || at + found.size > bytes.length) break;
    const data = bytes.subarray(at + found.header, at + found.size);
    if (PARENTS.has(found.type)) {
      const inside = parseBoxes(data);
      boxes.push({ type: found.type, children: inside.boxes, data: inside.rest });
    } else boxes.push({ type: found.type, children: null, data });
    at += found.size;
  }
  return { boxes, rest: bytes.subarray(at) };
}

export function box(type: string, ...parts: Buffer[]): Box {
  return { type, children: null, data: Buffer.concat(parts) };
}

export function parent(type: string, ...children: Box[]): Box {
  return { type, children, data: Buffer.alloc(0) };
}

/** A box that begins with a version (0) and flags. */
export function fullBox(type: string, flags: number, ...parts: Buffer[]): Box {
  return box(type, u32(flags), ...parts);
}

export function boxSize(of: Box): number {
  return (of.children ?? []).reduce((sum, child) => sum + boxSize(child), 8 + of.data.length);
}

export function serialize(of: Box): Buffer {
  return Buffer.concat([
    u32(boxSize(of)),
    Buffer.from(of.type, 'latin1'),
    ...(of.children ?? []).map(serialize),
    of.data,
  ]);
}

/** The first box along a path of types below `from`. */
export function find(from: Box, ...path: string[]): Box | null {
  let at: Box | undefined = from;
  for (const type of path) at = at?.children?.find((child) => child.type === type);
  return at ?? null;
}

/** `from` and everything below it. */
export function* descendants(from: Box): Generator<Box> {
  yield from;
  for (const child of from.children ?? []) yield* descendants(child);
}

export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt16BE(value, 2 * i);
  });
  return bytes;
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
