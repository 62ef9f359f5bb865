/** Chunk offsets (`stco`, `co64`): absolute positions in the file, which move when something is inserted. */
import { type Box, descendants, u32 } from './boxes.ts';

const MAX_32 = 0xffff_ffff;

function* tables(moov: Box): Generator<{ table: Box; width: 4 | 8; count: number }> {
  for (const table of descendants(moov)) {
    const width = table.type === 'stco' ? 4 : table.type === 'co64' ? 8 : null;
    if (width === null || table.data.length < 8) continue;
    const count = Math.min(table.data.readUInt32BE(4), Math.floor((table.data.length - 8) / width));
    yield { table, width, count };
  }
}

/** Whether moving everything from `from` on by `count` bytes pushes a 32-bit offset beyond its range. */
export function overflows(moov: Box, from: number, count: number): boolean {
  for (const { table, width, count: entries } of tables(moov)) {
    if (width === 8) continue;
    for (let i = 0; i < entries; i++) {
      const offset = table.data.readUInt32BE(8 + 4 * i);
      if (offset >= from && offset + count > MAX_32) return true;
    }
  }
  return false;
}

/** Turns every `stco` into `co64`. */
export function widen(moov: Box): void {
  for (const { table, width, count } of tables(moov)) {
    if (width === 8) continue;
    const wide = Buffer.alloc(8 + 8 * count);
    table.data.copy(wide, 0, 0, 4);
    u32(count).copy(wide, 4);
    for (let i = 0; i < count; i++) wide.writeUInt32BE(table.data.readUInt32BE(8 + 4 * i), 12 + 8 * i);
    table.type = 'co64';
    table.data = wide;
  }
}

/** Adds `count` to every offset at or behind `from`. */
export function shift(moov: Box, from: number, count: number): void {
  for (const { table, width, count: entries } of tables(moov)) {
    for (let i = 0; i < entries; i++) {
      const at = 8 + width * i;
      const offset = width === 8 ? Number(table.data.readBigUInt64BE(at)) : table.data.readUInt32BE(at);
      if (offset < from) continue;
      if (width === 8) table.data.writeBigUInt64BE(BigInt(offset + count), at);
      else table.data.writeUInt32BE(offset + count, at);
    }
  }
}
