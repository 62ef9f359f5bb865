import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { bytes } from '../../core/fields.ts';
import { defineJob, type FileJobContext } from '../../core/job.ts';
import { plural } from '../../core/plural.ts';
import { type ByteMeter, createByteMeter } from '../files/byte-meter.ts';
import { type ChunkManifest, MANIFEST_NAME, MAX_PARTS, partName } from '../files/chunk-manifest.ts';
import { changedWhileRead, type InputFile, inputFile, readFile } from '../files/input.ts';
import { writeOutput, writePieces } from '../files/output.ts';
import { sizeText } from '../files/size-text.ts';

const TiB = 1024 ** 4;

export default defineJob({
  name: 'split_file_chunks',
  title: 'Split into chunks',
  description:
    'Cuts a file into parts of equal size (the last may be shorter): a folder with 00000.part, 00001.part … and a manifest.json with size and SHA-256 of every part and of the whole. merge_file_chunks puts them together again.',
  group: 'acquisition',
  params: z.strictObject({
    chunk_size: bytes(
      { min: 1, max: TiB },
      {
        title: 'Size of a part',
        description: `Bytes, or a size such as "10MB" or "8MiB". At most ${MAX_PARTS} parts can come out.`,
      },
    ).prefault('10MB'),
  }),
  input: { kind: 'file' },
  output: { kind: 'directory', extensions: [] },
  example: {
    input_path: '/data/input/video.mp4',
    output_path: '/data/output/video_parts',
    params: { chunk_size: '10MB' },
    result: {
      name: 'video.mp4',
      size_bytes: 44272,
      sha256: '5b84f328d47fad254cc10074a8abf92c57446f4fb85905e284068f7242d08ae3',
      chunk_size_bytes: 10000000,
      parts: 1,
      manifest: 'manifest.json',
    },
  },

  async run(context, { chunk_size }) {
    const file = await inputFile(context.input);
    const count = Math.max(1, Math.ceil(file.size / chunk_size));
    if (count > MAX_PARTS) {
      throw new MillError(
        'invalid_params',
        `"chunk_size": ${chunk_size} bytes would make ${count} parts of this file; ${Math.ceil(file.size / MAX_PARTS)} or more is possible.`,
        { facts: { field: 'chunk_size', parts: count, max_parts: MAX_PARTS } },
      );
    }
    using meter = createByteMeter(context, 'splitting', file.size);
    const manifest = await writeOutput(context, (folder) =>
      split(file, folder, count, chunk_size, context, meter),
    );
    return {
      message: `${plural(count, 'part')} of at most ${sizeText(chunk_size)}.`,
      data: {
        name: manifest.name,
        size_bytes: manifest.size_bytes,
        sha256: manifest.sha256,
        chunk_size_bytes: manifest.chunk_size_bytes,
        parts: count,
        manifest: MANIFEST_NAME,
      },
      metrics: { parts: count },
    };
  },
});

async function split(
  file: InputFile,
  folder: string,
  count: number,
  chunkSize: number,
  { signal }: FileJobContext,
  meter: ByteMeter,
): Promise<ChunkManifest> {
  await mkdir(folder);
  const whole = createHash('sha256');
  const parts: ChunkManifest['parts'] = [];
  for (let index = 0; index < count; index += 1) {
    const start = index * chunkSize;
    const size = Math.min(chunkSize, file.size - start);
    const hash = createHash('sha256');
    const hashed = async function* () {
      if (size === 0) return;
      for await (const piece of readFile(file.path, {
        signal,
        meter,
        range: { start, end: start + size - 1 },
      })) {
        hash.update(piece);
        whole.update(piece);
        yield piece;
      }
    };
    const name = partName(index);
    const before = meter.done;
    await writePieces(join(folder, name), hashed(), signal);
    if (meter.done - before !== size) throw changedWhileRead(file.path);
    parts.push({ file: name, size_bytes: size, sha256: hash.digest('hex') });
  }
  const manifest: ChunkManifest = {
    kind: 'mediamill.chunks',
    version: 1,
    name: file.name,
    size_bytes: file.size,
    sha256: whole.digest('hex'),
    chunk_size_bytes: chunkSize,
    parts,
  };
  await writeFile(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' });
  return manifest;
}
