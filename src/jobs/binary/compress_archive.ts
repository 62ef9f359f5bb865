import { stat } from 'node:fs/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import { MillError } from '../../core/errors.ts';
import { whole } from '../../core/fields.ts';
import { defineJob } from '../../core/job.ts';
import { createByteMeter } from '../files/byte-meter.ts';
import { changedWhileRead } from '../files/input.ts';
import { writeOutput, writePieces } from '../files/output.ts';
import { sizeText } from '../files/size-text.ts';

type Compression = 'gzip' | 'zstd';

/** Ranges of the tools of the same names; more makes smaller files and takes longer. */
const LEVELS: Record<Compression, { min: number; max: number; default: number }> = {
  gzip: { min: 0, max: 9, default: 6 },
  zstd: { min: 1, max: 22, default: 3 },
};

const EXTENSIONS: Record<string, Compression> = {
  '.gz': 'gzip',
  '.tgz': 'gzip',
  '.zst': 'zstd',
  '.tzst': 'zstd',
};

export default defineJob({
  name: 'compress_archive',
  title: 'Compress',
  description:
    "Compresses a file with gzip or zstd; a folder becomes a tar archive first, without following links. The name of the output decides: .gz, .zst, .tar.gz, .tar.zst, .tgz, .tzst; a file becomes a tar of one entry when the name says tar. The result's ratio is original size divided by compressed size.",
  group: 'binary',
  params: z
    .strictObject({
      compression: z.enum(['gzip', 'zstd']).optional().meta({
        title: 'Compression',
        description: "Must agree with the output's extension, which also decides when this is left out.",
      }),
      level: whole(
        { min: 0, max: 22 },
        {
          title: 'Level',
          description:
            'gzip 0 to 9 (default 6), zstd 1 to 22 (default 3). Higher is smaller and slower; zstd from 20 on takes up to 1 GB of memory.',
        },
      ).optional(),
    })
    .refine(
      ({ compression, level }) =>
        compression === undefined || level === undefined || levelFits(compression, level),
      {
        path: ['level'],
        message: 'must be 0 to 9 for gzip, 1 to 22 for zstd',
      },
    ),
  input: { kind: 'file_or_directory' },
  output: {
    kind: 'file',
    extensions: Object.keys(EXTENSIONS),
    extensionFor: ({ compression }: { compression?: Compression }) =>
      compression === 'zstd' ? '.zst' : null,
  },
  example: {
    input_path: '/data/input/video.mov',
    output_path: '/data/output/video.mov.zst',
    params: { compression: 'zstd', level: 3 },
    result: {
      format: 'zstd',
      level: 3,
      original_size_bytes: 44310,
      compressed_size_bytes: 18936,
      ratio: 2.34,
    },
  },

  async run(context, params) {
    const compression = chooseCompression(context.target.extension, params.compression);
    const level = params.level ?? LEVELS[compression].default;
    if (!levelFits(compression, level)) {
      const { min, max } = LEVELS[compression];
      throw new MillError('invalid_params', `"level": must be ${min} to ${max} for ${compression}.`, {
        facts: { field: 'level', min, max },
      });
    }
    using meter = createByteMeter(context, 'compressing', null);
    const { openArchiveSource } = await import('../files/archive-source.ts');
    const source = await openArchiveSource(context, meter);
    meter.total = source.contentSize;
    const compressed = await writeOutput(context, async (path) => {
      await writePieces(path, source.pieces(), context.signal, compressor(compression, level, source.size));
      if (meter.done !== source.contentSize) throw changedWhileRead(context.input as string);
      return (await stat(path)).size;
    });
    const ratio = source.contentSize / compressed;
    return {
      message: `${source.what}: ${sizeText(source.contentSize)} became ${sizeText(compressed)}.`,
      data: {
        format: `${source.tar ? 'tar+' : ''}${compression}`,
        level,
        original_size_bytes: source.contentSize,
        compressed_size_bytes: compressed,
        ratio: Math.round(ratio * 1000) / 1000,
      },
      warnings: source.warnings,
      metrics: { ratio },
    };
  },
});

function levelFits(compression: Compression, level: number): boolean {
  return level >= LEVELS[compression].min && level <= LEVELS[compression].max;
}

function chooseCompression(extension: string, asked: Compression | undefined): Compression {
  const named = EXTENSIONS[extension];
  if (named !== undefined && (asked === undefined || asked === named)) return named;
  const fitting = Object.keys(EXTENSIONS).filter((other) => EXTENSIONS[other] === (asked ?? 'gzip'));
  throw new MillError(
    'unsupported_output',
    `${asked ?? 'compress_archive'} cannot be written as "${extension}". Use ${fitting.join(' or ')}.`,
    { facts: { extension, allowed: fitting } },
  );
}

function compressor(compression: Compression, level: number, size: number): NodeJS.ReadWriteStream {
  if (compression === 'gzip') return createGzip({ level });
  return createZstdCompress({
    pledgedSrcSize: size,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  });
}
