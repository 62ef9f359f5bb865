/** Which files a merge puts together: explicit parts, the neighbours of a manifest, or both to be compared. */
import { dirname, join } from 'node:path';
import { MillError } from '../../core/errors.ts';
import { plural } from '../../core/plural.ts';
import { type ChunkManifest, isChunkManifest, MANIFEST_NAME, readChunkManifest } from './chunk-manifest.ts';
import { foundFile, type InputFile, inputFile, inputStats } from './input.ts';

export interface Parts {
  manifest: ChunkManifest | null;
  parts: InputFile[];
}

/** `input` may be a manifest or the folder of a split; so may the first of `files` be a manifest. */
export async function findParts(input: string | null, files: string[], signal: AbortSignal): Promise<Parts> {
  const { manifestFile, rest } = await findManifest(input, files, signal);
  if (manifestFile === null) {
    if (rest.length === 0) throw nothingToMerge();
    return { manifest: null, parts: await Promise.all(rest.map(inputFile)) };
  }
  const manifest = await readChunkManifest(manifestFile, signal);
  if (rest.length === 0) return { manifest, parts: await neighbours(manifest, dirname(manifestFile.path)) };
  if (rest.length !== manifest.parts.length) throw wrongCount(rest.length, manifest.parts.length);
  return { manifest, parts: await Promise.all(rest.map(inputFile)) };
}

interface Found {
  manifestFile: InputFile | null;
  /** The parts that were named. */
  rest: string[];
}

async function findManifest(input: string | null, files: string[], signal: AbortSignal): Promise<Found> {
  if (input !== null) {
    if ((await inputStats(input)).isDirectory()) {
      return { manifestFile: await foundFile(join(input, MANIFEST_NAME)), rest: files };
    }
    const file = await inputFile(input);
    if (await isChunkManifest(file, signal)) return { manifestFile: file, rest: files };
  }
  const [first, ...rest] = files;
  if (first === undefined) return { manifestFile: null, rest: [] };
  const file = await inputFile(first);
  // Nobody merges a single JSON file: it is a manifest, and if it is a broken one that is to be told.
  const meant = rest.length === 0 && first.toLowerCase().endsWith('.json');
  if (meant || (await isChunkManifest(file, signal))) return { manifestFile: file, rest };
  return { manifestFile: null, rest: files };
}

async function neighbours(manifest: ChunkManifest, folder: string): Promise<InputFile[]> {
  return await Promise.all(
    manifest.parts.map(async ({ file }) => {
      try {
        return await foundFile(join(folder, file));
      } catch (error) {
        if (!(error instanceof MillError) || error.code !== 'input_not_found') throw error;
        throw new MillError('input_not_found', `The part ${file} that the manifest lists is missing.`, {
          facts: { part: file },
        });
      }
    }),
  );
}

function nothingToMerge(): MillError {
  return new MillError(
    'invalid_params',
    '"chunk_files": is required unless the input is the manifest of a split.',
    {
      facts: { field: 'chunk_files' },
    },
  );
}

function wrongCount(given: number, expected: number): MillError {
  return new MillError(
    'invalid_params',
    `"chunk_files": ${plural(given, 'part')} given, the manifest lists ${expected}.`,
    { facts: { field: 'chunk_files', given, expected } },
  );
}
