/** Videos whose display matrix also mirrors the picture, which no muxer writes for us. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBox } from '../../fixtures/media/mp4-boxes.ts';
import { testFolder } from '../harness.ts';

/** Offset of the matrix in a `tkhd` box of version 0 (ISO 14496-12, 8.3.2). */
const MATRIX_AT = 40;

/** A copy of an mp4 that players mirror from left to right, after they have turned it as before. */
export async function mirrored(path: string): Promise<string> {
  const file = await readFile(path);
  const header = findBox(file, ['moov', 'trak', 'tkhd']);
  for (const at of [MATRIX_AT, MATRIX_AT + 12]) header.writeInt32BE(-header.readInt32BE(at), at);
  const copy = join(await testFolder(), 'mirrored.mp4');
  await writeFile(copy, file);
  return copy;
}

/** A plane of bytes with left and right exchanged. */
export function mirrorPlane(plane: Uint8Array, width: number): Buffer {
  const out = Buffer.from(plane);
  for (let row = 0; row < plane.length; row += width) out.subarray(row, row + width).reverse();
  return out;
}
