/** The manifest that a split leaves beside its parts, and that a merge checks them against. */
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { type InputFile, readFile } from './input.ts';

export const MANIFEST_NAME = 'manifest.json';
/** As many as five digits name. */
export const MAX_PARTS = 100_000;
/** 100,000 parts need 15 MB. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(0);

export const chunkManifestSchema = z.object({
  kind: z.literal('mediamill.chunks'),
  version: z.literal(1),
  /** Name of the file that was split. */
  name: z.string().min(1),
  size_bytes: size,
  sha256,
  chunk_size_bytes: z.int().min(1),
  parts: z
    .array(z.object({ file: z.string().regex(/^\d{5}\.part$/), size_bytes: size, sha256 }))
    .min(1)
    .max(MAX_PARTS),
});
export type ChunkManifest = z.output<typeof chunkManifestSchema>;

export function partName(index: number): string {
  return `${String(index).padStart(5, '0')}.part`;
}

/** Begins every manifest that a split writes. */
const SIGNATURE = /^\s*\{\s*"kind"\s*:\s*"mediamill\.chunks"/;
const SIGNATURE_BYTES = 128;

/** Uploaded files lose their names, so the content decides. */
export async function isChunkManifest(file: InputFile, signal: AbortSignal): Promise<boolean> {
  const pieces: Buffer[] = [];
  for await (const piece of readFile(file.path, { signal, range: { start: 0, end: SIGNATURE_BYTES - 1 } })) {
    pieces.push(piece);
  }
  return SIGNATURE.test(Buffer.concat(pieces).toString('latin1'));
}

/** Throws `invalid_manifest` when the file is not what a split wrote. */
export async function readChunkManifest(file: InputFile, signal: AbortSignal): Promise<ChunkManifest> {
  const parsed = chunkManifestSchema.safeParse(await readJson(file, signal));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(file, `${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  const manifest = parsed.data;
  const sum = manifest.parts.reduce((total, part) => total + part.size_bytes, 0);
  if (sum !== manifest.size_bytes) {
    throw invalid(file, `its parts have ${sum} bytes together, the whole has ${manifest.size_bytes}`);
  }
  manifest.parts.forEach((part, index) => {
    if (part.file !== partName(index)) {
      throw invalid(file, `part ${index} is named ${part.file} instead of ${partName(index)}`);
    }
  });
  return manifest;
}

async function readJson(file: InputFile, signal: AbortSignal): Promise<unknown> {
  if (file.size > MAX_MANIFEST_BYTES) throw invalid(file, 'it is too large');
  const pieces: Buffer[] = [];
  for await (const piece of readFile(file.path, { signal, noFollow: file.noFollow })) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    throw invalid(file, 'it is not JSON');
  }
}

function invalid(file: InputFile, why: string): MillError {
  return new MillError('invalid_manifest', `"${file.name}" is not the manifest of a split: ${why}.`);
}
