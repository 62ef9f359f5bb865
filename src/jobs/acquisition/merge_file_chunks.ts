import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { inputPath } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { type ByteMeter, createByteMeter } from '../files/byte-meter.ts';
import { type ChunkManifest, MAX_PARTS } from '../files/chunk-manifest.ts';
import { findParts } from '../files/chunk-parts.ts';
import { changedWhileRead, type InputFile, readFile } from '../files/input.ts';
import { writeOutput, writePieces } from '../files/output.ts';
import { sizeText } from '../files/size-text.ts';

export default defineJob({
  name: 'merge_file_chunks',
  title: 'Merge chunks',
  description:
    'Puts parts together, in the order given. With the manifest.json of split_file_chunks as the only or first of chunk_files, or as the input, every part and the whole are checked against its hashes.',
  group: 'acquisition',
  params: z.strictObject({
    chunk_files: z
      .array(inputPath())
      .min(1)
      .max(MAX_PARTS + 1)
      .optional()
      .meta({
        title: 'Parts',
        description:
          'Files in their order. A manifest alone takes the parts that lie beside it; a manifest followed by parts checks those. May be left out when the input is a manifest or the folder of a split.',
        examples: [['/data/input/00000.part', '/data/input/00001.part'], ['/data/input/parts/manifest.json']],
      }),
  }),
  input: { kind: 'file_or_directory', optional: true },
  output: { kind: 'file', extensions: [] },
  example: {
    output_path: '/data/output/video.mp4',
    params: { chunk_files: ['/data/input/00000.part', '/data/input/00001.part'] },
    result: {
      size_bytes: 1500,
      sha256: 'b9a04f8b32f8e3bc1bc24a55c4b17b2b2e00b462e16e586c36c31aff8950ef9c',
      parts: 2,
      verified: false,
      name: null,
    },
  },

  async run(context, { chunk_files = [] }) {
    const { manifest, parts } = await findParts(context.input, chunk_files, context.signal);
    const total = parts.reduce((sum, part) => sum + part.size, 0);
    using meter = createByteMeter(context, 'merging', total);
    const sha256 = await writeOutput(context, (path) => merge(path, parts, manifest, context.signal, meter));
    return {
      message: `${sizeText(total)} from ${plural(parts.length, 'part')}${manifest ? ', all hashes as in the manifest' : ''}.`,
      data: {
        size_bytes: total,
        sha256,
        parts: parts.length,
        verified: manifest !== null,
        name: manifest?.name ?? null,
      },
      metrics: { parts: parts.length },
    };
  },
});

async function merge(
  path: string,
  parts: InputFile[],
  manifest: ChunkManifest | null,
  signal: AbortSignal,
  meter: ByteMeter,
): Promise<string> {
  const whole = createHash('sha256');
  const pieces = async function* () {
    for (const [index, part] of parts.entries()) {
      const hash = createHash('sha256');
      const before = meter.done;
      for await (const piece of readFile(part.path, { signal, meter, noFollow: part.noFollow })) {
        hash.update(piece);
        whole.update(piece);
        yield piece;
      }
      if (meter.done - before !== part.size) throw changedWhileRead(part.path);
      if (manifest) checkPart(manifest, index, part, hash.digest('hex'));
    }
  };
  await writePieces(path, pieces(), signal);
  const sha256 = whole.digest('hex');
  if (manifest && sha256 !== manifest.sha256) {
    throw new MillError(
      'checksum_mismatch',
      `The SHA-256 of the whole is ${sha256}, the manifest says ${manifest.sha256}.`,
      { facts: { expected: manifest.sha256, actual: sha256 } },
    );
  }
  return sha256;
}

function checkPart(manifest: ChunkManifest, index: number, part: InputFile, actual: string): void {
  const expected = manifest.parts[index];
  if (expected === undefined || expected.sha256 === actual) return;
  const elsewhere = manifest.parts.find((other) => other.sha256 === actual);
  if (elsewhere) {
    throw new MillError(
      'invalid_params',
      `"chunk_files": the order is not the manifest's; "${part.name}" is its ${elsewhere.file} and stands where ${expected.file} belongs.`,
      { facts: { field: 'chunk_files', position: index, expected: expected.file, found: elsewhere.file } },
    );
  }
  throw new MillError(
    'checksum_mismatch',
    `"${part.name}" has ${part.size} bytes and SHA-256 ${actual}; the manifest says ${expected.size_bytes} bytes and ${expected.sha256} for ${expected.file}.`,
    { facts: { part: expected.file, expected: expected.sha256, actual } },
  );
}
