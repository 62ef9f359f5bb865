/** Checksums of files. */
import { createHash } from 'node:crypto';
import { type ReadOptions, readPieces } from './input.ts';

export const HASH_ALGORITHMS = ['sha256', 'sha512', 'sha1', 'md5'] as const;
export type HashAlgorithm = (typeof HASH_ALGORITHMS)[number];

/** Hexadecimal digits of a checksum. */
export const HASH_DIGITS: Record<HashAlgorithm, number> = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

export interface FileHash {
  /** Lower-case hexadecimal. */
  hash: string;
  /** Bytes that were read. */
  size: number;
}

export async function hashFile(
  path: string,
  algorithm: HashAlgorithm,
  options: ReadOptions,
): Promise<FileHash> {
  const hash = createHash(algorithm);
  let size = 0;
  await readPieces(path, options, (piece) => {
    hash.update(piece);
    size += piece.length;
  });
  return { hash: hash.digest('hex'), size };
}
